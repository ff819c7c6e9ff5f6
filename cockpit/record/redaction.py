"""What is left out of a record that is not asked to be full. Pure.

Hidden is what is hidden everywhere (`model.redact`), and besides annotations that no router or controller of a rollout
is steered by, and every header that may carry a credential. Secrets are never read at all.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from cockpit.model.changes import changed_places
from cockpit.model.credentials import may_hold_credentials, names_a_credential
from cockpit.model.lazy_re import lazy_re
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.redact import DEEPEST, HIDDEN, LOOKED_AT, Redaction
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
_CANARY = lazy_re(r"[a-z.]+/(canary(-[a-z-]+)?|order)")
# What is longer, or an object of JSON, is a copy of something else.
_LONGEST_VALUE = 300
# How deep in its object a text can be that is looked at by itself.
_ABOVE = 4
_HIDES = frozenset({"annotations", *LOOKED_AT})
_LOOKED_AT = lazy_re(b'"(?:%s)"' % b"|".join(re.escape(name).encode() for name in sorted(_HIDES)))
_SCALAR_BEGINS = frozenset(bytes([each]) for each in b'"-0123456789tfn')
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))
# Where a rollout says to which address requests go.
_TARGETS = ("probe_target", "incomplete_target", "api_target")


def may_hide_field(name: str) -> bool:
    """Whether something of a field can be hidden, whatever it holds."""
    return name in _HIDES or names_a_credential(name)


def may_hide(text: bytes) -> bool:
    """Whether `redacted_object` may leave out something of a text of JSON; false if it leaves it as it is.

    A name can be written with backslashes, and only so as another text than itself.
    """
    if not text.isascii():
        return True
    if b"\\" in text or may_hold_credentials(text):
        return True
    if text[:1] in _SCALAR_BEGINS:
        return False
    if _LOOKED_AT.search(text):
        return True
    return text.count(b"{") + text.count(b"[") > DEEPEST - _ABOVE and _depth(text) > DEEPEST - _ABOVE


def _depth(text: bytes) -> int:
    depth = deepest = 0
    for bracket in text.translate(None, _NO_BRACKETS):
        depth += 1 if bracket in b"{[" else -1
        deepest = max(depth, deepest)
    return deepest


def redacted_object(found: dict[str, Any]) -> dict[str, Any]:
    """An object of a cluster as it may be recorded, or some of its fields, without managedFields."""
    hidden = _RECORDED.of(without_managers(found))
    return hidden if isinstance(hidden, dict) else {}


def without_managers(found: dict[str, Any]) -> dict[str, Any]:
    """An object without managedFields, which nobody is shown."""
    metadata = found.get("metadata")
    if not isinstance(metadata, dict) or "managedFields" not in metadata:
        return found
    return {**found, "metadata": {name: value for name, value in metadata.items() if name != "managedFields"}}


def _is_shown(name: str, value: Any) -> bool:
    steers = name.startswith(_STEERING) or _CANARY.fullmatch(name)
    return bool(steers) and isinstance(value, str) and len(value) <= _LONGEST_VALUE and not value.startswith("{")


_RECORDED = Redaction(stored=True, keeps=_is_shown)


class ViewRedaction:
    """Views as they may be recorded. What did not change stays the same object, as in the views themselves."""

    def __init__(self) -> None:
        self._seen: tuple[RolloutView, ...] = ()
        self._shown: list[RolloutView] = []

    def of(self, view: FleetView) -> FleetView:
        """The view without request headers and without parameters and proxies that may carry credentials."""
        places = changed_places(self._seen, view.rollouts)
        if places is None:
            known = dict(zip(map(id, self._seen), self._shown, strict=True))
            self._shown = [known.get(id(each)) or _redacted_view(each) for each in view.rollouts]
        else:
            for place in places:
                self._shown[place] = _redacted_view(view.rollouts[place])
        self._seen = view.rollouts
        return replace(view, rollouts=tuple(self._shown), groups=())


def _redacted_view(view: RolloutView) -> RolloutView:
    """The view itself if nothing has to be hidden, which is the usual case."""
    found, probe = view.rollout, view.probe
    hidden: dict[str, Any] = {}
    if any(lane.headers for lane in found.lanes):
        hidden["lanes"] = tuple(map(_redacted_lane, found.lanes))
    for name in _TARGETS:
        target = getattr(found, name)
        if (shown := _redacted_target(target)) is not target:
            hidden[name] = shown
    if not all(_is_shown(name, value) for name, value in found.annotations):
        hidden["annotations"] = tuple((name, value) for name, value in found.annotations if _is_shown(name, value))
    rollout = replace(found, **hidden) if hidden else found
    if (target := _redacted_target(probe.probe_target)) is not probe.probe_target:
        probe = replace(probe, probe_target=target)
    same = rollout is found and probe is view.probe
    return view if same else replace(view, rollout=rollout, probe=probe)


def _redacted_lane(lane: Lane) -> Lane:
    return replace(lane, headers=_redacted_headers(lane.headers)) if lane.headers else lane


def _redacted_target(target: ProbeTarget | None) -> ProbeTarget | None:
    """The target itself if nothing of it has to be hidden."""
    if target is None:
        return None
    path = shown_path(target.path)
    if path == target.path and not target.proxy and not target.headers:
        return target
    proxy = HIDDEN if target.proxy else None
    return replace(target, headers=_redacted_headers(target.headers), path=path, proxy=proxy)


def _redacted_headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value if may_be_stored(name, value) else HIDDEN) for name, value in headers)
