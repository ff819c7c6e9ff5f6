import json
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import DEPLOYMENTS, SERVICES, Ref, RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.session.probing.targets import RememberedTarget, Targets, TargetsError, without_secrets

KEY = RolloutKey("prod", "shop", "web", "manual")
DOOR = ProbeTarget(
    "127.0.0.1", 8080, "shop.example", path="/a", headers=(("foo", "bar"),), version_from="header:X-Version"
)


def test_a_target_is_remembered_by_another_session(tmp_path: Path) -> None:
    path = tmp_path / "state" / "targets.json"
    Targets(path).remember(KEY, DOOR)
    target = Targets(path).get(KEY)
    assert target is not None
    assert target.probe_target == DOOR
    assert Targets(path).get(RolloutKey("prod", "shop", "web", "argo")) is None


def test_the_file_is_for_its_owner_only_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "targets.json"
    Targets(path).remember(KEY, DOOR)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["targets.json"]


class Counted(Targets):
    """Counts how often the file is read."""

    loads = 0

    def _load(self) -> Mapping[str, RememberedTarget]:
        self.loads += 1
        return super()._load()


def test_a_cluster_of_rollouts_reads_the_file_once_and_hears_of_another_session(tmp_path: Path) -> None:
    path = tmp_path / "targets.json"
    Targets(path).remember(KEY, DOOR)
    targets = Counted(path)
    many = [RolloutKey("prod", "shop", f"web-{n}", "manual") for n in range(50)]
    assert [targets.get(key) for key in many] == [None] * 50
    assert targets.loads <= 2, "making the file private changes it once"
    Targets(path).remember(many[7], DOOR)
    assert [key for key in many if targets.get(key)] == [many[7]]
    assert targets.loads <= 4
    targets.remember(many[8], DOOR)
    assert [key for key in many if targets.get(key)] == many[7:9]
    path.unlink()
    assert targets.get(many[7]) is None


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
    path_of_url = "/a?api_key=hush&x=1"
    probe_target = ProbeTarget("127.0.0.1", 80, "a", path_of_url, headers=headers, proxy="http://me:hush@proxy:3128")
    target = Targets(path).remember(KEY, probe_target)
    assert "hush" not in path.read_text()
    assert target is not None
    assert target.withheld == ("Authorization", "COOKIE", "X-Api-Key", "proxy credentials", "parameter api_key")
    assert target.probe_target.path == "/a?x=1"
    assert target.probe_target.headers == (("foo", "bar"),)
    assert target.probe_target.proxy == "http://proxy:3128"
    assert Targets(path).get(KEY) == target


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("X-Canary", "always", True),
        ("x-version", "v2", True),
        ("X-Tester", "beta-group", True),
        ("x-group", "10", True),
        ("User-Agent", "curl/8.7.1 (x86_64)", True),
        ("X-Acme", "s3cr3tK3yOfAcme", False),
        ("X-Pass", "correct horse battery", False),
        ("X-Auth", "eyJhbGciOiJIUzI1NiJ9.e30.abc", False),
        ("X-Key", "AKIAIOSFODNN7EXAMPLE", False),
        ("X-Id", "8f14e45f-ceea-467f-9575-8f14e45fceea", False),
    ],
)
def test_of_a_header_that_nobody_knows_only_a_plain_value_is_remembered(
    tmp_path: Path, name: str, value: str, kept: bool
) -> None:
    path = tmp_path / "targets.json"
    target = Targets(path).remember(KEY, ProbeTarget("127.0.0.1", 80, "a", headers=((name, value),)))
    assert target is not None
    assert (value in path.read_text()) is kept
    assert target.withheld == (() if kept else (name,))


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
    kept = without_secrets(ProbeTarget("a", 1, "a", proxy="http://user:pw@" + proxy)).probe_target.proxy
    assert kept is not None
    assert "user:pw" not in kept


def test_a_target_outlives_another_name_of_its_rollout(tmp_path: Path) -> None:
    targets = Targets(tmp_path / "targets.json")
    old = RolloutKey("prod", "shop", "web-v1", "deployment")
    targets.remember(old, DOOR)
    refs = (Ref(SERVICES, "shop", "web"), Ref(DEPLOYMENTS, "shop", "web-v1"))
    rollout = Rollout(RolloutKey("prod", "shop", "web", "service"), "service", Phase.AT_REST, "", (), (), refs, "")
    found = targets.of(rollout, {rollout.key})
    assert found is not None
    assert found.probe_target == DOOR
    assert targets.of(rollout, {rollout.key, old}) is None, "it is another rollout's"
    targets.remember(rollout.key, replace(DOOR, path="/b"))
    found = targets.of(rollout, {rollout.key})
    assert found is not None
    assert found.probe_target.path == "/b"


def test_files_are_remembered_by_name_only_and_cookies_by_the_wish_to_keep_them(tmp_path: Path) -> None:
    path = tmp_path / "targets.json"
    (key := tmp_path / "me.key").write_text("-----BEGIN PRIVATE KEY-----\nhush")
    made = replace(DOOR, tls=True, ca_file="/ca.pem", cert_file="/me.pem", key_file=str(key), http2=True, cookies=True)
    target = Targets(path).remember(KEY, made)
    assert target is not None
    assert (target.probe_target, target.withheld) == (made, ())
    assert Targets(path).get(KEY) == target
    assert "hush" not in path.read_text()


def test_a_target_that_was_remembered_before_there_were_more_settings_is_read(tmp_path: Path) -> None:
    path = tmp_path / "targets.json"
    Targets(path).remember(KEY, DOOR)
    new = ("ca_file", "cert_file", "key_file", "http2", "cookies")
    kept = json.loads(path.read_text())
    for target in kept.values():
        for name in new:
            del target["probe_target"][name]
    path.write_text(json.dumps(kept))
    found = Targets(path).get(KEY)
    assert found is not None
    assert found.probe_target == DOOR
