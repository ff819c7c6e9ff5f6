"""The AnalysisRuns and Experiments that judge the current update, with their metrics (analysis_types.go).

A run belongs to the update if the Rollout owns it and it has the hash and revision of the version that is rolled out;
those that decide now are named in the status. A retry starts the same version again from its first step, with new runs:
those of the first try stay, and judge nothing of the second. An Experiment has AnalysisRuns of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cockpit.model.checks import Check, CheckState, Measured, Metric, progress_words
from cockpit.model.counts import counted
from cockpit.model.fields import entries, flag, mapping, text, whole
from cockpit.model.lookup import Objects
from cockpit.model.objects import AnalysisRun, Experiment
from cockpit.model.refs import ANALYSISRUNS
from cockpit.model.rollout import Finding, Severity
from cockpit.model.text import safe_text
from cockpit.systems.argo.causes import Judgement, judgements_of, phase_of
from cockpit.systems.argo.editions import HASH
from cockpit.systems.argo.state import ArgoState
from cockpit.workloads.findings import finding
from cockpit.workloads.lookups import of_kind

_STATES = {
    "": CheckState.PENDING,
    "Pending": CheckState.PENDING,
    "Running": CheckState.RUNNING,
    "Successful": CheckState.SUCCESSFUL,
    "Failed": CheckState.FAILED,
    "Error": CheckState.ERROR,
    "Inconclusive": CheckState.INCONCLUSIVE,
}
# The label `rollout-type` of a run, and where the status names the one that decides.
_PARTS = {
    "Background": "background",
    "PrePromotion": "before the switch",
    "PostPromotion": "after the switch",
}
_NAMED = (
    ("canary", "currentStepAnalysisRunStatus", "name"),
    ("canary", "currentBackgroundAnalysisRunStatus", "name"),
    ("canary", "currentExperiment"),
    ("blueGreen", "prePromotionAnalysisRunStatus", "name"),
    ("blueGreen", "postPromotionAnalysisRunStatus", "name"),
)
# utils/defaults/defaults.go, DefaultConsecutiveErrorLimit
_ERRORS_IN_A_ROW = 4
_MOST_CHECKS, _MOST_METRICS, _MOST_VALUES = 12, 20, 5


def checks_of(state: ArgoState, objects: Objects) -> tuple[Check, ...]:
    """What judges this try of the current update, first what decides now; of runs of the same step the newest."""
    named = {text(state.rollout.status, *path) for path in _NAMED} - {""}
    newest: dict[tuple[type[Judgement], str], Judgement] = {}
    for judgement in judgements_of(state, objects):
        newest[type(judgement), _part(judgement)] = judgement
    found: list[Check] = []
    for judgement in newest.values():
        decides = judgement.metadata.name in named
        if not decides and _is_of_earlier_try(judgement, state):
            continue
        found.append(_check(judgement, _part(judgement), decides=decides))
        if isinstance(judgement, Experiment):
            found += _of_experiment(judgement, objects, decides=decides)
    return tuple(sorted(found, key=lambda check: check.rank)[:_MOST_CHECKS])


def failing_metrics(checks: Iterable[Check]) -> Iterator[Finding]:
    """Metrics of a run that decides now and whose measurements fail, while the limit still lets it go on."""
    for check in checks:
        for metric in check.metrics if check.now and check.state is CheckState.RUNNING else ():
            limit = metric.failure_limit
            if metric.failed and not metric.dry and limit is not None and limit >= metric.failed:
                last = f", last {metric.last.value}" if metric.last and metric.last.value else ""
                yield finding(
                    "metric-fails",
                    Severity.WARNING,
                    f"{check.kind} {check.name}: {metric.name} failed {counted(metric.failed, 'time')};"
                    f" with more than {limit} the release is aborted",
                    f"{', '.join(progress_words(metric))}{last}",
                    about=f"{check.name} {metric.name}",
                )


def _of_experiment(experiment: Experiment, objects: Objects, *, decides: bool) -> Iterator[Check]:
    """The runs that an Experiment starts and judges itself by."""
    meta = experiment.metadata
    if not meta.uid:
        return
    for run in of_kind(AnalysisRun, objects.owned(ANALYSISRUNS, meta.namespace, meta.uid)):
        yield _check(run, f"{_part(experiment)}, experiment", decides=decides)


def _is_of_earlier_try(judgement: Judgement, state: ArgoState) -> bool:
    """Whether a judgement that has ended, and that the status does not name, is of a place still to come to.

    One that runs has just been started, and is named soon. After an abort the release stands before its first step,
    and what ended it is what there is to see.
    """
    status = state.status
    if status.abort or status.aborted or status.promoted or not status.observed or not _has_ended(judgement):
        return False
    match (judgement.metadata.labels or {}).get("rollout-type", ""):
        case "PrePromotion" | "PostPromotion":
            return status.active != status.current
        case "Background":
            return True
    index = _index(judgement)
    return index is not None and status.index is not None and index >= status.index


def _has_ended(judgement: Judgement) -> bool:
    return phase_of(judgement) not in ("", "Pending", "Running")


def _part(judgement: Judgement) -> str:
    """Where in the release it stands."""
    if kind := _PARTS.get((judgement.metadata.labels or {}).get("rollout-type", "")):
        return kind
    index = _index(judgement)
    return "step" if index is None else f"step {index + 1}"


def _index(judgement: Judgement) -> int | None:
    """The step that it is of, from 0; behind the hash, the name of an Experiment has its revision and its step."""
    labels = judgement.metadata.labels or {}
    index = labels.get("step-index", "")
    if isinstance(judgement, Experiment):
        index = "".join(judgement.metadata.name.partition(f"-{labels.get(HASH)}-")[2].split("-")[1:2])
    return int(index) if index.isascii() and index.isdigit() and len(index) < 5 else None


def _check(judgement: Judgement, part: str, *, decides: bool) -> Check:
    is_run = isinstance(judgement, AnalysisRun)
    phase, status = phase_of(judgement), judgement.status
    return Check(
        kind="AnalysisRun" if is_run else "Experiment",
        name=safe_text(judgement.metadata.name, 253),
        part=part,
        state=_STATES.get(phase, CheckState.UNKNOWN),
        now=decides,
        message=safe_text(text(status, "message"), 300),
        metrics=tuple(_metrics(judgement)) if is_run else (),
        since=text(status, "startedAt" if is_run else "availableAt")[:40] or None,
    )


def _metrics(run: Judgement) -> Iterator[Metric]:
    """Each metric of the spec with its result, if there is one yet; then results that the spec does not name."""
    results = {text(r, "name"): r for r in entries(run.status, "metricResults")[: 2 * _MOST_METRICS]}
    asked = {text(m, "name"): m for m in entries(run.spec, "metrics")[:_MOST_METRICS]}
    names = list(dict.fromkeys((*asked, *results)))[:_MOST_METRICS]
    ended = _has_ended(run)
    for name in names:
        yield _metric(name, mapping(asked.get(name)), mapping(results.get(name)), ended=ended)


def _metric(name: str, asked: Mapping[str, Any], result: Mapping[str, Any], *, ended: bool) -> Metric:
    interval, count = safe_text(text(asked.get("interval")), 20), _number(asked.get("count"))
    state = _STATES.get(text(result.get("phase")), CheckState.UNKNOWN)
    if ended and not result:
        # The run ended before it was measured.
        state = CheckState.UNKNOWN
    return Metric(
        name=safe_text(name, 80),
        state=state,
        values=tuple(map(_measured, entries(result.get("measurements"))[-_MOST_VALUES:])),
        asked=_condition(asked),
        interval=interval,
        taken=_positive(result, "count"),
        count=count or (None if interval else 1),
        failed=_positive(result, "failed"),
        failure_limit=_number(asked.get("failureLimit"), 0) if asked else None,
        inconclusive=_positive(result, "inconclusive"),
        inconclusive_limit=_number(asked.get("inconclusiveLimit"), 0) if asked else None,
        errors=_positive(result, "consecutiveError"),
        error_limit=_number(asked.get("consecutiveErrorLimit"), _ERRORS_IN_A_ROW) if asked else None,
        message=safe_text(text(result.get("message")), 300),
        dry=flag(result.get("dryRun")),
    )


def _measured(entry: Any) -> Measured:
    """A measurement; if it has no value its message says why."""
    value = text(entry, "value") or text(entry, "message")
    phase = _STATES.get(text(entry, "phase"), CheckState.UNKNOWN)
    return Measured(safe_text(value, 80), phase, text(entry, "finishedAt")[:40] or None)


def _condition(asked: Mapping[str, Any]) -> str:
    """The condition as the spec has it, in one line."""
    good, bad = text(asked.get("successCondition")), text(asked.get("failureCondition"))
    parts = [f"good if {good}" if good else "", f"bad if {bad}" if bad else ""]
    return safe_text(", ".join(filter(None, parts)), 160)


def _positive(result: Mapping[str, Any], key: str) -> int:
    return max(whole(result.get(key)) or 0, 0)


def _number(value: Any, otherwise: int | None = None) -> int | None:
    """A number that specs may also write as text."""
    number = whole(value)
    if number is None and (written := text(value)) and len(written) < 10:
        sign, digits = (-1, written[1:]) if written.startswith("-") else (1, written)
        number = sign * int(digits) if digits.isascii() and digits.isdigit() else None
    return otherwise if number is None else number
