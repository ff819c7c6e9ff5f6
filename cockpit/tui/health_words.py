"""The health of rollouts in a screen's words: with the key that starts the measuring; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from cockpit.model.counts import plural
from cockpit.model.health import AnswerHealth, Health, RolloutHealth
from cockpit.model.rollout import Share
from cockpit.model.shares import rough
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView
from cockpit.tui.keys import Keymap

# Healths beside which nothing is called right.
URGENT = (Health.HURT, Health.DOUBTFUL)


def told_health(view: RolloutView, keymap: Keymap) -> RolloutHealth:
    """A rollout's health, and where nothing is measured the key that changes it."""
    health, probe = view.health, view.probe
    if health.health is not Health.NOT_MEASURED or probe.running:
        return health
    if probe.probe_target is None:
        hint = f"{keymap['probe-target'].shown} sets where requests go"
    else:
        hint = f"{keymap['probe'].shown} starts the probe"
    return replace(health, reason=f"{health.reason}; {hint}" if health.reason else hint)


def fault_words(views: Iterable[RolloutView]) -> str:
    """Errors that running probes have seen, for where no finding says so; "" if there are none."""
    probes = [view.probe for view in views if view.probe.running]
    errors = sum(probe.errors for probe in probes)
    answers = sum(probe.total for probe in probes)
    words = f"{rough(errors)} {plural(errors, 'error')} among {rough(answers)} {plural(answers, 'answer')} so far"
    return words if errors else ""


def error_rate(known: Sequence[AnswerHealth], share: Share) -> float | None:
    """The part of a version's requests that fail in a lane, of which `known` is known: of all of that, whatever the
    split was, as its findings say; else of what was observed since the split changed.
    """
    own = [one for one in known if one.version == share.version]
    answers = sum(one.answers for one in own)
    if answers:
        return min(sum(one.errors for one in own) / answers, 1.0)
    return share.observed.error_rate if share.observed else None


def said_by_a_finding(view: RolloutView) -> bool:
    """Whether one of the findings says already what the health's reason says."""
    reason = safe_text(view.health.reason)
    return any(safe_text(found.text) == reason for found in view.rollout.findings)
