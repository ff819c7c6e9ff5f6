"""Weights of a route: set, all to one version, back to the stable one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cockpit.model.advice import telling
from cockpit.model.lanes import CLOSE
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Change, Expected, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.planning.capacity import capacity_warnings
from cockpit.planning.ownership import revert_warnings
from cockpit.planning.readiness import why_not_raise, without_pods, without_service
from cockpit.planning.refusals import refused
from cockpit.planning.shares import WantedShares, total_for, wanted_shares
from cockpit.planning.way_back import forward_warnings, way_back_warnings
from cockpit.planning.wording import PREVIOUS_RULES, no_version, several_picked, takes_all
from cockpit.routers.gateway_api.findings import kept_sessions, name_of
from cockpit.routers.gateway_api.routes import match_text, place_text, ref_to_route
from cockpit.routers.gateway_api.split import DEFAULT, HttpRouteSplit, RuleBackends, lanes_of
from cockpit.routers.gateway_api.write import RuleEdit, edit_of
from cockpit.workloads.findings import listed, percent

Shares = Mapping[str, float]


def why_not_tell(split: HttpRouteSplit) -> str:
    """Why backends and versions do not correspond; "" if each backend has one version behind it."""
    if not split.plain:
        return "no rule takes plain requests: nothing to split"
    if len(split.versions) < 2:
        return telling(f"all backends lead to {split.versions[0].name}: nothing to split, finish cleans up", Act.FINISH)
    for weighted in split.weighted_backends:
        if len(weighted.uids) > 1:
            names = listed([v.name for v in split.behind(weighted)])
            return several_picked(weighted.backend.service, names)
    return ""


def why_not_weight(split: HttpRouteSplit) -> str:
    """Why no weight can be set; "" if it can."""
    why = why_not_tell(split)
    if why:
        return why
    if not any(len(_weighted_backends(rule_backends, split)) > 1 for rule_backends in split.plain):
        return "no rule has two versions as backends: add the other Service to its backendRefs first"
    return ""


def plan_weight(split: HttpRouteSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    wanted = why_not_weight(split) or _wanted(split, ask)
    if isinstance(wanted, str):
        return refused(rollout, ask.act, wanted)
    return weigh(split, rollout, ask, wanted.shares, objects, wanted.notes)


def weigh(
    split: HttpRouteSplit, rollout: Rollout, ask: Ask, shares: Shares, objects: Objects, notes: tuple[str, ...] = ()
) -> Plan | Refused:
    """Give every version its share in every rule for plain requests that can."""
    before, weights = default_shares(split), rule_weights(split, shares)
    if isinstance(weights, str):
        return refused(rollout, ask.act, weights)
    written = [
        rule_shares(rule_backends, split) for rule_backends in split.plain if rule_backends.rule.index in weights
    ]
    # A version rises if one rule gives it less now.
    least = {v.name: min((now[v.name] for now in written), default=1.0) for v in split.versions}
    risen = [v for v in split.versions if shares[v.name] > least[v.name] + CLOSE]
    if why := why_not_raise(split.versions, least, shares, lambda v: why_failing(split, v)):
        return refused(rollout, ask.act, why)
    if not weights:
        return refused(rollout, ask.act, f"{_shown(shares)} is already set")
    changed = [v.name for v in split.versions if abs(shares[v.name] - before[v.name]) > CLOSE]
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
            *notes,
            *_rule_warnings(split, shares),
            *_elsewhere(split, shares),
            *_sessions(split),
            *capacity_warnings(split.versions, least, shares),
            *reverts(split, objects),
        ),
        raises=any(v.name != split.stable.name for v in risen),
        final=any(shares[v.name] > 1 - CLOSE and v.name != split.stable.name for v in risen),
    )


def _sessions(split: HttpRouteSplit) -> tuple[str, ...]:
    """Clients that stay where they are in spite of the weights."""
    what = name_of(split.route)
    return tuple(text for rule_backends in split.plain for text in kept_sessions(rule_backends, what))


def why_not_promote(split: HttpRouteSplit) -> str:
    """Why none of the versions can get everything; "" if one can."""
    why = why_not_weight(split)
    if why:
        return why
    reasons = [_why_not_all_to(split, version) for version in promotable(split)]
    return "" if "" in reasons else reasons[0]


def _why_not_all_to(split: HttpRouteSplit, version: Version) -> str:
    if failing := why_failing(split, version):
        return failing
    weights = rule_weights(split, {v.name: float(v.name == version.name) for v in split.versions})
    if isinstance(weights, str):
        return weights
    return "" if weights else takes_all(version.name)


def plan_promote(split: HttpRouteSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """All plain requests to one version: the named one, or the only one that is not stable."""
    target = promoted(split, ask.version)
    if isinstance(target, str):
        return refused(rollout, ask.act, target)
    shares = {v.name: float(v.name == target.name) for v in split.versions}
    found = weigh(split, rollout, ask, shares, objects)
    if isinstance(found, Refused):
        return found
    return replace(found, title=f"all traffic to {target.name}", final=True)


def promoted(split: HttpRouteSplit, name: str | None) -> Version | str:
    """The version to promote; as text, why there is none."""
    why, others = why_not_tell(split), promotable(split)
    if why:
        return why
    if name is not None:
        return split_version(split, name)
    if len(others) > 1:
        return f"say which version to promote: {listed([v.name for v in others])}"
    return others[0]


def promotable(split: HttpRouteSplit) -> list[Version]:
    """Versions that are not the stable one."""
    return [v for v in split.versions if v.name != split.stable.name]


def split_version(split: HttpRouteSplit, name: str) -> Version | str:
    found = next((v for v in split.versions if v.name == name), None)
    return found or no_version(name, [v.name for v in split.versions])


def plan_back(split: HttpRouteSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """All requests to the stable (or named) version: sets weights and removes header rules that lead elsewhere."""
    target = going_back(split, ask.version)
    if isinstance(target, str):
        return refused(rollout, ask.act, target)
    shares = {v.name: float(v.name == target.name) for v in split.versions}
    before, weights = default_shares(split), rule_weights(split, shares)
    if isinstance(weights, str):
        return refused(rollout, ask.act, weights)
    removed = rules_elsewhere(split, target)
    edit = edit_of(ref_to_route(split.route, objects), split.every, RuleEdit(weights, tuple(f.rule for f in removed)))
    after = replace(split, each_rule=tuple(f for f in split.each_rule if f not in removed))
    lowered = [v.name for v in split.versions if v.name != target.name and before[v.name]]
    pairs = list(split.named)
    forward = forward_warnings(target, pairs, {name for name, share in before.items() if share})
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"all traffic back to {target.name}",
        changes=(
            *(Change(f"{name} in default", percent(before[name]), "0%") for name in lowered),
            *(
                Change(f"rule {lane}", "set", "removed")
                for rule_backends in removed
                for lane in lane_texts(rule_backends)
            ),
        ),
        requests=(edit.request,),
        expected=expected(after, shares),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo=PREVIOUS_RULES,
        warnings=(
            *way_back_warnings(target),
            *forward,
            *_elsewhere(split, shares),
            *_sessions(split),
            *capacity_warnings(split.versions, before, shares),
            *reverts(split, objects),
        ),
        # Only a named version can be one that took less traffic before.
        raises=target.name != split.stable.name or bool(forward),
    )


def going_back(split: HttpRouteSplit, name: str | None) -> Version | str:
    """The version to go back to; as text, why it cannot be done or nothing is to do."""
    why = why_not_tell(split)
    target = split_version(split, name) if name else split.stable
    if why or isinstance(target, str):
        return why or str(target)
    if failing := why_failing(split, target):
        return failing
    shares = {v.name: float(v.name == target.name) for v in split.versions}
    weights = rule_weights(split, shares)
    if isinstance(weights, str):
        return weights
    if not weights and not rules_elsewhere(split, target):
        taken = f"{takes_all(target.name)}{_why_not_before(split, target)}"
        return next(iter(_elsewhere(split, shares)), taken)
    return target


def _why_not_before(split: HttpRouteSplit, version: Version) -> str:
    """Why the version before this one cannot be rolled back to; "" if there is none, or it can."""
    older = split.versions[: split.versions.index(version)]
    failing = why_failing(split, older[-1]) if older else ""
    return f", and every request would fail on {older[-1].name}, the version before: {failing}" if failing else ""


def why_failing(split: HttpRouteSplit, version: Version) -> str:
    """Why a version cannot answer plain requests of a rule, with a way out; "" if it can in every rule."""
    sides = [w for each in split.plain for w in each.weighted_backends if split.behind(w)[:1] == (version,)]
    if gone := next((w.backend.service for w in sides if w.side.service is None and not version.ready), ""):
        return without_service(version, gone)
    if not version.ready:
        return without_pods(version, split.versions, split.place)
    for rule_backends in split.plain:
        own = [weighted for weighted in rule_backends.weighted_backends if split.behind(weighted)[:1] == (version,)]
        if own and not any(weighted.sound for weighted in own):
            side, what = own[0].side, f"Service {own[0].backend.service}"
            why = f"{what} {side.trouble}" if side.trouble else f"{what} has no ready endpoints of {version.name}"
            return f"{own[0].problem or why}: requests to {version.name} fail there; fix it first"
    return ""


def rules_elsewhere(split: HttpRouteSplit, target: Version) -> list[RuleBackends]:
    """Rules that single requests out and lead to versions other than `target`."""
    return [
        rule_backends
        for rule_backends in split.singled
        if any(v.name != target.name for weighted in rule_backends.weighted_backends for v in split.behind(weighted))
    ]


def lane_texts(rule_backends: RuleBackends) -> list[str]:
    return [match_text(match) for match in rule_backends.rule.matches]


def _wanted(split: HttpRouteSplit, ask: Ask) -> WantedShares | str:
    before = default_shares(split)
    example = next((v.name for v in reversed(split.versions) if v != split.stable), split.versions[-1].name)
    return wanted_shares(ask.weights, before, stable=split.stable.name, example=example)


def default_shares(split: HttpRouteSplit) -> dict[str, float]:
    """Shares of plain requests by version, from the first rule for them."""
    return rule_shares(split.plain[0], split) if split.plain else {v.name: 0.0 for v in split.versions}


def carrier(split: HttpRouteSplit, new: str) -> str:
    """The version besides `new` that takes most plain requests: a step plan takes its shares from it."""
    shares = default_shares(split)
    return max((name for name in shares if name != new), key=lambda name: (shares[name], name == split.stable.name))


def rule_shares(rule_backends: RuleBackends, split: HttpRouteSplit) -> dict[str, float]:
    """The share of each version in one rule."""
    written = rule_backends.written()
    return {v.name: written.get(c.uid, 0.0) for v, c in split.named}


def rule_weights(split: HttpRouteSplit, shares: Shares) -> dict[int, dict[int, int]] | str:
    """New weights by rule and backend, for each rule with several versions whose shares change; or why not."""
    found: dict[int, dict[int, int]] = {}
    for rule_backends in split.plain:
        weighted_backends = _weighted_backends(rule_backends, split)
        if len(weighted_backends) < 2:
            continue
        absent = [name for name, share in shares.items() if share and name not in weighted_backends]
        if absent:
            return (
                f"rule {rule_backends.rule.index + 1} has no backend for {listed(absent)}: add its Service there first"
            )
        now = rule_shares(rule_backends, split)
        if rule_backends.rule.total and all(abs(now[name] - share) < CLOSE for name, share in shares.items()):
            continue
        total = total_for(list(shares.values()))
        if isinstance(total, str):
            return total
        # If one version has several backends, the first takes its whole share.
        found[rule_backends.rule.index] = {
            place: round(shares[name] * total) if first else 0
            for name, places in weighted_backends.items()
            for first, place in zip((True, *[False] * len(places)), places, strict=False)
        }
    return found


def _weighted_backends(rule_backends: RuleBackends, split: HttpRouteSplit) -> dict[str, list[int]]:
    """Indices of backends by version name; backends that answer come first."""
    found: dict[str, list[int]] = {}
    for place, weighted in sorted(enumerate(rule_backends.weighted_backends), key=lambda entry: not entry[1].sound):
        for version in split.behind(weighted)[:1]:
            found.setdefault(version.name, []).append(place)
    return found


def expected(split: HttpRouteSplit, shares: Shares) -> tuple[Expected, ...]:
    """The expected written shares, lane by lane."""
    return tuple(
        Expected(lane.name, s.version, shares[s.version] if lane.name == DEFAULT else s.written or 0.0)
        for lane in lanes_of(split)
        for s in lane.shares
    )


def _rule_warnings(split: HttpRouteSplit, shares: Shares) -> tuple[str, ...]:
    """Warnings about rules that still send some requests to a version without a share."""
    return tuple(
        f"requests with {text} still go to {listed(names)}: a weight does not change that rule"
        for rule_backends in split.singled
        if (
            names := [
                v.name
                for weighted in rule_backends.weighted_backends
                if weighted.backend.weight
                for v in split.behind(weighted)
                if not shares[v.name]
            ]
        )
        for text in lane_texts(rule_backends)
    )


def _elsewhere(split: HttpRouteSplit, shares: Shares) -> tuple[str, ...]:
    """Warnings about rules for plain requests with a single version, which still go there whatever its share is."""
    return tuple(
        f"requests for {listed([place_text(m) for m in rule_backends.rule.matches])} still go to {name}: rule"
        f" {rule_backends.rule.index + 1} has no other backend"
        for rule_backends in split.plain
        if rule_backends.rule.total and len(only := list(_weighted_backends(rule_backends, split))) == 1
        for name in only
        if shares[name] < 1 - CLOSE
    )


def reverts(split: HttpRouteSplit, objects: Objects) -> tuple[str, ...]:
    return revert_warnings([split.route], objects)


def _shown(shares: Shares) -> str:
    return ", ".join(f"{name} {percent(share)}" for name, share in shares.items())
