"""Texts and values of the probe target form; pure."""

from __future__ import annotations

from cockpit.model.plan import Act
from cockpit.model.probe_job import InsideWish
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.reasons import no_target
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Kept, RolloutView

_INSIDE = "cluster pods=5 rate=20 for=5m label=KEY=VALUE   pods of a Job send"
_EXAMPLES = (
    "10.0.0.9:8080   an address: keeps host, path and TLS",
    "svc/web:8080/path   a Service, through the API server",
    "https://shop.example/path proxy=http://10.0.0.9:3128   a URL",
    "then: proxy= host= version-from= header=KEY=VALUE insecure",
    "      cacert=FILE cert=FILE key=FILE http2 cookies",
    _INSIDE,
    "empty: derive the target from the objects",
)


@dataclass(frozen=True, slots=True)
class TargetInput:
    """The probe target that was entered; None: derived from the objects."""

    probe_target: ProbeTarget | None


def examples(view: RolloutView) -> tuple[str, ...]:
    """What can be entered; of a probe from inside why it cannot, if that is certain."""
    why = view.why_denied(Act.PROBE)
    return tuple(f"cluster: {safe_text(why)}" if why and each is _INSIDE else each for each in _EXAMPLES)


def target_of(view: RolloutView, text: str) -> TargetInput | InsideWish | str:
    """The target in the text, or a probe from inside the cluster, or what is wrong with it.

    A target equal to the derived one is not stored.
    """
    # Loaded late: the screen starts without them, and few people change a target.
    from cockpit.planning.inside_wish import inside_wish
    from cockpit.probe.target import ProbeTargetError, target_from_text

    if not text.strip():
        return TargetInput(None)
    try:
        if wish := inside_wish(text):
            return safe_text(view.why_denied(Act.PROBE)) or wish
    except ValueError as problem:
        return safe_text(str(problem))
    rollout = view.rollout
    try:
        probe_target = target_from_text(
            text, rollout.completed_by(view.probe.probe_target or rollout.probe_target), rollout.key
        )
    except ProbeTargetError as problem:
        return safe_text(str(problem))
    return TargetInput(None if probe_target == rollout.probe_target else probe_target)


def address_of(view: RolloutView) -> str:
    """The current probe target in the form's syntax; "" if there is none."""
    probe_target = view.probe.probe_target or view.rollout.probe_target
    if probe_target is None:
        return ""
    if service := probe_target.service:
        scheme = "https:" if probe_target.tls else ""
        return safe_text(f"svc/{scheme}{service.name}:{service.port}{probe_target.path}", 300)
    return (
        f"[{probe_target.address}]:{probe_target.port}"
        if ":" in probe_target.address
        else f"{probe_target.address}:{probe_target.port}"
    )


def asked_for(view: RolloutView) -> str:
    """The URL that requests ask for, or why there is no probe target."""
    rollout = view.rollout
    probe_target = view.probe.probe_target or rollout.probe_target
    if probe_target:
        chosen = "" if probe_target == rollout.probe_target else "   (remembered)"
        return f"asks for {safe_text(probe_target.place, 300)}{chosen}"
    why = safe_text(rollout.probe_target_missing or view.probe.message or no_target(rollout))
    named = rollout.incomplete_target and rollout.incomplete_target.host
    return (
        f"{why}; requests ask for {safe_text(rollout.incomplete_target.url, 200)}"
        if rollout.incomplete_target and named
        else why
    )


def notice(view: RolloutView, target: TargetInput, kept: Kept) -> str:
    """What to report after a target was entered; "" if all went well."""
    name = view.rollout.key.name
    if kept.problem:
        return f"{name}: used for this session, but not remembered: {kept.problem}"
    if kept.withheld:
        return f"{name}: not remembered, because secret: {', '.join(kept.withheld)}"
    if target.probe_target is None and view.rollout.probe_target is None:
        return f"{name}: {no_target(view.rollout)}"
    return ""
