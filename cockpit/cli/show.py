"""One rollout as a page of plain text."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from cockpit.cli.advising import findings_with_commands, with_commands
from cockpit.cli.checks import checks_table, said_table
from cockpit.cli.output import table
from cockpit.cli.probe_targets import target_words
from cockpit.cli.real_traffic import real_cell, source_words
from cockpit.cli.words import UNKNOWN, phases_words, stated, step_shown, with_way
from cockpit.model.finding_order import folded
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.texts.columns import columns
from cockpit.texts.current import translated

if TYPE_CHECKING:
    from cockpit.model.plan import ActState
    from cockpit.model.rollout import Lane, Rollout, Share, Version
    from cockpit.model.view import RolloutView


def describe(shown: RolloutView, *, wide: bool) -> str:
    """Overview, shares by lane, versions, findings and acts; `wide` adds pods, objects and full reasons."""
    rollout = shown.rollout
    parts = [_facts(shown), _steps(rollout), _shares(shown), _versions(rollout, wide=wide)]
    parts += [checks_table(rollout), said_table(rollout)]
    if rollout.findings:
        rows = [
            (str(found.severity), with_commands(found.text, found.acts, shown), found.evidence or UNKNOWN)
            for found in folded(rollout.findings)
        ]
        parts.append(table(("FINDING", "WHAT", "EVIDENCE"), rows))
    if rollout.acts:
        parts.append(_acts(rollout, wide=wide))
    if wide:
        parts.append(table(("OBJECT",), [(str(ref),) for ref in rollout.objects]))
    return "\n\n".join(part for part in parts if part)


def _acts(rollout: Rollout, *, wide: bool) -> str:
    """Available acts, then the others grouped by reason, or with `wide` each with its full reason."""
    rows = [(str(act.act), "yes", act.why or _choices(act) or UNKNOWN) for act in rollout.acts if act.enabled]
    others = [act for act in rollout.acts if not act.enabled]
    if wide:
        return table(("ACT", "NOW", "WHY"), [*rows, *((str(act.act), "no", act.why or UNKNOWN) for act in others)])
    reasons: dict[str, list[str]] = {}
    for act in others:
        reasons.setdefault(shortened(translated(act.why)) or UNKNOWN, []).append(str(act.act))
    shared = [(why, ", ".join(acts)) for why, acts in reasons.items()]
    parts = [table(("ACT", "NOW", "WHY"), rows)] if rows else []
    return "\n\n".join([*parts, *([table(("WHY NOT", "ACTS"), shared)] if shared else [])])


def _choices(act: ActState) -> str:
    """The options of an act, if there is a choice; the usual one first."""
    ways = "; ".join(f"--by {way.id}: {way.words}" for way in act.ways if not way.why)
    versions = f"VERSION is {' or '.join(act.versions)}" if len(act.versions) > 1 else ""
    return "; ".join(part for part in (versions, ways) if part)


def shortened(text: str, most: int = 100) -> str:
    """A text of at most `most` characters, cut at a word."""
    return textwrap.shorten(text, most, placeholder=" ...")


def _facts(shown: RolloutView) -> str:
    rollout, found = shown.rollout, with_way(shown)
    facts = [
        ("Rollout", str(rollout.key)),
        ("Health", stated(str(found.health), findings_with_commands(found.reason, shown))),
        ("System", f"{rollout.key.system} (router {rollout.router})"),
        ("Phase", stated(str(rollout.phase), rollout.message)),
        ("Step", step_shown(rollout)),
        ("Owners", ", ".join(f"{owner.kind} {owner.name}" for owner in rollout.owners) or UNKNOWN),
        ("Probe target", target_words(shown)),
    ]
    if shown.real:
        facts.append(("Real traffic", source_words(shown.real)))
    if shown.probe.phases:
        facts.append(("Times", f"p50/p99 ms: {phases_words(shown.probe.phases)}"))
    if shown.probe.too_slow:
        facts.append(("Probe", shown.probe.too_slow))
    if shown.guard:
        guard = shown.guard
        facts.append(("Guard", f"{'armed, ' if guard.armed else ''}{guard.state}: {guard.words}"))
    if shown.acting:
        facts.append(("In progress", shown.acting))
    return "\n".join(_fact(name, text) for name, text in facts)


def _fact(name: str, text: str) -> str:
    """One safe line: a heading, then what is so; names stand as they are."""
    heading = translated(f"{name}:")
    shown = text if name in ("Rollout", "Owners", "In progress") else translated(text)
    return f"{heading}{' ' * max(14 - columns(heading), 1)}{safe_text(shown, 500)}"


def _steps(rollout: Rollout) -> str:
    at = rollout.step.index if rollout.step else None
    rows = [
        (str(n), entry.title, percent(entry.weight), "yes" if entry.asks else UNKNOWN, _when(n, at))
        for n, entry in enumerate(rollout.steps, 1)
    ]
    return table(("STEP", "WHAT", "SHARE", "ASKS", "WHEN"), rows) if rows else ""


def _when(number: int, at: int | None) -> str:
    """Whether a step is done, current or to come."""
    if at is None:
        return UNKNOWN
    return "done" if number < at else "now" if number == at else "to come"


def _shares(shown: RolloutView) -> str:
    """The lanes' shares, with a column of real traffic if a Prometheus is read."""
    rows = [(lane, share) for lane in shown.rollout.lanes for share in lane.rows]
    heads: tuple[str, ...] = ("LANE", "VERSION", "DECLARED", "WRITTEN", "OBSERVED", "SAMPLES", "VERDICT")
    if shown.real is None:
        return table(heads, [_share_row(*row) for row in rows]) if rows else ""
    filled = [(*_share_row(lane, share), real_cell(share.real, UNKNOWN)) for lane, share in rows]
    if untold := shown.real.of(""):
        filled.append((*(UNKNOWN,) * len(heads), f"of a version that is not told: {real_cell(untold, UNKNOWN)}"))
    return table((*heads, "REAL TRAFFIC"), filled) if filled else ""


def _share_row(lane: Lane, share: Share) -> tuple[str, ...]:
    name = f"{lane.name} ({lane.match})" if lane.match else lane.name
    seen = share.observed
    observed = f"{percent(seen.share)} ({percent(seen.low)}..{percent(seen.high)})" if seen else UNKNOWN
    samples = str(seen.samples) if seen else UNKNOWN
    verdict = "not judged" if lane.sticky else str(lane.verdict)
    written = percent(share.written) + (" by pods" if lane.derived and share.written is not None else "")
    return (name, share.version, percent(share.declared), written, observed, samples, verdict)


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
