"""A header rule of a canary Ingress: set, or taken away."""

from __future__ import annotations

import re

from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.routers.ingress.dialects import BareHeader
from cockpit.routers.ingress.own_rule import plan_own_rule, plan_rule_away, ruled_branch
from cockpit.routers.ingress.pairing import annotated, expected_with, exposure_warnings, two_versions
from cockpit.routers.ingress.rules import TOKEN, Rules, is_pattern, rules_of
from cockpit.routers.ingress.split import Branch, Split
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import annotations_edit
from cockpit.workloads.findings import percent

_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?")


def why_not_header(split: Split) -> str:
    found = two_versions(split)
    return found if isinstance(found, str) else ""


def plan_header(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """With `ask.header` the rule leads to the canary's version; without, the rule that is there goes."""
    pair, branch = two_versions(split), ruled_branch(split) or split.canary
    if isinstance(pair, str) or branch is None:
        return refused(rollout, ask.act, str(pair))
    main, canary = pair
    if ask.header is None and branch.canary.ruled and branch is not split.canary:
        return plan_rule_away(split, rollout, ask, branch, objects)
    if ask.version not in (None, canary.name):
        return refused(rollout, ask.act, f"a header rule leads to the canary's version {canary.name} only")
    values = _values(split, branch, ask.header)
    if isinstance(values, str):
        return refused(rollout, ask.act, values)
    if ask.header and branch.side and branch.side.empty:
        return refused(
            rollout, ask.act, f"{canary.name} has no ready pods: main would answer; wait until they are ready"
        )
    if ask.header and not split.fork.dialect.weight_with_rule and not branch.canary.ruled:
        added = {key: value for key, value in values.items() if value is not None}
        return plan_own_rule(split, rollout, ask, branch, canary, added, objects)
    edit = annotations_edit(branch.canary.ingress, values)
    if edit is None:
        return refused(rollout, ask.act, "the rule is so already")
    rule, before = _shown(split, branch, values), _shown(split, branch, {})
    title, changes = _setting(before, rule, canary.name) if ask.header else _removal(branch, before, canary.name)
    stays = () if ask.header else _stays(split, branch, values, canary.name)
    reverts = exposure_warnings(split, objects, main, canary, branch.canary.rules.share)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=title,
        changes=changes,
        requests=(edit.request,),
        expected=expected_with(split, values, on=branch),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo=f"header rule: {before}",
        warnings=(*stays, *(w for w in reverts if not w.startswith("capacity"))),
        raises=ask.header is not None or _rules(split, branch, values).share > branch.canary.rules.share,
    )


def _setting(before: str, rule: str, canary: str) -> tuple[str, tuple[Change, ...]]:
    return f"{canary} for requests with {rule}", (Change(f"header rule to {canary}", before, rule),)


def _removal(branch: Branch, rule: str, canary: str) -> tuple[str, tuple[Change, ...]]:
    changes = [Change(f"header rule {rule} to {canary}", "set", "removed")]
    if any(m.kind == "header" for m in branch.canary.rules.matches):
        changes.append(Change(f"requests with {rule}", canary, "split as all others"))
    return f"remove the header rule {rule} to {canary}", tuple(changes)


def _stays(split: Split, branch: Branch, values: dict[str, str | None], canary: str) -> tuple[str, ...]:
    """What still leads to the canary once the header rule is gone."""
    rules = _rules(split, branch, values)
    found = [
        f"requests with {m.text} still go to {canary}: a header rule is all that is removed" for m in rules.matches
    ]
    if rules.share:
        found.append(f"{canary} keeps its {percent(rules.share)} of all requests: set the weight to 0 to end that")
    return tuple(found)


def _values(split: Split, branch: Branch, header: tuple[str, str] | None) -> dict[str, str | None] | str:
    annotations, dialect = branch.canary.ingress.metadata.annotations or {}, split.fork.dialect
    keys = {
        name: dialect.present_key(annotations, name) for name in ("by-header", "by-header-value", "by-header-pattern")
    }
    if header is None:
        if keys["by-header"] not in annotations:
            return "there is no header rule to take away"
        return {key: None for key in keys.values() if key in annotations}
    name, value = header
    if not TOKEN.fullmatch(name):
        return f"{safe_text(name, 60)!r} is no header name"
    if value and not _VALUE.fullmatch(value):
        return f"{safe_text(value, 60)!r} is no header value that can be sent"
    if value and dialect.value_is_pattern and not is_pattern(value):
        return f"{dialect.title} takes the value for a pattern, and {safe_text(value, 60)!r} cannot be read as one"
    # A pattern beside a value is dead, and beside no value it would decide instead.
    pattern: dict[str, str | None] = (
        {keys["by-header-pattern"]: None} if keys["by-header-pattern"] in annotations else {}
    )
    return {keys["by-header"]: name, keys["by-header-value"]: value or None, **pattern}


def _rules(split: Split, branch: Branch, values: dict[str, str | None]) -> Rules:
    """The canary's rules as they are with these annotations."""
    return rules_of(annotated(branch.canary.ingress, values), split.fork.dialect)


def _shown(split: Split, branch: Branch, values: dict[str, str | None]) -> str:
    """The header rule in words, as it is with these annotations."""
    ingress, dialect = annotated(branch.canary.ingress, values), split.fork.dialect
    name = dialect.value(ingress.metadata.annotations or {}, "by-header")
    text = next((m.text for m in rules_of(ingress, dialect).matches if m.kind == "header"), "")
    if not text:
        return f"on {safe_text(name, 60)} that is not in force" if name else "none"
    bare = dialect.bare_header is BareHeader.ALWAYS and text.endswith("=always")
    return f"{text} (never keeps to main)" if bare else text
