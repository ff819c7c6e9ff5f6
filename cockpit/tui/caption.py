"""What happens to a rollout at this moment, in a sentence for people who see it for the first time; pure."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.finding_order import leading
from cockpit.model.health import Health
from cockpit.model.plan import Act
from cockpit.model.remedies import unmended
from cockpit.model.rollout import Phase
from cockpit.model.text import safe_text
from cockpit.model.view import Entry, RolloutView, Stage
from cockpit.tui.keys import Keymap
from cockpit.tui.standing import waits_for_a_person
from cockpit.tui.way_back import key_of, way_back

# Seconds for which the outcome of an act is told.
FRESH = 12.0
_ENDED = (Stage.VERIFIED, Stage.UNVERIFIED, Stage.UNKNOWN, Stage.REFUSED)
MOST = 240


def caption(view: RolloutView, journal: Iterable[Entry], now: float, keymap: Keymap) -> str:
    """What matters most now: an act that takes effect, users who are hurt, a wait, a move, or rest."""
    rollout, health = view.rollout, view.health
    if view.acting:
        return safe_text(f"sent: {view.acting}; waiting until users get it", MOST)
    hurt = health.health is Health.HURT
    acts = (entry for entry in reversed(list(journal)) if entry.stage is not Stage.NOTED)
    latest = next((entry for entry in acts if rollout.was(entry.rollout)), None)
    if latest and latest.stage in _ENDED and now - latest.at <= FRESH and not (hurt and latest.stage is Stage.VERIFIED):
        return safe_text(_outcome(latest), MOST)
    if hurt:
        return safe_text(f"users are hurt: {health.reason}{_way_back(view, keymap)}", MOST)
    return safe_text(_moment(view, keymap), MOST)


def _outcome(entry: Entry) -> str:
    words = f"{entry.title} by {entry.who}"
    if entry.stage is Stage.VERIFIED:
        return f"{words}: seen in what users get"
    return f"{words}: {entry.stage}{f': {entry.why}' if entry.why else ''}"


def _way_back(view: RolloutView, keymap: Keymap) -> str:
    """The key that the rollout's screen names for the way back; "" if there is none now."""
    state = way_back(view)
    helps = state and state.enabled and not unmended(view.rollout)
    return f". {key_of(state.act, keymap)} goes back" if state and helps else ""


def _decision(view: RolloutView, keymap: Keymap) -> str:
    """That a person has to decide, and the key of an approval where it applies."""
    approves = next((state for state in view.rollout.acts if state.act is Act.APPROVE and state.enabled), None)
    if approves is None:
        return "waits for a person"
    leads = f": {safe_text(approves.leads, 160)}" if approves.leads else ""
    return f"waits for a person; {keymap['approve'].shown} approves{leads}"


def _moment(view: RolloutView, keymap: Keymap) -> str:
    rollout = view.rollout
    if view.health.health is Health.DOUBTFUL:
        return f"something is wrong, perhaps: {view.health.reason}"
    if critical := leading(rollout.findings):
        return critical.text
    step = f"step {rollout.step.index} of {rollout.step.count}" if rollout.step else ""
    if rollout.phase in (Phase.DEGRADED, Phase.ABORTED):
        return f"{rollout.phase}: {rollout.message or 'its controller does not say why'}"
    if waits_for_a_person(rollout):
        words, what = _decision(view, keymap), step or rollout.message
        return f"{what}: {words}" if what else words
    if rollout.phase in (Phase.CANARY, Phase.PROGRESSING, Phase.PAUSED):
        said = f"{rollout.phase}, {rollout.message}" if rollout.message else str(rollout.phase)
        return f"{step}: {said}" if step else said
    if view.health.health is Health.FINE:
        return view.health.reason or "users get what is written"
    return f"{rollout.phase}: {rollout.message or view.health.reason or 'nothing is measured'}"
