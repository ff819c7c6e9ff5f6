"""An outage is one entry of the journal, with its end; what flickers, or has another name meanwhile, is one outage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.model.guard import GuardOrder, parse_conditions
from cockpit.model.health import Health, RolloutHealth
from cockpit.model.journal import HEALTH
from cockpit.model.refs import RolloutKey
from cockpit.model.view import Entry, RolloutView
from cockpit.session.acts.journal import Journal
from cockpit.session.facts.assemble import IDLE
from cockpit.session.journal.health_notes import HealthNotes
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, Open
from tests.session.test_guards import hurt, releasing
from tests.session.test_verification import ROLLOUT


class Noting:
    """A session's notes at a time of the test's choosing; lines are kept as a journal keeps them."""

    def __init__(self, before: tuple[Entry, ...] = ()) -> None:
        self.at = 1000.0
        self.lines: list[Entry] = list(before)
        self.gone: set[RolloutKey] = set()
        names = iter(range(100))
        self.notes = HealthNotes(
            self, lambda: str(next(names)), lambda: self.lines, self.gone.__contains__, lambda: None
        )

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        raise AssertionError

    def see(self, health: Health, seconds: float = 1.0, key: RolloutKey = ROLLOUT.key) -> None:
        """Look at a rollout once a second, and keep what is due."""
        rollout = replace(ROLLOUT, key=key, aliases=(ROLLOUT.key.name,))
        for _ in range(int(seconds)):
            self.notes.look(RolloutView(rollout, IDLE, health=RolloutHealth(health, "v2 fails 30%")))
            self.lines += self.notes.take()
            self.at += 1

    @property
    def told(self) -> dict[str, str]:
        """Each entry as it reads at last."""
        return {line.id: line.title for line in self.lines}


def test_an_outage_is_one_entry_with_its_end() -> None:
    on = Noting()
    on.see(Health.FINE, 5)
    assert not on.told
    on.see(Health.HURT, 90)
    assert on.told == {"0": "users are hurt: v2 fails 30%"}
    on.see(Health.FINE, 20)
    assert on.told == {"0": "users were hurt for 1m: v2 fails 30%"}
    began, ended = on.lines
    assert (began.at, began.until, ended.at, ended.until) == (1005.0, None, 1005.0, 1095.0)
    on.see(Health.FINE, 120)
    on.see(Health.HURT, 2)
    assert len(on.told) == 2, "one that begins much later is another"


@pytest.mark.parametrize("between", [Health.FINE, Health.DOUBTFUL, Health.NOT_MEASURED])
@pytest.mark.parametrize("pause", [1, 10, 40])
def test_what_flickers_is_one_outage(between: Health, pause: int) -> None:
    on = Noting()
    for _ in range(5):
        on.see(Health.HURT, 10)
        on.see(between, pause)
    on.see(Health.FINE, 20)
    assert list(on.told) == ["0"]
    assert on.told["0"].startswith("users were hurt for ")


def test_another_name_of_the_rollout_is_no_other_outage() -> None:
    on = Noting()
    on.see(Health.HURT, 5)
    on.gone.add(ROLLOUT.key)
    on.see(Health.HURT, 5, replace(ROLLOUT.key, name="other", system="deployment"))
    on.see(Health.FINE, 20, replace(ROLLOUT.key, name="other", system="deployment"))
    assert list(on.told.values()) == ["users were hurt for 10s: v2 fails 30%"]


def test_the_outage_of_a_rollout_that_is_gone_ends_with_it() -> None:
    on = Noting()
    on.see(Health.HURT, 5)
    on.gone.add(ROLLOUT.key)
    on.lines += on.notes.take()
    on.at += 20
    on.lines += on.notes.take()
    assert on.told == {"0": "users were hurt for 5s: v2 fails 30%"}


@pytest.mark.parametrize(("later", "words"), [(3600.0, "for at most 1h"), (3.0, "for 13s")])
def test_of_an_outage_that_another_session_noted_it_is_said_how_much_of_it_was_seen(later: float, words: str) -> None:
    """The session before may have ended hours ago, and users been fine since."""
    before = Noting()
    before.see(Health.HURT, 1)
    (earlier,) = before.lines
    on = Noting()
    on.at += later
    on.see(Health.HURT, 1)
    on.notes.adopt(earlier)
    on.see(Health.HURT, 9)
    on.see(Health.FINE, 20)
    assert on.told["0"] == f"users were hurt {words}: v2 fails 30%"


def test_what_a_session_before_left_open_is_ended_by_the_next_one() -> None:
    before = Noting()
    before.see(Health.HURT, 5)
    on = Noting(tuple(before.lines))
    on.at = 4600.0
    on.see(Health.FINE, 20)
    assert on.told == {"0": "users were hurt for at most 1h: v2 fails 30%"}


async def test_two_sessions_on_a_machine_note_one_outage(server: ApiServer, stage: Open) -> None:
    one, other = await releasing(server, stage), await releasing(server, stage)
    for on in (one, other):
        await on.passing(on.session.guard(KEY, GuardOrder(parse_conditions(["hurt"]))))
        hurt(on)
        await on.until(lambda view: any(entry.act == HEALTH for entry in view.journal))
    assert {entry.id for entry in Journal(one.journal).everything() if entry.act == HEALTH} == {
        entry.id for on in (one, other) for entry in on.session.view().journal if entry.act == HEALTH
    }
    [note] = [entry for entry in Journal(one.journal).everything() if entry.act == HEALTH]
    assert (note.rollout, note.until) == (KEY, None)


def test_a_journal_is_read_as_before(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    on = Noting()
    on.see(Health.HURT, 2)
    journal.append(on.lines[0])
    assert list(journal.everything()) == on.lines
