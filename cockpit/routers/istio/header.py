"""A header rule: requests with a header go to one version, whatever the weights say."""

from __future__ import annotations

import re
from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.model.text import safe_text
from cockpit.routers.istio.edits import destination, expected_after, http_edit, http_of
from cockpit.routers.istio.newcomers import with_subset
from cockpit.routers.istio.routes import Route
from cockpit.routers.istio.split import Split, written_of
from cockpit.routers.istio.weights import new_version, why_not_weight
from cockpit.workloads.answers import refused
from cockpit.workloads.findings import listed
from cockpit.workloads.ownership import controller_ownership, revert_warnings

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?")


def why_not_header(split: Split) -> str:
    return "" if _rules(split) else why_not_weight(split)


def plan_header(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """With `ask.header` a rule before all others of this thing; without, the header rules to `ask.version` go."""
    if ask.header is None:
        return _plan_removal(split, rollout, ask, objects)
    name, value = ask.header
    if not _TOKEN.fullmatch(name):
        return refused(rollout, ask.act, f"{safe_text(name, 60)!r} is no header name")
    if value and not _VALUE.fullmatch(value):
        return refused(rollout, ask.act, f"{safe_text(value, 60)!r} is no header value that can be sent")
    version = _meant(split, ask)
    if isinstance(version, str):
        return refused(rollout, ask.act, version)
    grown, subset = with_subset(split, [version.name], objects)
    side = grown.alone(version.name)
    owner = controller_ownership([subset.rule], objects) if subset else None
    if owner:
        return refused(rollout, ask.act, owner.text)
    if side is None or split.bundle.default is None:
        return refused(rollout, ask.act, why_not_weight(split) or f"no destination leads to {version.name} alone")
    if side.empty:
        return refused(rollout, ask.act, f"{version.name} has no ready pods: the rule's requests would get 503")
    wanted: dict[str, Any] = {"exact": value} if value else {}
    legs = [{"destination": destination(grown, side.target)}]
    http, text = http_of(split), f"{name.lower()}={value}" if value else f"{name.lower()}"
    same = _same_rule(split, split.bundle.default, name.lower(), wanted)
    if same is not None:
        http[same.index] = {**same.raw, "route": legs}
    else:
        rule = _rule(split.bundle.default, name.lower(), wanted, legs)
        http.insert(split.bundle.routes[0].index, rule)
    edit = http_edit(grown, http)
    if edit is None:
        return refused(rollout, ask.act, "the rule is so already")
    before = _led(split, same) if same else "as all others"
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
        warnings=revert_warnings([split.bundle.service], objects),
        raises=version != split.stable,
    )


def _meant(split: Split, ask: Ask) -> Version | str:
    if ask.version is None:
        return new_version(split) or "there is no new version that a rule could lead to"
    chosen = split.candidate(ask.version)
    if chosen is None:
        return f"there is no version {ask.version}; there are {listed([v.name for v in split.versions])}"
    return split.version_of(chosen.uid)


def _rule(base: Route, name: str, wanted: dict[str, Any], legs: list[dict[str, Any]]) -> dict[str, Any]:
    """A copy of the default route with its other fields (rewrites, timeouts), for requests with the header."""
    match = [{**b, "headers": {**_headers(b), name: wanted}} for b in _blocks(base)]
    kept = {key: value for key, value in base.raw.items() if key not in ("name", "match", "route", "mirrors", "mirror")}
    return {"match": match, **kept, "route": legs}


def _blocks(route: Route) -> list[dict[str, Any]]:
    """The match blocks of a route; an empty one where it has none."""
    blocks = route.raw.get("match")
    return [b for b in blocks if isinstance(b, dict)] or [{}] if isinstance(blocks, list) else [{}]


def _headers(block: dict[str, Any]) -> dict[str, Any]:
    found = block.get("headers")
    return found if isinstance(found, dict) else {}


def _same_rule(split: Split, base: Route, name: str, wanted: dict[str, Any]) -> Route | None:
    """The route that has exactly this header condition in each block, for all that comes to `base`.

    One for a single place says nothing of the others.
    """
    asked = [{**b, "headers": {**_headers(b), name: wanted}} for b in _blocks(base)]
    everywhere = {"headers": {name: wanted}}
    for route in _rules(split):
        blocks = _blocks(route)
        alone = all(_headers(b) == {name: wanted} for b in blocks)
        if alone and (everywhere in blocks or all(b in blocks for b in asked)):
            return route
    return None


def _rules(split: Split) -> list[Route]:
    """Routes that ask for a header in every block."""
    return [
        r
        for r in split.bundle.routes
        if r != split.bundle.default and all(any(c.field == "headers" for c in m.conditions) for m in r.matches)
    ]


def _led(split: Split, route: Route) -> str:
    return listed([name for name, share in written_of(split, route).items() if share])


def _plan_removal(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    found = [r for r in _rules(split) if ask.version is None or _led(split, r) == ask.version]
    if not found:
        return refused(rollout, ask.act, "there is no header rule to take away")
    if len(found) > 1 and ask.version is None:
        texts = [" or ".join(m.text for m in r.matches) for r in found]
        why = f"there are several header rules ({listed(texts)}): say for which version"
        return refused(rollout, ask.act, why)
    gone = {r.index for r in found}
    http = [raw for index, raw in enumerate(http_of(split)) if index not in gone]
    edit = http_edit(split, http)
    if edit is None or not http:
        return refused(rollout, ask.act, "it is the only route: without it nothing would be routed")
    texts = [" or ".join(m.text for m in r.matches) for r in found]
    changes = [Change(f"requests with {t}", _led(split, r), "as all others") for t, r in zip(texts, found, strict=True)]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"remove the rule {listed(texts)}",
        changes=tuple(changes),
        requests=(edit.request,),
        expected=expected_after(split, http),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo="the rule again",
        warnings=revert_warnings([split.bundle.service], objects),
        raises=_raises(split, found),
    )


def _raises(split: Split, gone: list[Route]) -> bool:
    """Whether requests that a rule kept at the stable version may get another one."""
    default, stable = split.bundle.default, split.stable
    shares = written_of(split, default) if default else {}
    others = any(share for name, share in shares.items() if stable is None or name != stable.name)
    return others and any(stable and written_of(split, r).get(stable.name) for r in gone)
