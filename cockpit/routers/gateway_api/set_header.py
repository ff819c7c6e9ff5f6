"""Header rules of a route: set a rule that sends requests with a header to one version, or remove the rules."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Expected, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.model.text import safe_text
from cockpit.planning.header_rule import why_not_sendable
from cockpit.planning.readiness import without_pods
from cockpit.planning.refusals import refused
from cockpit.planning.wording import AS_ALL_OTHERS, NO_HEADER_RULE
from cockpit.routers.gateway_api.routes import match_text, ref_to_route
from cockpit.routers.gateway_api.set_weight import lane_texts, promoted, reverts, why_not_tell
from cockpit.routers.gateway_api.split import HttpRouteSplit, RuleBackends, lanes_of
from cockpit.routers.gateway_api.write import MOST_RULES, RuleEdit, edit_of
from cockpit.workloads.findings import listed


def why_not_header(split: HttpRouteSplit) -> str:
    return why_not_tell(split)


def plan_header(split: HttpRouteSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """With `ask.header`, requests with it go to the version; without it, the existing header rules are removed."""
    why = why_not_header(split)
    if why:
        return refused(rollout, ask.act, why)
    if ask.header is None:
        return _removal(split, rollout, ask, objects)
    target = promoted(split, ask.version)
    if isinstance(target, str):
        return refused(rollout, ask.act, target)
    if not target.ready:
        return refused(rollout, ask.act, without_pods(target, split.versions, split.place))
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
        changes=(Change(f"requests with {text}", AS_ALL_OTHERS, target.name),),
        requests=(edit.request,),
        expected=(*now, *then),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo="remove the rule again",
        warnings=reverts(split, objects),
        raises=target.name != split.stable.name,
    )


def _rules(split: HttpRouteSplit, target: Version, name: str, value: str) -> list[Any] | str:
    """Copies of the rules for plain requests, for this header and with one backend; as text, why there are none."""
    if why := why_not_sendable(name, value):
        return why
    if not value:
        return "the header has no value, and a route matches exact values: say which value"
    shown = f"header {safe_text(name, 60)}={safe_text(value, 60)}"
    if any(shown.lower() == text.lower() for rule_backends in split.singled for text in lane_texts(rule_backends)):
        return f"it already has a rule for {shown}: remove it first"
    weighted = next(
        (
            weighted
            for weighted in split.weighted_backends
            if weighted.sound and split.behind(weighted)[:1] == (target,)
        ),
        None,
    )
    if weighted is None:
        return f"no backend of {target.name} works: such requests would fail; see the findings"
    found = []
    for rule_backends in split.plain:
        copied: dict[str, Any] = {
            k: copy.deepcopy(v) for k, v in rule_backends.rule.raw.items() if k not in ("name", "backendRefs")
        }
        header = {"name": name, "type": "Exact", "value": value}
        plain = [
            m for m, read in zip(_raw_matches(rule_backends), rule_backends.rule.matches, strict=False) if read.is_plain
        ]
        # Other content under headers in a plain match is not a condition.
        copied["matches"] = [{**m, "headers": [header]} for m in plain]
        copied["backendRefs"] = [{**weighted.backend.raw, "weight": 1}]
        found.append(copied)
    if len(split.every) + len(found) > MOST_RULES:
        return f"it has {len(split.every)} rules and a route can have at most {MOST_RULES}: remove one first"
    return found


def _raw_matches(rule_backends: RuleBackends) -> list[dict[str, Any]]:
    raw = rule_backends.rule.raw.get("matches")
    found = [m for m in raw if isinstance(m, dict)] if isinstance(raw, list) else []
    return found or [{"path": {"type": "PathPrefix", "value": "/"}}]


def _removal(split: HttpRouteSplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    gone = [rule_backends for rule_backends in split.singled if any(m.headers for m in rule_backends.rule.matches)]
    if not gone:
        return refused(rollout, ask.act, NO_HEADER_RULE)
    if len(gone) == len(split.every):
        return refused(rollout, ask.act, "it has no other rule: without this one every request gets 404; add one first")
    texts = [match_text(m) for rule_backends in gone for m in rule_backends.rule.matches]
    edit = edit_of(
        ref_to_route(split.route, objects),
        split.every,
        RuleEdit({}, tuple(rule_backends.rule for rule_backends in gone)),
    )
    after = replace(split, each_rule=tuple(f for f in split.each_rule if f not in gone))
    share = split.plain[0].written() if split.plain else {}
    canary = [v for v, c in split.named if v != split.stable and share.get(c.uid)]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"remove the rule for {listed(texts)}",
        changes=tuple(Change(f"requests with {text}", "a header rule", AS_ALL_OTHERS) for text in texts),
        requests=(edit.request,),
        expected=tuple(
            Expected(lane.name, s.version, s.written or 0.0) for lane in lanes_of(after) for s in lane.shares
        ),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo="set the rules again",
        warnings=(
            *(f"{v.name} keeps its share of all requests: set the weight to 0 to stop that" for v in canary),
            *reverts(split, objects),
        ),
        raises=bool(canary)
        and any(
            split.behind(weighted)[:1] == (split.stable,)
            for rule_backends in gone
            for weighted in rule_backends.weighted_backends
        ),
    )
