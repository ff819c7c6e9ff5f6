"""The table of keys and what users may do to it."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from cockpit.model.plan import Act
from cockpit.tui.footers import FLEET_FOOTER, ROLLOUT_FOOTER, with_pairing
from cockpit.tui.keys import BY_ID, KEYS, clashes, remapped
from cockpit.tui.widgets.key_bar import key_line


def test_as_delivered_no_key_has_two_meanings() -> None:
    assert clashes(KEYS) == []
    assert len(BY_ID) == len(KEYS)


def test_every_act_has_a_key_and_a_single_key_never_sends() -> None:
    # A probe from the cluster is asked for on the command line only.
    assert {act for key in KEYS for act in key.acts} == set(Act) - {Act.PROBE, Act.DISARM}
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


@pytest.mark.parametrize(
    ("width", "words"),
    [
        (60, ("enter open", "r roll back", "? keys", "q quit")),
        (80, ("enter open", "r roll back", "a approve", "w weight", "f flip", "/ filter", "? keys", "q quit")),
        (120, ("r roll back", "/ filter", "? keys", "z sort", "q quit", "K controls")),
    ],
)
def test_the_footer_keeps_what_is_needed_where_pairing_is_on(width: int, words: tuple[str, ...]) -> None:
    line = key_line([(BY_ID[id], True) for id in with_pairing(FLEET_FOOTER)], width)
    text = "".join(span.text for span in line)
    assert cell_len(text.rstrip()) <= width
    assert [word for word in words if word not in text] == []
    assert text.index("r roll back") < text.index("? keys") < text.index("q quit")


def test_pairing_takes_no_key_out_of_the_footer() -> None:
    """With the acts that a canary usually has, sort and quit stay at 80 columns."""
    applies = {"open", "rollback", "approve", "filter", "help", "palette", "sort", "quit", "controls", "people"}
    line = key_line([(BY_ID[id], id in applies) for id in with_pairing(FLEET_FOOTER)], 80)
    text = "".join(span.text for span in line)
    assert "z sort" in text
    assert "q quit" in text


def test_the_narrowest_footer_shows_the_way_back() -> None:
    line = key_line([(BY_ID[id], True) for id in with_pairing(ROLLOUT_FOOTER)], 24)
    assert "".join(span.text for span in line).split() == ["esc", "back", "r", "roll", "back"]
