"""Rollouts in words: the cells of a table, and a sentence for one state."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.rollout import Finding, Lane, Phase, Rollout, Share, Verdict
from cockpit.model.shares import percent

UNKNOWN = "-"


def declared(lane: Lane | None) -> str:
    """`v1=70% v2=30%`."""
    return _split(lane, lambda share: percent(share.declared, UNKNOWN))


def written(lane: Lane | None) -> str:
    return _split(lane, lambda share: percent(share.written, UNKNOWN))


def observed(lane: Lane | None) -> str:
    """Observed shares, each with half its interval's width."""
    if lane is None or not any(share.observed for share in lane.shares):
        return UNKNOWN
    return _split(lane, _observed_share)


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
    for word in (Verdict.OFF, Verdict.NOT_YET, Verdict.ON):
        if word in found:
            return str(word)
    return UNKNOWN


def step(rollout: Rollout) -> str:
    return f"{rollout.step.index}/{rollout.step.count}" if rollout.step else UNKNOWN


def step_words(rollout: Rollout) -> str:
    """The step with what it is, until when it holds and who has to decide: `2/4 20% pause, waits for a person`."""
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
    return f"{words}, a person has to decide" if step.asks else words


def waits_for_a_person(rollout: Rollout) -> bool:
    """Whether it goes on only once somebody approves."""
    return rollout.phase is Phase.WAITING or bool(rollout.step and rollout.step.asks)


def pods(rollout: Rollout) -> str:
    return " ".join(f"{v.name} {v.ready}/{v.desired}" for v in rollout.versions) or UNKNOWN


def state(rollout: Rollout) -> str:
    """Where a rollout stands, in one sentence without colour or glyph."""
    lane = rollout.default_lane
    parts = [f"{rollout.phase}" + (f", step {step_words(rollout)}" if rollout.step else "")]
    if written(lane) != UNKNOWN:
        parts.append(f"written {written(lane)}")
    if observed(lane) != UNKNOWN:
        parts.append(f"observed {observed(lane)} ({verdict(rollout)})")
    parts.append(f"pods {pods(rollout)}")
    parts += [finding_text(finding) for finding in rollout.findings]
    return "; ".join(parts)


def finding_text(finding: Finding) -> str:
    """A finding with its severity first."""
    return f"{finding.severity}: {finding.text}"
