"""Weights of the default route: set, promote fully, and the steps of a plan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Role, Rollout, Version
from cockpit.routers.istio.edits import expected_after, http_edit, legs_with, replaced
from cockpit.routers.istio.newcomers import newcomer, with_subset
from cockpit.routers.istio.split import DEFAULT, Split, lanes_of, written_of
from cockpit.workloads.answers import refused
from cockpit.workloads.findings import listed, percent
from cockpit.workloads.ownership import controller_ownership, revert_warnings
from cockpit.workloads.step_acts import carried

_CLOSE = 1e-6


def why_not_weight(split: Split) -> str:
    """Why no weight can be set."""
    if split.bundle.default is None:
        return "no route takes requests that ask for nothing special: there is no split to change"
    if len(split.versions) < 2:
        return f"there is only {listed([v.name for v in split.versions])}: deploy another version first"
    if len([v for v in split.versions if _place(split, v.name)]) < 2:
        return "its destinations do not tell two versions apart: give each version a subset of its own"
    return ""


def new_version(split: Split) -> Version | None:
    """The version that a release is about: the canary, else the newest that nobody gets yet."""
    canaries = [v for v in split.versions if v.role is Role.CANARY]
    fresh = [v for v in split.versions if v.role is Role.NEW]
    return next(iter(canaries), fresh[-1] if fresh else None)


def plan_weight(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """Set whole percents that sum to 100; who is not named keeps its share, one of them gets the rest."""
    why, route = why_not_weight(split), split.bundle.default
    if why or route is None:
        return refused(rollout, ask.act, why)
    wanted = wanted_percents(split, ask)
    if isinstance(wanted, str):
        return refused(rollout, ask.act, wanted)
    return weights_plan(split, rollout, ask, wanted, objects)


def plan_promote(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """All plain requests to one version; a step plan is over then."""
    why = why_not_promote(split)
    chosen = split.candidate(ask.version) if ask.version else None
    new = split.version_of(chosen.uid) if chosen else None if ask.version else new_version(split)
    if new is None:
        return refused(rollout, ask.act, f"there is no version {ask.version}" if ask.version else why)
    if not _place(split, new.name):
        return refused(rollout, ask.act, why_not_weight(split) or f"no destination leads to {new.name} alone")
    wanted = {v.name: 100 if v.name == new.name else 0 for v in split.versions}
    plan = weights_plan(split, rollout, ask, wanted, objects)
    if isinstance(plan, Refused):
        return plan
    steps = split.stepping.active
    over = replace(steps, taken=len(steps.shares)) if steps and steps.version == new.name else None
    return replace(carried(plan, split.stepping, over), title=f"all traffic to {new.name}")


def why_not_promote(split: Split) -> str:
    new = new_version(split)
    if new is None:
        kept = listed([v.name for v in split.versions if v.role is Role.STABLE])
        return f"{kept} takes all traffic and there is no newer version"
    why = why_not_weight(split)
    if not why and not new.ready:
        return f"{new.name} has no ready pods: every request would get 503; wait until they are ready"
    return why


def weights_plan(
    split: Split, rollout: Rollout, ask: Ask, wanted: Mapping[str, int], objects: Objects
) -> Plan | Refused:
    """The plan that writes these percents into the default route, with a subset for who has none yet."""
    route = split.bundle.default
    if route is None:
        return refused(rollout, ask.act, why_not_weight(split))
    before = written_of(split, route)
    dead = [name for name, weight in wanted.items() if weight and not _ready(split, name)]
    if dead:
        text = f"{listed(dead)} has no ready pods: that share would get 503; wait until they are ready"
        return refused(rollout, ask.act, text)
    grown, subset = with_subset(split, [name for name, weight in wanted.items() if weight], objects)
    owner = controller_ownership([subset.rule], objects) if subset else None
    if owner:
        return refused(rollout, ask.act, owner.text)
    lost = [name for name, weight in wanted.items() if weight and not grown.alone(name)]
    if lost:
        # The rest would not sum to 100, so that everybody else would get more than was asked for.
        why = f"no destination leads to {listed(lost)} alone: give it a subset of its own first"
        return refused(rollout, ask.act, why)
    http = replaced(grown, route, legs_with(grown, route, wanted))
    edit = http_edit(grown, http)
    moved = [n for n, weight in wanted.items() if abs((before.get(n) or 0.0) - weight / 100) > _CLOSE]
    if edit is None or not moved:
        return refused(rollout, ask.act, f"{', '.join(f'{n} {w}%' for n, w in wanted.items() if w)} is written already")
    changes = [Change(f"{n} in {DEFAULT}", percent(before.get(n) or 0.0), f"{wanted[n]}%") for n in moved]
    if subset:
        changes.insert(0, Change(f"subset {subset.name} of {subset.edit.request.ref}", "none", subset.words))
    edits = [*((subset.edit,) if subset else ()), edit]
    edited = [split.bundle.service, *((subset.rule,) if subset else ())]
    stable = grown.stable
    raised = [n for n in moved if wanted[n] / 100 > (before.get(n) or 0.0)]
    raises = any(stable is None or n != stable.name for n in raised)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=", ".join(f"{n} {percent(before.get(n) or 0.0)} -> {wanted[n]}%" for n in raised or moved),
        changes=tuple(changes),
        requests=tuple(e.request for e in edits),
        expected=tuple(e for e in expected_after(grown, http) if e.lane == DEFAULT),
        inverse=tuple(e.inverse for e in reversed(edits) if e.inverse),
        undo=f"{', '.join(f'{n} back to {percent(before.get(n) or 0.0)}' for n in moved)}",
        warnings=(*_warnings(split, wanted), *revert_warnings(edited, objects)),
        raises=raises,
        final=any(wanted[n] == 100 for n in raised) and raises,
    )


def wanted_percents(split: Split, ask: Ask) -> dict[str, int] | str:
    """Whole percents by version, 100 in all; as text what is wrong with what was asked."""
    asked, names = dict(ask.weights), [v.name for v in split.versions]
    unknown = [name for name in asked if name not in names]
    if unknown:
        return f"there is no version {listed(unknown)}; there are {listed(names)}"
    if not asked:
        return f"say which share: {(new_version(split) or split.versions[-1]).name}=PERCENT"
    if any(not math.isfinite(share) or not 0 <= share <= 1 for share in asked.values()):
        return "a share is 0% to 100%"
    odd = [name for name, share in asked.items() if abs(share * 100 - round(share * 100)) > _CLOSE]
    if odd:
        return f"{percent(asked[odd[0]])} cannot be written: weights are whole percents, so that every mesh takes them"
    apart = [name for name in asked if asked[name] and not _place(split, name)]
    if apart:
        return f"no destination leads to {listed(apart)} alone: give it a subset of its own"
    return with_rest(split, {name: round(share * 100) for name, share in asked.items()})


def with_rest(split: Split, asked: dict[str, int], giver: str | None = None) -> dict[str, int] | str:
    """All versions' whole percents where some are asked for; `giver`, else the stable version, makes up for them."""
    before = written_of(split, split.bundle.default) if split.bundle.default else {}
    rest = 100 - sum(asked.values())
    others = [v.name for v in split.versions if v.name not in asked]
    taking = {n: round((before.get(n) or 0.0) * 100) for n in others}
    if rest < 0 or (rest and not others):
        return f"the shares sum to {100 - rest}%, not 100%"
    if not rest:
        return {v.name: asked.get(v.name, 0) for v in split.versions}
    preferred = giver or (split.stable.name if split.stable else "")
    carrying = [n for n in others if taking[n]]
    receivers = carrying or [n for n in others if _place(split, n) and _ready(split, n)]
    receiver = preferred if preferred in (*receivers, giver) and preferred in others else None
    if receiver is None and rest - sum(taking[n] for n in carrying) and len(receivers) != 1:
        return f"{rest}% are left: say which of {listed(others)} gets them"
    receiver = receiver or next(iter(receivers), None)
    found = {**taking, **asked}
    if receiver:
        found[receiver] += 100 - sum(found.values())
        if found[receiver] < 0:
            return f"nothing is left for {receiver}: name the shares of {listed(carrying)} too"
    return {v.name: found[v.name] for v in split.versions}


def _place(split: Split, name: str) -> bool:
    """Whether a share can be sent to this version alone: a destination is there, or a subset can be made."""
    return split.alone(name) is not None or newcomer(split, name) is not None


def _ready(split: Split, name: str) -> bool:
    version = next(v for v in split.versions if v.name == name)
    side = split.alone(name)
    return not side.empty if side else version.ready > 0


def _warnings(split: Split, wanted: Mapping[str, int]) -> tuple[str, ...]:
    """Capacity, and rules that go on deciding for their requests whatever the weights say."""
    found = []
    ready = sum(v.ready for v in split.versions if wanted.get(v.name))
    for version in split.versions:
        share = wanted.get(version.name, 0) / 100
        if ready and version.role is not Role.STABLE and share > version.ready / ready + _CLOSE:
            found.append(f"capacity: {percent(share)} of the traffic on {version.ready} of {ready} ready pods")
    for lane in lanes_of(split):
        if lane.name != DEFAULT:
            led = listed([s.version for s in lane.shares if s.written])
            found.append(f"requests with {lane.match} go to {led} as before: a rule decides for them")
    return tuple(found)
