"""Weights of a route: set, all to one version, back to the stable one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Expected, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.routers.gateway_api.patches import RuleEdit, edit_of
from cockpit.routers.gateway_api.routes import match_text, place_text, ref_to_route
from cockpit.routers.gateway_api.split import DEFAULT, Fan, Split, lanes_of
from cockpit.workloads.answers import refused
from cockpit.workloads.findings import listed, percent
from cockpit.workloads.ownership import revert_warnings

_CLOSE = 1e-6
# Weights of 100 say percent; finer ones are written only where those cannot.
_TOTALS = (100, 1000, 10_000, 1_000_000)
Shares = Mapping[str, float]


def why_not_tell(split: Split) -> str:
    """Why backends and versions are not one and the same; "" where each backend leads to one version."""
    if not split.plain:
        return "no rule takes plain requests: there is nothing to split"
    if len(split.versions) < 2:
        return f"all backends lead to {split.versions[0].name}: there is nothing to split, finish cleans up"
    for leg in split.legs:
        if len(leg.uids) > 1:
            names = listed([v.name for v in split.behind(leg)])
            return f"Service {leg.backend.service} picks {names}: narrow its selector to one version first"
    return ""


def why_not_weight(split: Split) -> str:
    """Why there is nothing to be weighed; "" where there is."""
    why = why_not_tell(split)
    if why:
        return why
    if not any(len(_legs(fan, split)) > 1 for fan in split.plain):
        return "no rule has two versions as backends: add the other Service to its backendRefs first"
    return ""


def plan_weight(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    why = why_not_weight(split)
    shares = why or wanted_shares(ask.weights, split)
    if isinstance(shares, str):
        return refused(rollout, ask.act, shares)
    return weigh(split, rollout, ask, shares, objects)


def weigh(split: Split, rollout: Rollout, ask: Ask, shares: Shares, objects: Objects) -> Plan | Refused:
    """Give every version its share in every rule for plain requests that can."""
    before, weights = default_shares(split), rule_weights(split, shares)
    if isinstance(weights, str):
        return refused(rollout, ask.act, weights)
    written = [fan_shares(fan, split) for fan in split.plain if fan.rule.index in weights]
    risen = [v for v in split.versions if any(shares[v.name] > now[v.name] + _CLOSE for now in written)]
    dead = next((why for v in risen if (why := why_failing(split, v))), "")
    if dead:
        return refused(rollout, ask.act, f"{dead}: its share would get errors; wait for it, or mend it first")
    if not weights:
        return refused(rollout, ask.act, f"{_shown(shares)} is so already")
    changed = [v.name for v in split.versions if abs(shares[v.name] - before[v.name]) > _CLOSE]
    edit = edit_of(ref_to_route(split.route, objects), split.every, RuleEdit(weights))
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=", ".join(f"{n} {percent(before[n])} -> {percent(shares[n])}" for n in changed)
        or "the same in all rules",
        changes=tuple(Change(f"{n} in default", percent(before[n]), percent(shares[n])) for n in changed),
        requests=(edit.request,),
        expected=expected(split, shares),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo=f"back to {_shown(before)}",
        warnings=(
            *_rule_warnings(split, shares),
            *_elsewhere(split, shares),
            *_capacity(risen, shares, split),
            *reverts(split, objects),
        ),
        raises=any(v.name != split.stable.name for v in risen),
        final=any(shares[v.name] > 1 - _CLOSE and v.name != split.stable.name for v in risen),
    )


def plan_promote(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """All plain requests to one version: the named one, or the only one that is not stable."""
    target = promoted(split, ask.version)
    if isinstance(target, str):
        return refused(rollout, ask.act, target)
    shares = {v.name: float(v.name == target.name) for v in split.versions}
    found = weigh(split, rollout, ask, shares, objects)
    if isinstance(found, Refused):
        return found
    return replace(found, title=f"all traffic to {target.name}", final=True)


def promoted(split: Split, name: str | None) -> Version | str:
    """The version to promote; as text why there is none."""
    why = why_not_tell(split)
    others = [v for v in split.versions if v.name != split.stable.name]
    if why:
        return why
    if name is not None:
        return split_version(split, name)
    if len(others) > 1:
        return f"say which: {listed([v.name for v in others])} can be promoted"
    return others[0]


def split_version(split: Split, name: str) -> Version | str:
    found = next((v for v in split.versions if v.name == name), None)
    return found or f"there is no version {name}; there are {listed([v.name for v in split.versions])}"


def plan_back(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """All requests to the stable version (or the named one): weights, and no header rule that leads elsewhere."""
    target = going_back(split, ask.version)
    if isinstance(target, str):
        return refused(rollout, ask.act, target)
    shares = {v.name: float(v.name == target.name) for v in split.versions}
    before, weights = default_shares(split), rule_weights(split, shares)
    if isinstance(weights, str):
        return refused(rollout, ask.act, weights)
    strays = stray_rules(split, target)
    edit = edit_of(ref_to_route(split.route, objects), split.every, RuleEdit(weights, tuple(f.rule for f in strays)))
    after = replace(split, fans=tuple(f for f in split.fans if f not in strays))
    short = target.ready < max((v.ready for v in split.versions if before[v.name]), default=0)
    lowered = [v.name for v in split.versions if v.name != target.name and before[v.name]]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"all traffic back to {target.name}",
        changes=(
            *(Change(f"{name} in default", percent(before[name]), "0%") for name in lowered),
            *(Change(f"rule {lane}", "in force", "removed") for fan in strays for lane in lane_texts(fan)),
        ),
        requests=(edit.request,),
        expected=expected(after, shares),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo="the weights and rules of before",
        warnings=(
            *_elsewhere(split, shares),
            *((f"capacity: {target.name} has {target.ready} ready pods, fewer than carry it now",) if short else ()),
            *reverts(split, objects),
        ),
        # Only a version that is named outright can be one that fewer users had before.
        raises=target.name != split.stable.name,
    )


def going_back(split: Split, name: str | None) -> Version | str:
    """The version to go back to; as text why there is no way, or nothing to do."""
    why = why_not_tell(split)
    target = split_version(split, name) if name else split.stable
    if why or isinstance(target, str):
        return why or str(target)
    if not target.ready:
        return f"{target.name} has no ready pods: every request would fail; scale it up first"
    if failing := why_failing(split, target):
        return f"{failing}: every request would fail; mend it first"
    shares = {v.name: float(v.name == target.name) for v in split.versions}
    weights = rule_weights(split, shares)
    if isinstance(weights, str):
        return weights
    if not weights and not stray_rules(split, target):
        return next(iter(_elsewhere(split, shares)), f"{target.name} takes all traffic already")
    return target


def why_failing(split: Split, version: Version) -> str:
    """Why a rule for plain requests would not get answers from a version; "" where all would that lead to it."""
    if not version.ready:
        return f"{version.name} has no ready pods"
    for fan in split.plain:
        own = [leg for leg in fan.legs if split.behind(leg)[:1] == (version,)]
        if own and not any(leg.sound for leg in own):
            return own[0].problem or f"Service {own[0].backend.service} has no ready endpoints of {version.name}"
    return ""


def stray_rules(split: Split, target: Version) -> list[Fan]:
    """Rules for single requests that lead to other versions than `target`."""
    return [fan for fan in split.singled if any(v.name != target.name for leg in fan.legs for v in split.behind(leg))]


def lane_texts(fan: Fan) -> list[str]:
    return [match_text(match) for match in fan.rule.matches]


def wanted_shares(asked: tuple[tuple[str, float], ...], split: Split) -> dict[str, float] | str:
    """A share for every version; those not named keep theirs, but for one that takes the rest."""
    before, wish = default_shares(split), dict(asked)
    names = [v.name for v in split.versions]
    unknown = [name for name in wish if name not in names]
    if unknown:
        return f"{listed(unknown)} takes no part in this split; there are {listed(names)}"
    if not wish:
        return f"say which share: {names[-1]}=PERCENT"
    if any(not math.isfinite(share) or not 0 <= share <= 1 for share in wish.values()):
        return "a share is 0% to 100%"
    left = [name for name in names if name not in wish]
    if left:
        # The stable version, where that takes nothing itself the one that takes most.
        rest = max(left, key=lambda name: (before[name] > 0 and name == split.stable.name, before[name]))
        wish |= {name: before[name] for name in left if name != rest}
        wish[rest] = 1 - sum(wish.values())
        if wish[rest] < -_CLOSE:
            return f"{_shown({n: s for n, s in wish.items() if n != rest})} is more than 100%; name the others too"
        wish[rest] = max(round(wish[rest], 9), 0.0)
    if abs(sum(wish.values()) - 1) > _CLOSE:
        return f"the shares sum to {percent(sum(wish.values()))}, not 100%; leave one out and it gets the rest"
    return wish


def default_shares(split: Split) -> dict[str, float]:
    """Shares of plain requests by version, as the first rule for them says."""
    return fan_shares(split.plain[0], split) if split.plain else {v.name: 0.0 for v in split.versions}


def carrier(split: Split, new: str) -> str:
    """The version that takes most plain requests beside `new`: what a step plan takes its shares from."""
    shares = default_shares(split)
    return max((name for name in shares if name != new), key=lambda name: (shares[name], name == split.stable.name))


def fan_shares(fan: Fan, split: Split) -> dict[str, float]:
    """The share of each version in one rule."""
    written = fan.written()
    return {v.name: written.get(c.uid, 0.0) for v, c in zip(split.versions, split.candidates, strict=True)}


def rule_weights(split: Split, shares: Shares) -> dict[int, dict[int, int]] | str:
    """New weights by rule and backend, for each rule with several versions whose shares are others; or why not."""
    found: dict[int, dict[int, int]] = {}
    for fan in split.plain:
        legs = _legs(fan, split)
        if len(legs) < 2:
            continue
        absent = [name for name, share in shares.items() if share and name not in legs]
        if absent:
            return f"rule {fan.rule.index + 1} has no backend for {listed(absent)}: add its Service there first"
        now = fan_shares(fan, split)
        if fan.rule.total and all(abs(now[name] - share) < _CLOSE for name, share in shares.items()):
            continue
        total = next((t for t in _TOTALS if all(_whole(share * t) for share in shares.values())), None)
        if total is None:
            return f"{_shown(shares)} cannot be written: weights are whole parts of {_TOTALS[-1]}"
        # Several backends of one version: the first takes it all.
        found[fan.rule.index] = {
            place: round(shares[name] * total) if first else 0
            for name, places in legs.items()
            for first, place in zip((True, *[False] * len(places)), places, strict=False)
        }
    return found


def _legs(fan: Fan, split: Split) -> dict[str, list[int]]:
    """Places of backends by version name, those that answer first."""
    found: dict[str, list[int]] = {}
    for place, leg in sorted(enumerate(fan.legs), key=lambda entry: not entry[1].sound):
        for version in split.behind(leg)[:1]:
            found.setdefault(version.name, []).append(place)
    return found


def _whole(value: float) -> bool:
    return abs(value - round(value)) < _CLOSE


def expected(split: Split, shares: Shares) -> tuple[Expected, ...]:
    """What must be written then, lane by lane."""
    return tuple(
        Expected(lane.name, s.version, shares[s.version] if lane.name == DEFAULT else s.written or 0.0)
        for lane in lanes_of(split)
        for s in lane.shares
    )


def _rule_warnings(split: Split, shares: Shares) -> tuple[str, ...]:
    """Rules for single requests that keep leading to a version without any share."""
    return tuple(
        f"requests with {text} still go to {listed(names)}: a weight does not touch that rule"
        for fan in split.singled
        if (
            names := [v.name for leg in fan.legs if leg.backend.weight for v in split.behind(leg) if not shares[v.name]]
        )
        for text in lane_texts(fan)
    )


def _elsewhere(split: Split, shares: Shares) -> tuple[str, ...]:
    """Rules for plain requests that have one version only, and go on leading there whatever its share is."""
    return tuple(
        f"requests for {listed([place_text(m) for m in fan.rule.matches])} still go to {name}: rule"
        f" {fan.rule.index + 1} has no other backend"
        for fan in split.plain
        if fan.rule.total and len(only := list(_legs(fan, split))) == 1
        for name in only
        if shares[name] < 1 - _CLOSE
    )


def _capacity(risen: list[Version], shares: Shares, split: Split) -> tuple[str, ...]:
    ready = sum(v.ready for v in split.versions)
    return tuple(
        f"capacity: {percent(shares[v.name])} of the traffic on {v.ready} of {ready} ready pods"
        for v in risen
        if ready and shares[v.name] > v.ready / ready + _CLOSE
    )


def reverts(split: Split, objects: Objects) -> tuple[str, ...]:
    return revert_warnings([split.route], objects)


def _shown(shares: Shares) -> str:
    return ", ".join(f"{name} {percent(share)}" for name, share in shares.items())
