"""A header rule: requests with a header go to one version, whatever the weights say."""

from __future__ import annotations

from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.planning.header_rule import why_not_sendable
from cockpit.planning.ownership import revert_warnings, why_managed
from cockpit.planning.refusals import refused
from cockpit.planning.wording import AS_ALL_OTHERS, NO_HEADER_RULE, RULE_SET_ALREADY, no_version
from cockpit.routers.istio.new_subsets import with_subset
from cockpit.routers.istio.routes import IstioRoute
from cockpit.routers.istio.set_weight import new_version, why_not_weight
from cockpit.routers.istio.split import VirtualServiceSplit, no_destination, written_of
from cockpit.routers.istio.write import destination, expected_after, http_edit, http_of
from cockpit.workloads.findings import listed


def why_not_header(split: VirtualServiceSplit) -> str:
    return "" if _rules(split) else why_not_weight(split)


def plan_header(split: VirtualServiceSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """With `ask.header`, a rule before all others of this group; without it, remove the rules to `ask.version`."""
    if ask.header is None:
        return _plan_removal(split, rollout, ask, objects)
    name, value = ask.header
    if why := why_not_sendable(name, value):
        return refused(rollout, ask.act, why)
    version = _meant(split, ask)
    if isinstance(version, str):
        return refused(rollout, ask.act, version)
    grown, subset = with_subset(split, [version.name], objects)
    side = grown.alone(version.name)
    if subset and (why := why_managed([subset.rule], objects)):
        return refused(rollout, ask.act, why)
    if side is None or split.group.default is None:
        return refused(rollout, ask.act, why_not_weight(split) or no_destination(version.name))
    if why := grown.why_failing(version):
        return refused(rollout, ask.act, why)
    wanted: dict[str, Any] = {"exact": value} if value else {}
    weighted = [{"destination": destination(grown, side.target)}]
    http, text = http_of(split), f"{name.lower()}={value}" if value else f"{name.lower()}"
    same = _same_rule(split, split.group.default, name.lower(), wanted)
    if same is not None:
        http[same.index] = {**same.raw, "route": weighted}
    else:
        rule = _rule(split.group.default, name.lower(), wanted, weighted)
        http.insert(split.group.routes[0].index, rule)
    edit = http_edit(grown, http)
    if edit is None:
        return refused(rollout, ask.act, RULE_SET_ALREADY)
    before = _led(split, same) if same else AS_ALL_OTHERS
    edits = [*((subset.edit,) if subset else ()), edit]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{version.name} for requests with {text}",
        changes=(Change(f"requests with {text}", before, version.name),),
        requests=tuple(e.request for e in edits),
        expected=expected_after(grown, http),
        inverse=tuple(e.inverse for e in reversed(edits) if e.inverse),
        undo=f"requests with {text} {before}",
        warnings=revert_warnings([split.group.service], objects),
        raises=version != split.stable,
    )


def _meant(split: VirtualServiceSplit, ask: Ask) -> Version | str:
    if ask.version is None:
        return new_version(split) or "no new version to send requests to: name the version"
    chosen = split.candidate(ask.version)
    if chosen is None:
        return no_version(ask.version, [v.name for v in split.versions])
    return split.version_of(chosen.uid)


def _rule(base: IstioRoute, name: str, wanted: dict[str, Any], weighted: list[dict[str, Any]]) -> dict[str, Any]:
    """A copy of the default route with its other fields (rewrites, timeouts), for requests with the header."""
    match = [{**b, "headers": {**_headers(b), name: wanted}} for b in _blocks(base)]
    kept = {key: value for key, value in base.raw.items() if key not in ("name", "match", "route", "mirrors", "mirror")}
    return {"match": match, **kept, "route": weighted}


def _blocks(route: IstioRoute) -> list[dict[str, Any]]:
    """The match blocks of a route; an empty one if it has none."""
    blocks = route.raw.get("match")
    return [b for b in blocks if isinstance(b, dict)] or [{}] if isinstance(blocks, list) else [{}]


def _headers(block: dict[str, Any]) -> dict[str, Any]:
    found = block.get("headers")
    return found if isinstance(found, dict) else {}


def _same_rule(split: VirtualServiceSplit, base: IstioRoute, name: str, wanted: dict[str, Any]) -> IstioRoute | None:
    """The route that has exactly this header condition in each block, for everything that reaches `base`.

    A rule for one path does not cover the others.
    """
    asked = [{**b, "headers": {**_headers(b), name: wanted}} for b in _blocks(base)]
    everywhere = {"headers": {name: wanted}}
    for route in _rules(split):
        blocks = _blocks(route)
        alone = all(_headers(b) == {name: wanted} for b in blocks)
        if alone and (everywhere in blocks or all(b in blocks for b in asked)):
            return route
    return None


def _rules(split: VirtualServiceSplit) -> list[IstioRoute]:
    """Routes with a header condition in every block."""
    return [
        r
        for r in split.group.routes
        if r != split.group.default and all(any(c.field == "headers" for c in m.conditions) for m in r.matches)
    ]


def _led(split: VirtualServiceSplit, route: IstioRoute) -> str:
    return listed([name for name, share in written_of(split, route).items() if share])


def _plan_removal(split: VirtualServiceSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    found = [r for r in _rules(split) if ask.version is None or _led(split, r) == ask.version]
    if not found:
        return refused(rollout, ask.act, NO_HEADER_RULE)
    if len(found) > 1 and ask.version is None:
        texts = [" or ".join(m.text for m in r.matches) for r in found]
        why = f"it has several header rules ({listed(texts)}): say for which version"
        return refused(rollout, ask.act, why)
    gone = {r.index for r in found}
    http = [raw for index, raw in enumerate(http_of(split)) if index not in gone]
    edit = http_edit(split, http)
    if edit is None or not http:
        return refused(
            rollout, ask.act, "it is the only route: without it no request would be routed; add a default route first"
        )
    texts = [" or ".join(m.text for m in r.matches) for r in found]
    changes = [Change(f"requests with {t}", _led(split, r), AS_ALL_OTHERS) for t, r in zip(texts, found, strict=True)]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"remove the rule {listed(texts)}",
        changes=tuple(changes),
        requests=(edit.request,),
        expected=expected_after(split, http),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo="set the rule again",
        warnings=revert_warnings([split.group.service], objects),
        raises=_raises(split, found),
    )


def _raises(split: VirtualServiceSplit, gone: list[IstioRoute]) -> bool:
    """Whether requests that a rule kept on the stable version may get another one."""
    default, stable = split.group.default, split.stable
    shares = written_of(split, default) if default else {}
    others = any(share for name, share in shares.items() if stable is None or name != stable.name)
    return others and any(stable and written_of(split, r).get(stable.name) for r in gone)
