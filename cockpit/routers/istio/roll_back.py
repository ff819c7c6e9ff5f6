"""Roll back: all requests to the stable version, or after a promotion to the previous one; a step plan ends."""

from __future__ import annotations

from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Role, Rollout, Version
from cockpit.planning.capacity import capacity_warnings
from cockpit.planning.ownership import revert_warnings
from cockpit.planning.refusals import refused
from cockpit.planning.step_acts import carried
from cockpit.planning.way_back import forward_warnings, way_back_warnings
from cockpit.planning.wording import PREVIOUS_RULES, no_version, sends_everyone, takes_all
from cockpit.routers.istio.set_weight import shares_now
from cockpit.routers.istio.split import DEFAULT, NO_DEFAULT_ROUTE, VirtualServiceSplit, no_destination, written_of
from cockpit.routers.istio.write import expected_after, http_edit, http_of, weighted_with
from cockpit.workloads.findings import percent


def why_not_back(split: VirtualServiceSplit) -> str:
    found = _goal(split, None)
    return found if isinstance(found, str) else ""


def leads(split: VirtualServiceSplit) -> str:
    """Where a roll back leads, in a few words."""
    target = _goal(split, None)
    return sends_everyone(target.name) if isinstance(target, Version) else ""


def plan_back(split: VirtualServiceSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    target = _goal(split, ask.version)
    if isinstance(target, str):
        return refused(rollout, ask.act, target)
    http, changes = _turned(split, target)
    edit = http_edit(split, http)
    if edit is None:
        return refused(rollout, ask.act, takes_all(target.name))
    takes = {v.name for v in split.versions if v.role in (Role.STABLE, Role.CANARY)}
    forward = forward_warnings(target, split.named, takes)
    plan = Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"all traffic back to {target.name}",
        changes=tuple(changes),
        requests=(edit.request,),
        expected=tuple(e for e in expected_after(split, http) if e.lane == DEFAULT),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo=PREVIOUS_RULES,
        warnings=(
            *way_back_warnings(target),
            *forward,
            *capacity_warnings(split.versions, shares_now(split), {target.name: 1.0}),
            *revert_warnings([split.group.service], objects),
        ),
        # Only a named version can be one that took no traffic before.
        raises=target.role is Role.NEW or bool(forward),
    )
    return carried(plan, split.stepping, None)


def _turned(split: VirtualServiceSplit, target: Version) -> tuple[list[Any], list[Change]]:
    """The http routes with everything sent to `target`, and what that changes.

    Rules that single requests out for another version are removed; routes for another path go to the target.
    """
    http, changes, gone = http_of(split), [], set()
    for route in split.group.routes:
        led = {name: share for name, share in written_of(split, route).items() if share is None or share}
        if set(led) == {target.name}:
            continue
        text = " or ".join(m.text for m in route.matches)
        if route != split.group.default and all(m.singles_out for m in route.matches):
            gone.add(route.index)
            changes.append(Change(f"rule {text}", "set", "removed"))
            continue
        http[route.index] = {**route.raw, "route": weighted_with(split, route, {target.name: 100})}
        place = DEFAULT if route == split.group.default else text
        changes += [
            Change(f"{name} in {place}", "-" if share is None else percent(share), "0%")
            for name, share in led.items()
            if name != target.name
        ]
    return [raw for index, raw in enumerate(http) if index not in gone], changes


def _goal(split: VirtualServiceSplit, name: str | None) -> Version | str:
    """The version to go back to; as text, why there is none."""
    stable = split.stable
    if split.group.default is None:
        return NO_DEFAULT_ROUTE
    if name is not None:
        chosen = split.candidate(name)
        target = split.version_of(chosen.uid) if chosen else None
        if target is None:
            return no_version(name)
    else:
        moved = any(
            share or share is None
            for route in split.group.routes
            for other, share in written_of(split, route).items()
            if stable and other != stable.name
        )
        old = [v for v in split.versions if v.role is Role.OLD]
        target = stable if moved or split.stepping.active else old[-1] if old else None
        if target is None:
            kept = stable.name if stable else "nothing"
            return f"{kept} takes all traffic and no older version is left: nothing to roll back to"
    if split.alone(target.name) is None:
        return no_destination(target.name)
    if why := split.why_failing(target):
        return why
    http, _ = _turned(split, target)
    if http == http_of(split):
        ends = "; to end the step plan, use steps --end" if split.stepping.active else ""
        return f"{takes_all(target.name)}{ends}"
    return target


def keeps_one(split: VirtualServiceSplit) -> Version | None:
    """The version that every route leads to; None if several take requests."""
    led = {n for r in split.group.routes for n, share in written_of(split, r).items() if share or share is None}
    return next((v for v in split.versions if led == {v.name}), None)
