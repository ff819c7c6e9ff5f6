"""What the API refuses in workloads."""

from __future__ import annotations

import re
from typing import Any

from cockpit.demo.errors import Cause
from cockpit.demo.rules.names import invalid_value
from cockpit.demo.rules.podrules import check_pod_spec
from cockpit.demo.schemas.labelselectors import matches
from cockpit.demo.schemas.objects import Object

REQUIRED = "FieldValueRequired"


def check_replicated(obj: Object) -> list[Cause]:
    """The broken fields of a Deployment or ReplicaSet."""
    spec = obj.get("spec") or {}
    causes = _check_replicas(spec)
    causes += _check_selector(spec)
    causes += _check_strategy(spec.get("strategy") or {})
    causes += _check_counts(spec, ("minReadySeconds", "revisionHistoryLimit", "progressDeadlineSeconds"))
    deadline, ready = spec.get("progressDeadlineSeconds"), spec.get("minReadySeconds", 0)
    if deadline is not None and deadline <= ready:
        causes.append(
            Cause("spec.progressDeadlineSeconds", invalid_value(deadline, "must be greater than minReadySeconds"))
        )
    return causes + _check_template(spec)


def check_stateful_set(obj: Object) -> list[Cause]:
    """The broken fields of a StatefulSet."""
    spec = obj.get("spec") or {}
    causes = _check_replicas(spec) + _check_selector(spec)
    return causes + _check_counts(spec, ("minReadySeconds",)) + _check_template(spec)


def check_daemon_set(obj: Object) -> list[Cause]:
    """The broken fields of a DaemonSet."""
    spec = obj.get("spec") or {}
    return _check_selector(spec) + _check_counts(spec, ("minReadySeconds",)) + _check_template(spec)


def check_selector_kept(obj: Object, old: Object) -> list[Cause]:
    """A workload keeps its selector."""
    new, before = obj["spec"].get("selector"), old["spec"].get("selector")
    if new == before:
        return []
    return [Cause("spec.selector", invalid_value(new, "field is immutable"))]


def _check_counts(spec: dict[str, Any], fields: tuple[str, ...]) -> list[Cause]:
    return [
        Cause(f"spec.{field}", invalid_value(spec[field], "must be greater than or equal to 0"))
        for field in fields
        if isinstance(spec.get(field), int) and spec[field] < 0
    ]


def _check_replicas(spec: dict[str, Any]) -> list[Cause]:
    return _check_counts(spec, ("replicas",))


def _check_selector(spec: dict[str, Any]) -> list[Cause]:
    selector = spec.get("selector")
    if selector is None:
        text = invalid_value(_template_labels(spec), "`selector` does not match template `labels`")
        return [
            Cause("spec.selector", "Required value", REQUIRED),
            Cause("spec.template.metadata.labels", text),
        ]
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        return [Cause("spec.selector", invalid_value(selector, "empty selector is invalid for deployment"))]
    labels = _template_labels(spec)
    if matches(selector, labels or {}):
        return []
    text = invalid_value(labels, "`selector` does not match template `labels`")
    return [Cause("spec.template.metadata.labels", text)]


def _template_labels(spec: dict[str, Any]) -> Any:
    return ((spec.get("template") or {}).get("metadata") or {}).get("labels")


def _check_template(spec: dict[str, Any]) -> list[Cause]:
    template = spec.get("template") or {}
    causes = check_pod_spec(template.get("spec") or {}, "spec.template.spec")
    policy = (template.get("spec") or {}).get("restartPolicy")
    if policy in ("OnFailure", "Never"):
        text = f'Unsupported value: "{policy}": supported values: "Always"'
        causes.append(Cause("spec.template.spec.restartPolicy", text, "FieldValueNotSupported"))
    return causes


def _check_strategy(strategy: dict[str, Any]) -> list[Cause]:
    kind = strategy.get("type", "RollingUpdate")
    if kind == "Recreate":
        if strategy.get("rollingUpdate"):
            text = "Forbidden: may not be specified when strategy `type` is 'Recreate'"
            return [Cause("spec.strategy.rollingUpdate", text, "FieldValueForbidden")]
        return []
    if kind != "RollingUpdate":
        shown = f'{{"Type":"{kind}","RollingUpdate":null}}'
        text = f'Unsupported value: {shown}: supported values: "Recreate", "RollingUpdate"'
        return [Cause("spec.strategy", text, "FieldValueNotSupported")]
    rolling, causes = strategy.get("rollingUpdate") or {}, []
    for field in ("maxUnavailable", "maxSurge"):
        value = rolling.get(field)
        where = f"spec.strategy.rollingUpdate.{field}"
        if isinstance(value, str) and not re.fullmatch(r"[0-9]+%", value):
            why = (
                "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', "
                "regex used for validation is '[0-9]+%')"
            )
            causes.append(Cause(where, invalid_value(value, why)))
        elif isinstance(value, int) and value < 0:
            causes.append(Cause(where, invalid_value(value, "must be greater than or equal to 0")))
    if not causes and all(rolling.get(field) in (0, "0%") for field in ("maxUnavailable", "maxSurge")):
        why = "may not be 0 when `maxSurge` is 0"
        causes.append(
            Cause("spec.strategy.rollingUpdate.maxUnavailable", invalid_value(rolling["maxUnavailable"], why))
        )
    return causes
