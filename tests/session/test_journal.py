"""The journal survives crashes, hands and hostile text."""

from __future__ import annotations

import os
import random
import stat
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.plan import Act, PatchType, Plan, Request, Verb
from cockpit.model.refs import DEPLOYMENTS, Ref, RolloutKey
from cockpit.model.view import Entry, Stage
from cockpit.session.acts.journal import LINE_BYTES, TAIL_BYTES, Journal
from cockpit.session.acts.journal_lines import SHOWN, JournalLines
from cockpit.session.clock import ManualClock

KEY = RolloutKey("test", "shop", "web", "manual")
ENTRY = Entry("1", 1_700_000_000.0, "ann@test", KEY, "flip", "flip v2", Stage.SENT, "", ("kubectl patch",))
# What JSON can carry: no lone surrogates, which no UTF-8 text has.
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
entries = st.builds(
    Entry,
    id=text,
    at=st.floats(min_value=0, max_value=1e11),
    who=text,
    rollout=st.builds(RolloutKey, text, text, text, text),
    act=text,
    title=text,
    stage=st.sampled_from(Stage),
    why=text,
    commands=st.lists(text, max_size=3).map(tuple),
)


def test_what_is_appended_is_read_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "deep" / "journal.jsonl")
    made = [replace(ENTRY, id=str(number)) for number in range(5)]
    for entry in made:
        journal.append(entry)
    assert list(journal.tail(3)) == made[2:]
    assert Journal(tmp_path / "deep" / "journal.jsonl").tail(100) == tuple(made)


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "journal.jsonl"
    Journal(path).append(ENTRY)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(path.parent).st_mode) == 0o700


def test_a_line_that_a_crash_cut_off_costs_that_line_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append(ENTRY)
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 2])
    journal.append(replace(ENTRY, id="after"))
    assert [entry.id for entry in journal.tail(10)] == ["1", "after"]
    assert journal.unreadable == 1


def test_lines_of_others_are_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"id": 1}\n\xff\xfe\n[]\n\n' + b"[" * 50_000 + b"\n")
    journal = Journal(path)
    journal.append(ENTRY)
    assert journal.tail(10) == (ENTRY,)
    assert journal.unreadable == 4


def test_only_the_end_of_a_long_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append(ENTRY)
    line = path.read_bytes()
    path.write_bytes(line * (3 * TAIL_BYTES // len(line)))
    found = journal.tail(1_000_000)
    assert TAIL_BYTES // len(line) - 1 <= len(found) <= TAIL_BYTES // len(line)
    assert journal.unreadable == 0


@given(st.lists(st.one_of(st.binary(max_size=40), st.just(b"x" * (LINE_BYTES + 9))), max_size=5))
def test_a_whole_file_says_the_same_as_the_end_of_a_short_one(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        path.write_bytes(b"\n".join(lines)[: TAIL_BYTES // 2])
        journal = Journal(path)
        journal.append(ENTRY)
        last, damaged = journal.tail(1000), journal.unreadable
        assert tuple(journal.everything()) == last
        assert journal.unreadable == damaged


def test_a_date_beyond_the_calendar_is_a_damaged_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    for at in (-1.0, 1e300):
        journal.append(replace(ENTRY, at=at))
    assert list(journal.everything()) == []
    assert journal.tail(10) == ()
    assert journal.unreadable == 2


def test_an_entry_is_never_longer_than_a_line_may_be(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path)
    journal.append(replace(ENTRY, commands=("x" * LINE_BYTES,), why="y" * LINE_BYTES, title="z" * LINE_BYTES))
    assert path.stat().st_size < LINE_BYTES
    assert journal.tail(1)[0].stage is Stage.SENT


def test_without_a_file_nothing_is_kept() -> None:
    journal = Journal(None)
    journal.append(ENTRY)
    assert journal.tail(10) == ()


@given(st.lists(entries, max_size=5))
def test_any_text_comes_back_as_it_was(made: list[Entry]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.jsonl")
        for entry in made:
            journal.append(entry)
        assert list(journal.tail(10)) == made


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        path.write_bytes(content)
        journal = Journal(path)
        journal.append(ENTRY)
        assert journal.tail(1000)[-1] == ENTRY


async def test_a_session_shows_the_latest_line_of_each_act_those_of_earlier_sessions_included(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    plan = Plan(Act.FLIP, KEY, "flip \x1b[31mv2", (), (), ())
    first = JournalLines(Journal(path), ManualClock(), random.Random(1))
    for stage in (Stage.SENDING, Stage.SENT):
        await first.note("a", "ann@test", plan, stage)
    later = JournalLines(Journal(path), ManualClock(), random.Random(2))
    await later.load()
    await later.note("b", "ann@test", plan, Stage.REFUSED, "why \x1b[0m")
    assert [(entry.id, entry.stage) for entry in later.entries] == [("a", Stage.SENT), ("b", Stage.REFUSED)]
    assert "\x1b" not in later.entries[1].title + later.entries[1].why
    for number in range(SHOWN + 5):
        await later.note(f"more-{number}", "ann@test", plan, Stage.SENT)
    assert len(later.entries) == SHOWN


async def test_what_a_created_object_holds_stays_out_of_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    body = {"spec": {"env": [{"name": "PASSWORD", "value": "hush"}]}}
    request = Request(Verb.CREATE, Ref(DEPLOYMENTS, "shop", "web"), body)
    logbook = JournalLines(Journal(path), ManualClock(), random.Random(1))
    await logbook.note("a", "ann@test", Plan(Act.UNDO, KEY, "undo", (), (request,), ()), Stage.SENT)
    assert "hush" not in path.read_text()
    assert "create -f -" in path.read_text()


async def test_a_journal_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    logbook = JournalLines(Journal(tmp_path), ManualClock(), random.Random(1))
    await logbook.load()
    assert "cannot be read" in logbook.problem


async def test_what_a_patched_template_holds_stays_out_of_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    template = {"spec": {"containers": [{"name": "web", "env": [{"name": "PASSWORD", "value": "hush"}]}]}}
    body = [{"op": "replace", "path": "/spec/template", "value": template}]
    request = Request(Verb.PATCH, Ref(DEPLOYMENTS, "shop", "web"), body, PatchType.JSON)
    logbook = JournalLines(Journal(path), ManualClock(), random.Random(1))
    await logbook.note("a", "ann@test", Plan(Act.ROLLBACK, KEY, "back", (), (request,), ()), Stage.SENT)
    assert "hush" not in path.read_text()
    assert "PASSWORD" in path.read_text()


def test_entries_of_another_cluster_of_the_same_name_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    here, there = (Journal(path, {"test": f"https://{name}"}) for name in ("here", "there"))
    Journal(path).append(replace(ENTRY, id="before servers were kept"))
    here.append(replace(ENTRY, id="here"))
    there.append(replace(ENTRY, id="there"))
    here.append(replace(ENTRY, id="elsewhere", rollout=replace(KEY, context="other")))
    assert [entry.id for entry in here.tail(9)] == ["before servers were kept", "here", "elsewhere"]
    assert [entry.id for entry in there.tail(9)] == ["before servers were kept", "there", "elsewhere"]
    assert len(Journal(path).tail(9)) == 4
