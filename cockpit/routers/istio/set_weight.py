"""Weights of the default route: set, promote fully, and the steps of a plan."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.lanes import CLOSE
from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Role, Rollout, Version
from cockpit.planning.capacity import capacity_warnings
from cockpit.planning.ownership import revert_warnings, why_managed
from cockpit.planning.readiness import why_not_raise
from cockpit.planning.refusals import refused
from cockpit.planning.shares import WantedShares, wanted_shares
from cockpit.planning.step_acts import carried
from cockpit.planning.wording import no_version, takes_all
from cockpit.routers.istio.new_subsets import newcomer, with_subset
from cockpit.routers.istio.split import (
    DEFAULT,
    NO_DEFAULT_ROUTE,
    VirtualServiceSplit,
    lanes_of,
    no_destination,
    written_of,
)
from cockpit.routers.istio.write import expected_after, http_edit, replaced, weighted_with
from cockpit.workloads.findings import listed, percent


def why_not_weight(split: VirtualServiceSplit) -> str:
    """Why no weight can be set."""
    if split.group.default is None:
        return NO_DEFAULT_ROUTE
    if len(split.versions) < 2:
        return f"it has only {listed([v.name for v in split.versions])}: deploy another version first"
    if len([v for v in split.versions if _place(split, v.name)]) < 2:
        return "its destinations do not tell two versions apart: give each version its own subset"
    return ""


def new_version(split: VirtualServiceSplit) -> Version | None:
    """The version that is being released: the canary, else the newest that takes no traffic yet."""
    canaries = [v for v in split.versions if v.role is Role.CANARY]
    fresh = [v for v in split.versions if v.role is Role.NEW]
    return next(iter(canaries), fresh[-1] if fresh else None)


def plan_weight(split: VirtualServiceSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """Set the named shares; the others split the rest."""
    why, route = why_not_weight(split), split.group.default
    if why or route is None:
        return refused(rollout, ask.act, why)
    wanted = _wanted(split, ask)
    if isinstance(wanted, str):
        return refused(rollout, ask.act, wanted)
    return weights_plan(split, rollout, ask, wanted, objects)


def plan_promote(split: VirtualServiceSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """All plain requests to one version; this ends a step plan."""
    why = why_not_promote(split)
    chosen = split.candidate(ask.version) if ask.version else None
    new = split.version_of(chosen.uid) if chosen else None if ask.version else new_version(split)
    if new is None:
        return refused(rollout, ask.act, no_version(ask.version) if ask.version else why)
    if not _place(split, new.name):
        return refused(rollout, ask.act, why_not_weight(split) or no_destination(new.name))
    wanted = WantedShares({v.name: float(v.name == new.name) for v in split.versions})
    plan = weights_plan(split, rollout, ask, wanted, objects)
    if isinstance(plan, Refused):
        return plan
    steps = split.stepping.active
    over = replace(steps, taken=len(steps.shares)) if steps and steps.version == new.name else None
    return replace(carried(plan, split.stepping, over), title=f"all traffic to {new.name}")


def why_not_promote(split: VirtualServiceSplit) -> str:
    new = new_version(split)
    if new is None:
        kept = listed([v.name for v in split.versions if v.role is Role.STABLE])
        return f"{takes_all(kept)} and no version is newer: nothing to promote"
    why = why_not_weight(split)
    return why or split.why_failing(new)


def weights_plan(
    split: VirtualServiceSplit, rollout: Rollout, ask: Ask, wanted: WantedShares, objects: Objects
) -> Plan | Refused:
    """The plan that writes these shares into the default route, with a subset for a version that has none yet."""
    route = split.group.default
    if route is None:
        return refused(rollout, ask.act, why_not_weight(split))
    before, shares = shares_now(split), wanted.shares
    if why := why_not_raise(split.versions, before, shares, split.why_failing):
        return refused(rollout, ask.act, why)
    grown, subset = with_subset(split, [name for name, share in shares.items() if share], objects)
    if subset and (why := why_managed([subset.rule], objects)):
        return refused(rollout, ask.act, why)
    lost = [name for name, share in shares.items() if share and not grown.alone(name)]
    if lost:
        # The rest would not sum to 100, so all others would get more than requested.
        why = no_destination(listed(lost))
        return refused(rollout, ask.act, why)
    http = replaced(grown, route, weighted_with(grown, route, wanted.weights))
    edit = http_edit(grown, http)
    moved = [n for n, share in shares.items() if abs(before[n] - share) > CLOSE]
    if edit is None or not moved:
        return refused(
            rollout, ask.act, f"{', '.join(f'{n} {percent(s)}' for n, s in shares.items() if s)} is already set"
        )
    changes = [Change(f"{n} in {DEFAULT}", percent(before[n]), percent(shares[n])) for n in moved]
    if subset:
        changes.insert(0, Change(f"subset {subset.name} of {subset.edit.request.ref}", "none", subset.words))
    edits = [*((subset.edit,) if subset else ()), edit]
    edited = [split.group.service, *((subset.rule,) if subset else ())]
    stable = grown.stable
    raised = [n for n in moved if shares[n] > before[n] + CLOSE]
    raises = any(stable is None or n != stable.name for n in raised)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=", ".join(f"{n} {percent(before[n])} -> {percent(shares[n])}" for n in raised or moved),
        changes=tuple(changes),
        requests=tuple(e.request for e in edits),
        expected=tuple(e for e in expected_after(grown, http) if e.lane == DEFAULT),
        inverse=tuple(e.inverse for e in reversed(edits) if e.inverse),
        undo=f"{', '.join(f'{n} back to {percent(before[n])}' for n in moved)}",
        warnings=(
            *wanted.notes,
            *capacity_warnings(split.versions, before, shares),
            *_overriding(split),
            *revert_warnings(edited, objects),
        ),
        raises=raises,
        final=any(shares[n] == 1 for n in raised) and raises,
    )


def _wanted(split: VirtualServiceSplit, ask: Ask) -> WantedShares | str:
    """Shares of all versions; as text, what is wrong with the request."""
    names = [v.name for v in split.versions]
    apart = [name for name, share in ask.weights if share and name in names and not _place(split, name)]
    if apart:
        return no_destination(listed(apart))
    return wanted_shares(
        ask.weights,
        shares_now(split),
        stable=split.stable.name if split.stable else "",
        example=(new_version(split) or split.versions[-1]).name,
        able=[v.name for v in split.versions if _place(split, v.name) and not split.why_failing(v)],
        totals=totals_of(split),
    )


def shares_now(split: VirtualServiceSplit) -> dict[str, float]:
    """What the default route writes for each version."""
    before = written_of(split, split.group.default) if split.group.default else {}
    return {v.name: before.get(v.name) or 0.0 for v in split.versions}


def totals_of(split: VirtualServiceSplit) -> tuple[int, ...]:
    """The possible sums of the weights: 100, which every mesh accepts; first a greater sum if it is already in use."""
    now = split.group.default.total if split.group.default else 0
    return (now, 100) if now > 100 else (100,)


def _place(split: VirtualServiceSplit, name: str) -> bool:
    """Whether a share can be sent to this version alone: a destination exists, or a subset can be created."""
    return split.alone(name) is not None or newcomer(split, name) is not None


def _overriding(split: VirtualServiceSplit) -> tuple[str, ...]:
    """Warnings about rules that override the weights for their requests."""
    found = []
    for lane in lanes_of(split):
        if lane.name != DEFAULT:
            led = listed([s.version for s in lane.shares if s.written])
            found.append(f"requests with {lane.match} still go to {led}: a rule overrides the weights for them")
    return tuple(found)
