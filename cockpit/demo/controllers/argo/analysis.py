"""AnalysisRuns of the embedded cluster: they measure nothing and come to the result that an annotation asks for.

`demo.cockpit/result` on the AnalysisTemplate is Successful (the default), Failed, Error or Inconclusive, and
`demo.cockpit/value` what each measurement of its metrics is said to have given (none without it). Measurements
are taken as often as the metrics say; a metric with an interval and without count goes on until it is ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.demo.clock import stamp
from cockpit.demo.controllers.argo.conditions import COMPLETED
from cockpit.demo.controllers.argo.durations import seconds_of
from cockpit.demo.controllers.podstate import parse_time
from cockpit.demo.controllers.runtime import Controller, Key
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import ANALYSISRUNS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

RESULT, VALUE = "demo.cockpit/result", "demo.cockpit/value"
# Without interval the measurements of a metric follow one another so fast.
QUICK = 1
MOST_KEPT = 10
COUNTED = {"Successful": "successful", "Failed": "failed", "Inconclusive": "inconclusive", "Error": "error"}


def touches(world: World, event: Event) -> Iterator[Key]:
    """The run itself."""
    if event.kind is ANALYSISRUNS and event.type != "DELETED":
        yield key_of(ANALYSISRUNS, event.obj)


def reconcile(world: World, key: Key) -> float | None:
    """Take the measurements that are due and judge them."""
    run = world.storage.peek(ANALYSISRUNS, *key)
    if run is None or (run.get("status") or {}).get("phase") in COMPLETED:
        return None
    begin = parse_time((run.get("status") or {}).get("startedAt")) or world.clock.now()
    metrics = [entry for entry in (run.get("spec") or {}).get("metrics") or [] if isinstance(entry, dict)]
    results = [_measured(run, metric, begin, world.clock.now()) for metric in metrics]
    status: dict[str, Any] = {"phase": "Running", "startedAt": stamp(begin), "metricResults": results}
    bad = [entry for entry in results if entry["phase"] in COMPLETED and entry["phase"] != "Successful"]
    if bad:
        status |= {"phase": bad[0]["phase"], "message": _message(bad[0])}
    elif (run.get("spec") or {}).get("terminate"):
        status |= {"phase": "Successful", "message": "Run Terminated"}
    elif all(entry["phase"] == "Successful" for entry in results):
        status["phase"] = "Successful"
    if status["phase"] in COMPLETED:
        status["completedAt"] = world.clock.timestamp()
    if status != run.get("status"):
        world.storage.update(ANALYSISRUNS, {**run, "status": status})
    waits = [_pause(metric) for metric in metrics]
    return None if status["phase"] in COMPLETED else float(min(waits, default=QUICK))


def _pause(metric: dict[str, Any]) -> int:
    return max(seconds_of(metric.get("interval")), QUICK)


def _measured(run: Object, metric: dict[str, Any], begin: float, now: float) -> dict[str, Any]:
    """The result of one metric at a time."""
    wish = str((run["metadata"].get("annotations") or {}).get(RESULT) or "Successful")
    wish = wish if wish in COUNTED else "Successful"
    total = _number(metric.get("count"), None if metric.get("interval") else 1)
    taken = int((now - begin) // _pause(metric)) + (1 if metric.get("interval") else 0)
    taken = taken if total is None else min(taken, total)
    most = _number(metric.get("failureLimit"), 0) or 0
    if wish != "Successful":
        taken = min(taken, most + 1)
    times = [stamp(begin + number * _pause(metric)) for number in range(taken)]
    value = str((run["metadata"].get("annotations") or {}).get(VALUE) or "")
    said = {"value": value} if value else {}
    measurements = [{"phase": wish, "startedAt": time, "finishedAt": time, **said} for time in times]
    result: dict[str, Any] = {"name": str(metric.get("name", "")), "phase": "Running"}
    if taken:
        result |= {"count": taken, COUNTED[wish]: taken, "measurements": measurements[-MOST_KEPT:]}
    if wish != "Successful" and taken > most:
        result["phase"] = wish
    elif total is not None and taken >= total:
        result["phase"] = "Successful"
    return result


def _number(value: object, otherwise: int | None) -> int | None:
    """A count as metrics write it: 5 or "5"."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) < 10 else otherwise


def _message(result: dict[str, Any]) -> str:
    name, phase = result["name"], result["phase"]
    kind = COUNTED[phase]
    return f'Metric "{name}" assessed {phase} due to {kind} ({result["count"]}) > {kind}Limit ({result["count"] - 1})'


CONTROLLER = Controller("argo-analysis", touches, reconcile)
