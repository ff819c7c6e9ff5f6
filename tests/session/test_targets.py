import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.door import Door
from cockpit.model.refs import RolloutKey
from cockpit.session.targets import Targets, TargetsError, without_secrets

KEY = RolloutKey("prod", "shop", "web", "manual")
DOOR = Door("127.0.0.1", 8080, "shop.example", path="/a", headers=(("foo", "bar"),), version_from="header:X-Version")


def test_a_target_is_remembered_by_another_session(tmp_path: Path) -> None:
    path = tmp_path / "state" / "targets.json"
    Targets(path).remember(KEY, DOOR)
    target = Targets(path).get(KEY)
    assert target is not None
    assert target.door == DOOR
    assert Targets(path).get(RolloutKey("prod", "shop", "web", "argo")) is None


def test_the_file_is_for_its_owner_only_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "targets.json"
    Targets(path).remember(KEY, DOOR)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["targets.json"]


def test_forgetting_leaves_the_others(tmp_path: Path) -> None:
    targets = Targets(tmp_path / "targets.json")
    other = RolloutKey("prod", "shop", "api", "manual")
    targets.remember(KEY, DOOR)
    targets.remember(other, DOOR)
    targets.remember(KEY, None)
    assert targets.get(KEY) is None
    assert targets.get(other) is not None


def test_credentials_are_never_written_and_the_answer_says_which_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "targets.json"
    headers = (("Authorization", "Bearer hush"), ("COOKIE", "id=hush"), ("X-Api-Key", "hush"), ("foo", "bar"))
    door = Door("127.0.0.1", 80, "a", headers=headers, proxy="http://me:hush@proxy:3128")
    target = Targets(path).remember(KEY, door)
    assert "hush" not in path.read_text()
    assert target is not None
    assert target.withheld == ("Authorization", "COOKIE", "X-Api-Key", "proxy credentials")
    assert target.door.headers == (("foo", "bar"),)
    assert target.door.proxy == "http://proxy:3128"
    assert Targets(path).get(KEY) == target


def test_a_broken_file_is_kept_aside_and_named(tmp_path: Path) -> None:
    path = tmp_path / "targets.json"
    path.write_text('{"a": 3}')
    targets = Targets(path)
    assert targets.get(KEY) is None
    assert str(path) in targets.problem
    targets.remember(KEY, DOOR)
    assert targets.get(KEY) is not None
    assert (tmp_path / "targets.unreadable").read_text() == '{"a": 3}'


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TargetsError, match=r"targets\.json: cannot be"):
        Targets(tmp_path / "file" / "targets.json").remember(KEY, DOOR)


@given(st.binary(max_size=300))
def test_any_file_gives_no_target_and_no_failure(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("targets") / "targets.json"
    path.write_bytes(content)
    assert Targets(path).get(KEY) is None


@given(st.text(max_size=60))
def test_a_proxy_of_any_text_loses_what_stands_before_the_at_sign(proxy: str) -> None:
    kept = without_secrets(Door("a", 1, "a", proxy="http://user:pw@" + proxy)).door.proxy
    assert kept is not None
    assert "user:pw" not in kept
