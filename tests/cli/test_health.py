"""The one health of a rollout on the command line: in tables, pages, documents and changes."""

from __future__ import annotations

import json
import signal
from dataclasses import replace

import pytest
import yaml
from click.testing import CliRunner, Result

from cockpit.cli.main import command_line
from cockpit.model.guard import GuardOrder, GuardView
from cockpit.model.health import AnswerHealth, Health, Level, RolloutHealth
from cockpit.model.plan import Act
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Finding, Severity
from cockpit.model.view import FleetView, RolloutView
from tests.cli.fakes import QUIET, FakeCockpit, FakeProgram, fleet, rollout

HURT = RolloutHealth(Health.HURT, "v2 fails 27% of its requests")
FINE = RolloutHealth(Health.FINE, "users get what is written: 300 answers, none failed")
DOUBTFUL = RolloutHealth(Health.DOUBTFUL, "answers speak against 30% for v2 (20-40%, n=300)")
OFF = RolloutHealth(Health.NOT_MEASURED, "the probe is off")
ANSWERS = (
    AnswerHealth("default", "v2", 200.04, 54.0, 1_700_000_000.0, Level.ALARM, Level.ALARM, Level.CALM, "v1", 15.0, 9.0),
    AnswerHealth("default", "", 3.0, 3.0, 1_700_000_000.0),
)


def seen(health: RolloutHealth, *findings: Finding, **parts: object) -> RolloutView:
    shown = RolloutView(replace(rollout(), findings=findings), QUIET, health=health)
    return replace(shown, **parts)  # type: ignore[arg-type]


def views(*shown: RolloutView) -> list[FleetView]:
    """One view after the other, each of one rollout."""
    return [replace(fleet(), rollouts=(each,)) for each in shown]


def run(script: list[FleetView], *words: str) -> Result:
    made = FakeProgram(FakeCockpit(*script))
    if words[0] == "watch":
        made.cockpit.at_end = lambda: signal.raise_signal(signal.SIGINT)
    return CliRunner().invoke(command_line, words, obj=made)


def fails(rate: int, severity: Severity = Severity.CRITICAL, version: str = "v2") -> Finding:
    text = f"{version} fails {rate}% of its requests"
    return Finding("errors", severity, text, f"{rate} of the last 100 answers", f"{version} default")


@pytest.mark.parametrize("health", [HURT, DOUBTFUL, OFF, FINE])
def test_the_list_has_a_column_for_the_health_and_the_wide_one_the_reason(health: RolloutHealth) -> None:
    heads, row = run(views(seen(health)), "list").stdout.splitlines()
    at = heads.index("HEALTH")
    assert row[at:].startswith(health.health.value)
    assert health.reason not in row
    assert health.reason in run(views(seen(health)), "list", "-o", "wide").stdout


def test_the_page_says_the_health_first() -> None:
    page = run(views(seen(HURT, fails(27))), "show", "web").stdout.splitlines()
    assert page[0].split() == ["Rollout:", "demo:shop/web"]
    assert page[1] == "Health:       hurt: v2 fails 27% of its requests"


def test_the_page_says_how_to_measure_what_is_not_measured() -> None:
    (line,) = [line for line in run(views(seen(OFF)), "show", "web").stdout.splitlines() if line.startswith("Health")]
    assert line.endswith("not measured: this command sends no requests; measure it: cockpit verify shop/web")
    nowhere = seen(OFF, rollout=replace(rollout(), probe_target=None))
    assert "cockpit verify" not in run(views(nowhere), "show", "web").stdout
    running = replace(QUIET, running=True, probe_target=ProbeTarget("127.0.0.1", 80, "a.test"))
    assert "cockpit verify" not in run(views(seen(OFF, probe=running)), "show", "web").stdout


def test_documents_have_the_health_and_what_is_known_of_each_version() -> None:
    shown = seen(HURT, fails(27), probe=replace(QUIET, health=ANSWERS))
    [found] = json.loads(run(views(shown), "list", "-o", "json").stdout)["rollouts"]
    assert found["health"] == {"state": "hurt", "reason": "v2 fails 27% of its requests"}
    v1, v2 = found["versions"]
    assert v1["answers"] == []
    assert v2["answers"] == [
        {
            "lane": "default",
            "answers": 200.0,
            "errors": 54.0,
            "error_rate": 54.0 / 200.04,
            "newest": "2023-11-14T22:13:20.000Z",
            "failing": "alarm",
            "worse": "alarm",
            "slower": "calm",
            "rejecting": "calm",
            "baseline": "v1",
            "p50_ms": 15.0,
            "baseline_p50_ms": 9.0,
        }
    ]
    assert [one["errors"] for one in found["unanswered"]] == [3.0]
    assert yaml.safe_load(run(views(shown), "show", "web", "-o", "yaml").stdout) == found


def test_the_guard_of_the_session_is_on_the_page_and_in_the_documents() -> None:
    guard = GuardView(GuardOrder(armed=True), "ann", 1_700_000_000.0, None, words="hurt for 30s", way=Act.ROLLBACK)
    guarded, plain = seen(HURT, fails(27)), seen(HURT, fails(27))
    guarded = replace(guarded, guard=guard)
    assert "Guard:        armed, watching: hurt for 30s" in run(views(guarded), "show", "web").stdout
    assert "Guard:" not in run(views(plain), "show", "web").stdout
    for command in ("list", "show"):
        words = [command, *(["web"] if command == "show" else []), "-o", "json"]
        documents = [json.loads(run(views(shown), *words).stdout) for shown in (guarded, plain)]
        found, none = (document["rollouts"][0] if command == "list" else document for document in documents)
        assert none["guard"] is None
        assert found["guard"] == {
            "state": "watching",
            "words": "hurt for 30s",
            "note": "",
            "armed": True,
            "conditions": ["hurt for 30s"],
            "way": "rollback",
            "who": "ann",
            "since": "2023-11-14T22:13:20.000Z",
            "until": None,
        }


def changes(*shown: RolloutView) -> list[str]:
    """What `watch` says after its first line, without time and name."""
    lines = run(views(*shown), "watch").stdout.splitlines()[1:]
    return [line.partition("demo:shop/web: ")[2] for line in lines]


def test_watch_begins_with_the_health() -> None:
    told = run(views(seen(HURT, fails(27))), "watch").stdout
    assert "demo:shop/web: hurt: v2 fails 27% of its requests; canary" in told
    assert told.count("v2 fails 27%") == 1


def test_watch_says_another_health_once() -> None:
    more = replace(FINE, reason="users get what is written: 400 answers, none failed")
    assert changes(seen(OFF), seen(FINE), seen(more), seen(DOUBTFUL)) == [
        f"not measured -> fine: {FINE.reason}",
        f"fine -> doubtful: {DOUBTFUL.reason}",
    ]


def test_a_finding_whose_figures_move_is_the_same_finding() -> None:
    told = changes(
        seen(HURT, fails(27)), seen(HURT, fails(26)), seen(HURT, fails(25), fails(9, version="v1")), seen(HURT)
    )
    assert told == [
        "critical: v1 fails 9% of its requests",
        "resolved: v2 fails 25% of its requests",
        "resolved: v1 fails 9% of its requests",
    ]


def test_a_finding_that_gets_worse_is_said_and_not_resolved() -> None:
    told = changes(seen(DOUBTFUL, fails(20, Severity.WARNING)), seen(HURT, fails(27)))
    assert told == ["doubtful -> hurt: v2 fails 27% of its requests"]
