"""The table of keys and what users may do to it."""

from __future__ import annotations

from cockpit.model.plan import Act
from cockpit.tui.keys import BY_ID, FLEET_FOOTER, KEYS, ROLLOUT_FOOTER, clashes, remapped


def test_as_delivered_no_key_has_two_meanings() -> None:
    assert clashes(KEYS) == []
    assert len(BY_ID) == len(KEYS)


def test_every_act_has_a_key_and_a_single_key_never_sends() -> None:
    # A probe from the cluster is asked for on the command line only.
    assert {act for key in KEYS for act in key.acts} == set(Act) - {Act.PROBE}
    assert all(key.binding.action.startswith("act(") for key in KEYS if key.acts)


def test_footers_name_keys_and_show_the_way_back_early() -> None:
    for footer in (FLEET_FOOTER, ROLLOUT_FOOTER):
        assert set(footer) <= set(BY_ID)
        assert "rollback" in footer[:2]


def test_a_key_can_be_remapped_by_id() -> None:
    keymap = remapped({"rollback": "b"})
    assert keymap["rollback"].shown == "b"
    assert keymap.changed == {"rollback": "b"}
    assert keymap.problems == ()


def test_an_unknown_id_is_told_with_the_nearest_one() -> None:
    keymap = remapped({"rolback": "b"})
    assert keymap.changed == {}
    assert "did you mean rollback" in keymap.problems[0]


def test_a_clash_is_told_and_the_wish_is_left_out() -> None:
    keymap = remapped({"flip": "r"})
    assert keymap["rollback"].shown == "r"
    assert keymap["flip"].shown == "f"
    assert "flip" in keymap.problems[0]
    assert "rollback" in keymap.problems[0]


def test_two_keys_can_be_exchanged() -> None:
    keymap = remapped({"flip": "w", "weight": "f"})
    assert keymap.problems == ()
    assert (keymap["flip"].shown, keymap["weight"].shown) == ("w", "f")


def test_wishes_that_chase_each_other_end_with_the_table() -> None:
    keymap = remapped({"flip": "r", "rollback": "w"})
    assert clashes(keymap.keys) == []
