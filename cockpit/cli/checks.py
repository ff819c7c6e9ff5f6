"""What judges a release and what its controller says, as JSON and as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cockpit.cli.output import table
from cockpit.cli.words import UNKNOWN
from cockpit.model.checks import Check, Measured, Metric, Said, limit_words, progress_words, value_words
from cockpit.model.rollout import Rollout
from cockpit.texts.current import Verbatim, translated

Document = dict[str, Any]


def check_document(check: Check) -> Document:
    """One check with its metrics; `now` is true if the release waits for it."""
    return {
        "kind": check.kind,
        "name": check.name,
        "part": check.part,
        "state": str(check.state),
        "now": check.now,
        "message": check.message,
        "since": check.since,
        "metrics": [_metric(metric) for metric in check.metrics],
    }


def _metric(metric: Metric) -> Document:
    """Counts and limits; a limit is null if the controller names none."""
    return {
        "name": metric.name,
        "state": str(metric.state),
        "asked": metric.asked,
        "interval": metric.interval or None,
        "taken": metric.taken,
        "count": metric.count,
        "failed": metric.failed,
        "failure_limit": metric.failure_limit,
        "inconclusive": metric.inconclusive,
        "inconclusive_limit": metric.inconclusive_limit,
        "errors": metric.errors,
        "error_limit": metric.error_limit,
        "message": metric.message,
        "dry_run": metric.dry,
        "values": [_measured(each) for each in metric.values],
    }


def _measured(each: Measured) -> Document:
    return {"value": each.value, "state": str(each.state), "at": each.at}


def said_document(said: Said) -> Document:
    """One thing that a controller says, and the field that says it."""
    return {"where": said.where, "text": said.text}


def checks_table(rollout: Rollout) -> str:
    """A row for each check, and a table with a row for each of their metrics; "" if nothing judges it."""
    if not rollout.checks:
        return ""
    rows, metrics = [], []
    for check in rollout.checks:
        state = _joined((check.state.words, "now") if check.now else (check.state.words,))
        rows.append((f"{check.kind} {check.name}", check.part, state, check.message or UNKNOWN))
        metrics += [_metric_row(check, metric) for metric in check.metrics]
    parts = [table(("CHECK", "PART", "STATE", "MESSAGE"), rows, ("CHECK", "MESSAGE"))]
    if metrics:
        heads = ("METRIC", "OF", "STATE", "MEASURED", "LIMITS", "LAST VALUES", "ASKED")
        parts.append(table(heads, metrics, ("METRIC", "LAST VALUES")))
    return "\n\n".join(parts)


def _metric_row(check: Check, metric: Metric) -> tuple[str, ...]:
    words = (_joined(progress_words(metric)), _joined(limit_words(metric)), value_words(metric), metric.asked)
    return (metric.name, check.part, metric.state.words, *(each or UNKNOWN for each in words))


def _joined(parts: Iterable[str]) -> str:
    """Texts of ours beside each other, each in the language of this process."""
    return Verbatim(", ".join(map(translated, parts)))


def said_table(rollout: Rollout) -> str:
    """What the controller says, in its own words; "" if it says nothing."""
    rows = [(said.where, said.text) for said in rollout.said]
    return table(("CONTROLLER", "SAYS"), rows, ("CONTROLLER", "SAYS")) if rows else ""
