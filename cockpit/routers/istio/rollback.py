"""Roll back: all requests to the stable version, or after a promotion to the one before; a step plan ends."""

from __future__ import annotations

from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Role, Rollout, Version
from cockpit.routers.istio.edits import expected_after, http_edit, http_of, legs_with
from cockpit.routers.istio.split import DEFAULT, Split, written_of
from cockpit.workloads.answers import refused
from cockpit.workloads.findings import percent
from cockpit.workloads.ownership import revert_warnings
from cockpit.workloads.step_acts import carried


def why_not_back(split: Split) -> str:
    found = _goal(split, None)
    return found if isinstance(found, str) else ""


def plan_back(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    target = _goal(split, ask.version)
    if isinstance(target, str):
        return refused(rollout, ask.act, target)
    http, changes = _turned(split, target)
    edit = http_edit(split, http)
    if edit is None:
        return refused(rollout, ask.act, f"{target.name} takes all traffic already")
    taking = sum(v.ready for v in split.versions if v.role in (Role.STABLE, Role.CANARY))
    short = f"capacity: 100% of the traffic on {target.ready} of {taking} ready pods"
    plan = Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"all traffic back to {target.name}",
        changes=tuple(changes),
        requests=(edit.request,),
        expected=tuple(e for e in expected_after(split, http) if e.lane == DEFAULT),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo="the weights and rules of before",
        warnings=(
            *((short,) if target.ready < taking else ()),
            *revert_warnings([split.bundle.service], objects),
        ),
        # Only a version that is named outright can be one that nobody was given before.
        raises=target.role is Role.NEW,
    )
    return carried(plan, split.stepping, None)


def _turned(split: Split, target: Version) -> tuple[list[Any], list[Change]]:
    """The http routes with everything at `target`, and what that changes.

    Rules that single requests out for another version go; routes for a place of their own lead to the target.
    """
    http, changes, gone = http_of(split), [], set()
    for route in split.bundle.routes:
        led = {name: share for name, share in written_of(split, route).items() if share is None or share}
        if set(led) == {target.name}:
            continue
        text = " or ".join(m.text for m in route.matches)
        if route != split.bundle.default and all(m.singles_out for m in route.matches):
            gone.add(route.index)
            changes.append(Change(f"rule {text}", "in force", "removed"))
            continue
        http[route.index] = {**route.raw, "route": legs_with(split, route, {target.name: 100})}
        place = DEFAULT if route == split.bundle.default else text
        changes += [
            Change(f"{name} in {place}", "-" if share is None else percent(share), "0%")
            for name, share in led.items()
            if name != target.name
        ]
    return [raw for index, raw in enumerate(http) if index not in gone], changes


def _goal(split: Split, name: str | None) -> Version | str:
    """The version to go back to; as text why there is none."""
    stable = split.stable
    if split.bundle.default is None:
        return "no route takes requests that ask for nothing special: there is no split to change"
    if name is not None:
        chosen = split.candidate(name)
        target = split.version_of(chosen.uid) if chosen else None
        if target is None:
            return f"there is no version {name}"
    else:
        moved = any(
            share or share is None
            for route in split.bundle.routes
            for other, share in written_of(split, route).items()
            if stable and other != stable.name
        )
        old = [v for v in split.versions if v.role is Role.OLD]
        target = stable if moved or split.stepping.active else old[-1] if old else None
        if target is None:
            kept = stable.name if stable else "nothing"
            return f"{kept} takes all traffic and no older version is left"
    side = split.alone(target.name)
    if side is None:
        return f"no destination leads to {target.name} alone: give it a subset of its own"
    if side.empty:
        return f"{target.name} has no ready pods: every request would get 503; scale it up first"
    http, _ = _turned(split, target)
    if http == http_of(split):
        ends = "; end the step plan by asking for no steps" if split.stepping.active else ""
        return f"{target.name} takes all traffic already{ends}"
    return target


def keeps_one(split: Split) -> Version | None:
    """The version that every route leads to; None where several take requests."""
    led = {n for r in split.bundle.routes for n, share in written_of(split, r).items() if share or share is None}
    return next((v for v in split.versions if led == {v.name}), None)
