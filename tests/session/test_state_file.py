"""State files beside other sessions, and in a folder in which something else lies about."""

from __future__ import annotations

import multiprocessing
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.sampling import SampleScope
from cockpit.model.view import Entry, Stage
from cockpit.session.acts.journal import Journal
from cockpit.session.acts.undo import UndoStack, UndoStep
from cockpit.session.acts.undo_file import UndoFile
from cockpit.session.probing.choices import ChoicesError, SampleChoices
from cockpit.session.probing.targets import Targets, TargetsError
from cockpit.session.state_file import put_aside, read_file, replace_file

EACH = 15
SERVERS = {"demo": "https://127.0.0.1:1", "eu": "https://127.0.0.1:2"}


def key(name: str, context: str = "demo") -> RolloutKey:
    return RolloutKey(context, "shop", name, "manual")


def step(title: str) -> UndoStep:
    return UndoStep(title, (), (), ())


def session(folder: Path, mine: str) -> None:
    """What one process keeps: steps of a rollout of its own and of a shared one, targets, choices, the journal."""
    undo = UndoStack(UndoFile(folder / "undo.json", SERVERS, UndoStep))
    targets, journal = Targets(folder / "targets.json"), Journal(folder / "journal.jsonl")
    for n in range(EACH):
        undo.push(key(f"{mine}-{n}"), step(f"{mine} {n}"))
        if n < 10:
            undo.push(key("shared"), step(f"{mine} {n}"))
        targets.remember(key(f"{mine}-{n}"), ProbeTarget("127.0.0.1", 80, "shop.example"))
        journal.append(Entry(f"{mine}-{n}", float(n), "ann", key(mine), "flip", "flip", Stage.SENT, "x" * 1000))
    SampleChoices(folder / "sampling.json", SERVERS).remember([mine], SampleScope.ALL)


def test_two_sessions_lose_nothing(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=session, args=(tmp_path, name)) for name in ("demo", "eu")]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    undo = UndoStack(UndoFile(tmp_path / "undo.json", SERVERS, UndoStep))
    targets = Targets(tmp_path / "targets.json")
    names = [f"{name}-{n}" for name in ("demo", "eu") for n in range(EACH)]
    assert [name for name in names if undo.top(key(name)) is None] == []
    assert [name for name in names if targets.get(key(name)) is None] == []
    shared = UndoFile(tmp_path / "undo.json", SERVERS, UndoStep).news()
    assert shared
    assert len(shared[key("shared")]) == 20
    entries = Journal(tmp_path / "journal.jsonl").tail(1000)
    assert sorted(entry.id for entry in entries) == sorted(names)
    choices = SampleChoices(tmp_path / "sampling.json", SERVERS)
    assert {choices.scope(context) for context in SERVERS} == {SampleScope.ALL}


def fifo(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    elsewhere.write_text("precious")
    path.symlink_to(elsewhere)


@pytest.mark.parametrize("lie", [fifo, link, Path.mkdir])
def test_what_is_no_file_is_refused_and_left(tmp_path: Path, lie: Callable[[Path], object]) -> None:
    names = ("undo.json", "targets.json", "journal.jsonl", "sampling.json")
    for name in names:
        (tmp_path / name.partition(".")[0]).mkdir()
        lie(tmp_path / name.partition(".")[0] / name)
    undo = UndoStack(UndoFile(tmp_path / "undo" / "undo.json", SERVERS, UndoStep))
    undo.push(key("web"), step("flip"))
    assert undo.top(key("web")) == step("flip"), "undo works in this process"
    targets = Targets(tmp_path / "targets" / "targets.json")
    assert targets.get(key("web")) is None
    with pytest.raises(TargetsError, match="cannot be written"):
        targets.remember(key("web"), ProbeTarget("127.0.0.1", 80, "shop.example"))
    choices = SampleChoices(tmp_path / "sampling" / "sampling.json", SERVERS)
    with pytest.raises(ChoicesError, match="cannot be written"):
        choices.remember(["demo"], SampleScope.ALL)
    journal = Journal(tmp_path / "journal" / "journal.jsonl")
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on what lies there
        journal.append(Entry("1", 1.0, "ann", key("web"), "flip", "flip", Stage.SENT))
    with pytest.raises(OSError):  # noqa: PT011
        journal.tail(10)
    for path in tmp_path.rglob("elsewhere"):
        assert path.read_text() == "precious"


def test_a_file_that_others_may_read_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("{}")
    path.chmod(0o644)
    assert read_file(path, 10) == b"{}"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    replace_file(path, b"[]")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_damaged_file_is_kept_and_named(tmp_path: Path) -> None:
    path = tmp_path / "undo.json"
    for n in range(3):
        path.write_text(f"damaged {n}")
        assert UndoFile(path, SERVERS, UndoStep).news() == {}
    kept = sorted(found.read_text() for found in tmp_path.glob("undo.unreadable*"))
    assert kept == ["damaged 0", "damaged 1", "damaged 2"]
    assert put_aside(path) == "", "nothing is there any more"


def test_what_another_process_did_is_known_without_being_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "undo.json"
    here, there = (UndoStack(UndoFile(path, SERVERS, UndoStep)) for _ in range(2))
    assert here.changed() == set()
    there.push(key("web"), step("flip"))
    here.top(key("api"))
    assert here.changed() == {key("web")}, "also what another question has read already"
    assert here.changed() == set()
    here.push(key("api"), step("flip"))
    assert here.changed() == {key("api")}
    there.forget(key("web"), step("flip"))
    assert here.changed() == {key("web")}


def test_a_file_that_cannot_be_looked_at_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("no folder")
    undo = UndoStack(UndoFile(tmp_path / "state" / "undo.json", SERVERS, UndoStep))
    assert undo.top(key("web")) is None
    assert undo.top(key("web")) is None
    assert caplog.text.count("cannot be read, so earlier acts cannot be undone") == 1
