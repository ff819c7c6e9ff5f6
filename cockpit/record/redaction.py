"""What is left out of a record that is not asked to be full. Pure.

Hidden are values of env, args, command and data (`model.redact`), annotations that no router or controller of a
rollout is steered by, and headers and parameters that may carry credentials. Secrets are never read at all.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.redact import HIDDEN, redacted
from cockpit.model.rollout import Lane
from cockpit.model.secret_headers import may_be_stored
from cockpit.model.secret_parameters import shown_path
from cockpit.model.view import FleetView, RolloutView

# Annotations that say how a release stands: their values are words, numbers, names of objects.
_STEERING = (
    *("deployment.kubernetes.io/", "rollout.argoproj.io/", "rollouts.argoproj.io/", "argo-rollouts.argoproj.io/"),
    *("rollouts.kruise.io/", "rollouts.cockpit/", "demo.cockpit/", "meta.helm.sh/", "app.kubernetes.io/"),
    *("argocd.argoproj.io/", "moniker.spinnaker.io/", "kubernetes.io/ingress.class"),
    *("kubectl.kubernetes.io/default-container", "kubectl.kubernetes.io/restartedAt"),
)
# The same of every dialect of canary Ingresses; others of a gateway can hold whole configurations.
_CANARY = re.compile(r"[a-z.]+/(canary(-[a-z-]+)?|order)")
# What is longer, or an object of JSON, is a copy of something else.
_LONGEST_VALUE = 300
_LISTS = frozenset({"httpHeaders", "set", "add"})
_DEEPEST = 60


def redacted_object(found: dict[str, Any]) -> dict[str, Any]:
    """An object of a cluster as it may be recorded, or some of its fields, without managedFields."""
    hidden = _cleaned(redacted(without_managers(found)), 0)
    return hidden if isinstance(hidden, dict) else {}


def without_managers(found: dict[str, Any]) -> dict[str, Any]:
    """An object without managedFields, which nobody is shown."""
    metadata = found.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return found
    return {**found, "metadata": {name: value for name, value in metadata.items() if name != "managedFields"}}


def _cleaned(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        return HIDDEN
    if isinstance(value, dict):
        return {key: _field(key, item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item, depth + 1) for item in value]
    return value


def _field(key: str, value: Any, depth: int) -> Any:
    if key == "annotations" and isinstance(value, dict):
        return {name: item if _is_shown(name, item) else HIDDEN for name, item in value.items()}
    if key in _LISTS:
        return _headers(value, depth)
    return _cleaned(value, depth)


def _is_shown(name: str, value: Any) -> bool:
    steers = name.startswith(_STEERING) or _CANARY.fullmatch(name)
    return bool(steers) and isinstance(value, str) and len(value) <= _LONGEST_VALUE and not value.startswith("{")


def _headers(value: Any, depth: int) -> Any:
    """Headers that a probe of the kubelet or a route sets: a list of names and values, or a map."""
    if isinstance(value, list):
        return [_header(item) if isinstance(item, dict) else _cleaned(item, depth) for item in value]
    if isinstance(value, dict):
        return {name: _header_value(name, item, depth) for name, item in value.items()}
    return value


def _header(item: dict[str, Any]) -> dict[str, Any]:
    name, value = item.get("name"), item.get("value")
    plain = isinstance(name, str) and isinstance(value, str) and may_be_stored(name, value)
    return item if plain or "value" not in item else {**item, "value": HIDDEN}


def _header_value(name: str, value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return value if may_be_stored(name, value) else HIDDEN
    return _cleaned(value, depth)


class ViewRedaction:
    """Views as they may be recorded. What did not change stays the same object, as in the views themselves."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[RolloutView, RolloutView]] = {}

    def of(self, view: FleetView) -> FleetView:
        """The view without request headers and without parameters and proxies that may carry credentials."""
        known = {}
        for each in view.rollouts:
            before = self._known.get(id(each))
            shown = before[1] if before and before[0] is each else _redacted_view(each)
            known[id(each)] = (each, shown)
        self._known = known
        return replace(view, rollouts=tuple(known[id(each)][1] for each in view.rollouts), groups=())


def _redacted_view(view: RolloutView) -> RolloutView:
    rollout = replace(
        view.rollout,
        lanes=tuple(map(_redacted_lane, view.rollout.lanes)),
        probe_target=_redacted_target(view.rollout.probe_target),
        incomplete_target=_redacted_target(view.rollout.incomplete_target),
        api_target=_redacted_target(view.rollout.api_target),
        annotations=tuple((name, value) for name, value in view.rollout.annotations if _is_shown(name, value)),
    )
    probe = replace(view.probe, probe_target=_redacted_target(view.probe.probe_target))
    return replace(view, rollout=rollout, probe=probe)


def _redacted_lane(lane: Lane) -> Lane:
    return replace(lane, headers=_redacted_headers(lane.headers)) if lane.headers else lane


def _redacted_target(target: ProbeTarget | None) -> ProbeTarget | None:
    if target is None:
        return None
    proxy = HIDDEN if target.proxy else None
    return replace(target, headers=_redacted_headers(target.headers), path=shown_path(target.path), proxy=proxy)


def _redacted_headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value if may_be_stored(name, value) else HIDDEN) for name, value in headers)
