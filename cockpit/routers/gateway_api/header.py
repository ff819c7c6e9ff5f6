"""Header rules of a route: a rule of its own that takes requests with a header to one version, or taken away."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Expected, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.model.text import safe_text
from cockpit.routers.gateway_api.patches import MOST_RULES, RuleEdit, edit_of
from cockpit.routers.gateway_api.routes import match_text, ref_to_route
from cockpit.routers.gateway_api.split import Fan, Split, lanes_of
from cockpit.routers.gateway_api.weights import lane_texts, promoted, reverts, why_not_tell
from cockpit.workloads.answers import refused
from cockpit.workloads.findings import listed

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]{1,256}")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?")


def why_not_header(split: Split) -> str:
    return why_not_tell(split)


def plan_header(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """With `ask.header` requests with it go to the version; without, the rules for headers that are there go."""
    why = why_not_header(split)
    if why:
        return refused(rollout, ask.act, why)
    if ask.header is None:
        return _removal(split, rollout, ask, objects)
    target = promoted(split, ask.version)
    if isinstance(target, str):
        return refused(rollout, ask.act, target)
    if not target.ready:
        return refused(rollout, ask.act, f"{target.name} has no ready pods: such requests would fail; wait for them")
    rules = _rules(split, target, *ask.header)
    if isinstance(rules, str):
        return refused(rollout, ask.act, rules)
    name, value = ask.header
    text = f"header {safe_text(name, 60)}={safe_text(value, 60)}"
    edit = edit_of(ref_to_route(split.route, objects), split.every, RuleEdit({}, added=tuple(rules)))
    now = [Expected(lane.name, s.version, s.written or 0.0) for lane in lanes_of(split) for s in lane.shares]
    then = [Expected(text.removeprefix("header "), v.name, float(v.name == target.name)) for v in split.versions]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{target.name} for requests with {text.removeprefix('header ')}",
        changes=(Change(f"requests with {text}", "split as all others", target.name),),
        requests=(edit.request,),
        expected=(*now, *then),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo="the rule away again",
        warnings=reverts(split, objects),
        raises=target.name != split.stable.name,
    )


def _rules(split: Split, target: Version, name: str, value: str) -> list[Any] | str:
    """Copies of the rules for plain requests, for this header and with one backend; as text why there are none."""
    if not _NAME.fullmatch(name):
        return f"{safe_text(name, 60)!r} is no header name"
    if not _VALUE.fullmatch(value):
        return f"{safe_text(value, 60)!r} is no header value that can be sent"
    shown = f"header {safe_text(name, 60)}={safe_text(value, 60)}"
    if any(shown.lower() == text.lower() for fan in split.singled for text in lane_texts(fan)):
        return f"there is a rule for {shown} already: take it away first"
    leg = next((leg for leg in split.legs if leg.sound and split.behind(leg)[:1] == (target,)), None)
    if leg is None:
        return f"no backend of {target.name} is sound: such requests would fail; see the findings"
    found = []
    for fan in split.plain:
        copied: dict[str, Any] = {
            k: copy.deepcopy(v) for k, v in fan.rule.raw.items() if k not in ("name", "backendRefs")
        }
        header = {"name": name, "type": "Exact", "value": value}
        plain = [m for m, read in zip(_raw_matches(fan), fan.rule.matches, strict=False) if read.is_plain]
        # What else stands under headers in a plain match is no condition.
        copied["matches"] = [{**m, "headers": [header]} for m in plain]
        copied["backendRefs"] = [{**leg.backend.raw, "weight": 1}]
        found.append(copied)
    if len(split.every) + len(found) > MOST_RULES:
        return f"a route has at most {MOST_RULES} rules and this one has {len(split.every)}"
    return found


def _raw_matches(fan: Fan) -> list[dict[str, Any]]:
    raw = fan.rule.raw.get("matches")
    found = [m for m in raw if isinstance(m, dict)] if isinstance(raw, list) else []
    return found or [{"path": {"type": "PathPrefix", "value": "/"}}]


def _removal(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    gone = [fan for fan in split.singled if any(m.headers for m in fan.rule.matches)]
    if not gone:
        return refused(rollout, ask.act, "there is no header rule to take away")
    if len(gone) == len(split.every):
        return refused(rollout, ask.act, "it has no other rule: without this one every request gets 404")
    texts = [match_text(m) for fan in gone for m in fan.rule.matches]
    edit = edit_of(ref_to_route(split.route, objects), split.every, RuleEdit({}, tuple(fan.rule for fan in gone)))
    after = replace(split, fans=tuple(f for f in split.fans if f not in gone))
    share = split.plain[0].written() if split.plain else {}
    canary = [
        v for v, c in zip(split.versions, split.candidates, strict=True) if v != split.stable and share.get(c.uid)
    ]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"remove the rule for {listed(texts)}",
        changes=tuple(Change(f"requests with {text}", "a rule of their own", "split as all others") for text in texts),
        requests=(edit.request,),
        expected=tuple(
            Expected(lane.name, s.version, s.written or 0.0) for lane in lanes_of(after) for s in lane.shares
        ),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo="the rules again",
        warnings=(
            *(f"{v.name} keeps its share of all requests: set the weight to 0 to end that" for v in canary),
            *reverts(split, objects),
        ),
        raises=bool(canary) and any(split.behind(leg)[:1] == (split.stable,) for fan in gone for leg in fan.legs),
    )
