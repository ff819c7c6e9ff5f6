"""Rollouts as text: table cells, and one sentence for the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.model.finding_order import folded
from cockpit.model.health import Health, RolloutHealth
from cockpit.model.rollout import Finding, Lane, Phase, Rollout, Share, Verdict
from cockpit.model.shares import percent
from cockpit.session.facts.health import PROBE_OFF
from cockpit.texts.current import Verbatim, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cockpit.model.probe_answer import PhaseTimes
    from cockpit.model.view import RolloutView

UNKNOWN = "-"


def declared(lane: Lane | None) -> str:
    """`v1=70% v2=30%`."""
    return _split(lane, lambda share: percent(share.declared, UNKNOWN))


def written(lane: Lane | None) -> str:
    return _split(lane, lambda share: percent(share.written, UNKNOWN))


def observed(lane: Lane | None) -> str:
    """Observed shares, each with half the width of its interval."""
    if lane is None or not any(share.observed for share in lane.rows):
        return UNKNOWN
    return " ".join(filter(None, (_split(lane, _observed_share), _unanswered(lane))))


def _unanswered(lane: Lane) -> str:
    """The share of the requests that no version answered, and why most of them: `unanswered=20% (503)`."""
    if lane.unanswered is None:
        return ""
    note = f" ({lane.unanswered_note})" if lane.unanswered_note else ""
    return f"unanswered={percent(lane.unanswered.share)}{note}"


def _observed_share(share: Share) -> str:
    seen = share.observed
    return UNKNOWN if seen is None else f"{percent(seen.share)}±{(seen.high - seen.low) * 50:.0f}"


def _split(lane: Lane | None, cell: Callable[[Share], str]) -> str:
    if lane is None or not lane.shares:
        return UNKNOWN
    cells = [(share.version, cell(share)) for share in lane.shares]
    if all(text == UNKNOWN for _, text in cells):
        return UNKNOWN
    return " ".join(f"{version}={text}" for version, text in cells)


def verdict(rollout: Rollout) -> str:
    """The worst verdict of the lanes."""
    found = {lane.verdict for lane in rollout.lanes}
    for word in (Verdict.OFF, Verdict.DOUBTFUL, Verdict.NOT_YET, Verdict.ON):
        if word in found:
            return str(word)
    return UNKNOWN


def phases_words(times: Sequence[PhaseTimes]) -> str:
    """Within how many milliseconds half of the answers, and 99 of 100, were through each phase."""
    return ", ".join(f"{translated(time.phase)} {time.p50_ms:.1f}/{time.p99_ms:.1f}" for time in times)


def step(rollout: Rollout) -> str:
    return f"{rollout.step.index}/{rollout.step.count}" if rollout.step else UNKNOWN


def step_shown(rollout: Rollout) -> str:
    """`step_words` in the language of this process, its title as the list of the steps has it."""
    step = rollout.step
    if step is None or not step.title:
        return translated(step_words(rollout))
    before, title, after = step_words(rollout).partition(step.title)
    return Verbatim(f"{translated(before)}{translated(title)}{translated(after)}")


def step_words(rollout: Rollout) -> str:
    """The step, its title, when it ends and whether it waits for approval: `2/4 20% pause, waits for approval`."""
    step = rollout.step
    if step is None:
        return UNKNOWN
    parts = [f"{step.index}/{step.count}"]
    if step.weight is not None and percent(step.weight) not in step.title:
        parts.append(percent(step.weight))
    if step.title:
        parts.append(step.title)
    words = " ".join(parts)
    if step.until:
        words += f", until {step.until}"
    return f"{words}, waits for approval" if step.asks else words


def waits_for_a_person(rollout: Rollout) -> bool:
    """Whether the release waits for approval."""
    return rollout.phase is Phase.WAITING or bool(rollout.step and rollout.step.asks)


def pods(rollout: Rollout) -> str:
    return " ".join(f"{v.name} {v.ready}/{v.desired}" for v in rollout.versions) or UNKNOWN


def stated(word: str, text: str) -> str:
    """A state, and what is said of it, each in the language of this process: `hurt: v2 fails 20% of its requests`."""
    return Verbatim(f"{translated(word)}: {translated(text)}" if text else translated(word))


def health(found: RolloutHealth) -> str:
    """The health in one word, and why: `hurt: v2 fails 20% of its requests`."""
    return f"{found.health}: {found.reason}" if found.reason else str(found.health)


def with_way(shown: RolloutView) -> RolloutHealth:
    """A rollout's health, and where nothing was measured but could be, the command that does."""
    found, rollout = shown.health, shown.rollout
    target = shown.probe.probe_target or rollout.probe_target
    if found.health is not Health.NOT_MEASURED or shown.probe.running or target is None:
        return found
    # Somebody's screen may well be measuring: what is off is the probe of this command.
    reason = found.reason.replace(PROBE_OFF, "this command sends no requests", 1)
    way = f"measure it: cockpit verify {rollout.key.namespace}/{rollout.key.name}"
    return RolloutHealth(found.health, f"{reason}; {way}" if reason else way)


def state(shown: RolloutView) -> str:
    """The state of a rollout in one sentence, health first, without colour or glyphs."""
    rollout = shown.rollout
    lane = rollout.default_lane
    parts = [health(shown.health), f"{rollout.phase}" + (f", step {step_words(rollout)}" if rollout.step else "")]
    if written(lane) != UNKNOWN:
        parts.append(f"written {written(lane)}")
    if observed(lane) != UNKNOWN:
        parts.append(f"observed {observed(lane)} ({verdict(rollout)})")
    parts.append(f"pods {pods(rollout)}")
    parts += [finding_text(finding) for finding in folded(rollout.findings) if finding.text != shown.health.reason]
    return "; ".join(parts)


def finding_text(finding: Finding) -> str:
    """A finding with its severity first."""
    return f"{finding.severity}: {finding.text}"
