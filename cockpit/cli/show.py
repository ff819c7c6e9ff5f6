"""One rollout as a page of plain text."""

from __future__ import annotations

import textwrap

from cockpit.cli.aiming import target_words
from cockpit.cli.output import table
from cockpit.cli.words import UNKNOWN, step_words
from cockpit.model.rollout import Lane, Rollout, Share, Version
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView


def describe(shown: RolloutView, *, wide: bool) -> str:
    """Facts first, then shares by lane, versions, findings and acts; `wide` adds pods, objects and whole reasons."""
    rollout = shown.rollout
    parts = [_facts(shown), _steps(rollout), _shares(rollout), _versions(rollout, wide=wide)]
    if rollout.findings:
        rows = [(str(found.severity), found.text, found.evidence or UNKNOWN) for found in rollout.findings]
        parts.append(table(("FINDING", "WHAT", "EVIDENCE"), rows))
    if rollout.acts:
        parts.append(_acts(rollout, wide=wide))
    if wide:
        parts.append(table(("OBJECT",), [(str(ref),) for ref in rollout.objects]))
    return "\n\n".join(part for part in parts if part)


def _acts(rollout: Rollout, *, wide: bool) -> str:
    """What can be asked for; then the rest by the reason that they share, or, `wide`, each with its whole reason."""
    rows = [(str(act.act), "yes", act.why or UNKNOWN) for act in rollout.acts if act.enabled]
    others = [act for act in rollout.acts if not act.enabled]
    if wide:
        return table(("ACT", "NOW", "WHY"), [*rows, *((str(act.act), "no", act.why or UNKNOWN) for act in others)])
    reasons: dict[str, list[str]] = {}
    for act in others:
        reasons.setdefault(shortened(act.why) or UNKNOWN, []).append(str(act.act))
    shared = [(why, ", ".join(acts)) for why, acts in reasons.items()]
    parts = [table(("ACT", "NOW", "WHY"), rows)] if rows else []
    return "\n\n".join([*parts, *([table(("WHY NOT", "ACTS"), shared)] if shared else [])])


def shortened(text: str, most: int = 100) -> str:
    """A text of no more than `most` characters, cut at a word."""
    return textwrap.shorten(text, most, placeholder=" ...")


def _facts(shown: RolloutView) -> str:
    rollout = shown.rollout
    facts = [
        ("Rollout", str(rollout.key)),
        ("System", f"{rollout.key.system} (router {rollout.router})"),
        ("Phase", f"{rollout.phase}" + (f": {rollout.message}" if rollout.message else "")),
        ("Step", step_words(rollout)),
        ("Owners", ", ".join(f"{owner.kind} {owner.name}" for owner in rollout.owners) or UNKNOWN),
        ("Probe target", target_words(shown)),
    ]
    if shown.acting:
        facts.append(("Under way", shown.acting))
    return "\n".join(f"{name + ':':<14}{safe_text(text, 500)}" for name, text in facts)


def _steps(rollout: Rollout) -> str:
    at = rollout.step.index if rollout.step else None
    rows = [
        (str(n), entry.title, percent(entry.weight), "yes" if entry.asks else UNKNOWN, _when(n, at))
        for n, entry in enumerate(rollout.steps, 1)
    ]
    return table(("STEP", "WHAT", "SHARE", "ASKS", "WHEN"), rows) if rows else ""


def _when(number: int, at: int | None) -> str:
    """How a step stands to the one under way."""
    if at is None:
        return UNKNOWN
    return "done" if number < at else "now" if number == at else "to come"


def _shares(rollout: Rollout) -> str:
    rows = [_share_row(lane, share) for lane in rollout.lanes for share in lane.shares]
    return table(("LANE", "VERSION", "DECLARED", "WRITTEN", "OBSERVED", "SAMPLES", "VERDICT"), rows) if rows else ""


def _share_row(lane: Lane, share: Share) -> tuple[str, ...]:
    name = f"{lane.name} ({lane.match})" if lane.match else lane.name
    seen = share.observed
    observed = f"{percent(seen.share)} ({percent(seen.low)}..{percent(seen.high)})" if seen else UNKNOWN
    samples = str(seen.samples) if seen else UNKNOWN
    written = percent(share.written) + (" by pods" if lane.derived and share.written is not None else "")
    return (name, share.version, percent(share.declared), written, observed, samples, str(lane.verdict))


def _workload(version: Version) -> str:
    return f"{version.workload or UNKNOWN}" + (f" in {version.context}" if version.context else "")


def _versions(rollout: Rollout, *, wide: bool) -> str:
    rows = [
        (v.name, str(v.role), f"{v.ready}/{v.desired}", _workload(v), ", ".join(v.images) or UNKNOWN)
        for v in rollout.versions
    ]
    parts = [table(("VERSION", "ROLE", "READY", "WORKLOAD", "IMAGES"), rows)] if rows else []
    pods = [
        (pod.name, version.name, str(pod.state), str(pod.restarts), pod.reason or UNKNOWN)
        for version in rollout.versions
        for pod in version.pods
    ]
    if wide and pods:
        parts.append(table(("POD", "VERSION", "STATE", "RESTARTS", "REASON"), pods))
    return "\n\n".join(parts)
