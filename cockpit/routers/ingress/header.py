"""A header rule of a canary Ingress: set, or taken away."""

from __future__ import annotations

import re

from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.routers.ingress.dialects import BareHeader
from cockpit.routers.ingress.pairing import annotated, expected_with, exposure_warnings, two_versions
from cockpit.routers.ingress.rules import TOKEN, rules_of
from cockpit.routers.ingress.split import Branch, Split
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import annotations_edit

_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?")


def why_not_header(split: Split) -> str:
    found = two_versions(split)
    return found if isinstance(found, str) else ""


def plan_header(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """With `ask.header` the rule leads to the canary's version; without, the rule that is there goes."""
    pair, branch = two_versions(split), split.canary
    if isinstance(pair, str) or branch is None:
        return refused(rollout, ask.act, str(pair))
    main, canary = pair
    if ask.version not in (None, canary.name):
        return refused(rollout, ask.act, f"a header rule leads to the canary's version {canary.name} only")
    values = _values(split, branch, ask.header)
    if isinstance(values, str):
        return refused(rollout, ask.act, values)
    if ask.header and branch.side and branch.side.empty:
        return refused(
            rollout, ask.act, f"{canary.name} has no ready pods: main would answer; wait until they are ready"
        )
    edit = annotations_edit(branch.canary.ingress, values)
    if edit is None:
        return refused(rollout, ask.act, "the rule is so already")
    rule, before = _shown(split, branch, values), _shown(split, branch, {})
    reverts = exposure_warnings(split, objects, main, canary, branch.canary.rules.share)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{canary.name} for requests with {rule}" if ask.header else f"no header rule for {canary.name}",
        changes=(Change(f"header rule to {canary.name}", before, rule),),
        requests=(edit.request,),
        expected=expected_with(split, values),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo=f"header rule: {before}",
        warnings=tuple(w for w in reverts if not w.startswith("capacity")),
        raises=ask.header is not None,
    )


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
    if not dialect.weight_with_rule and branch.canary.rules.weight:
        return f"{dialect.title} ignores the weight beside a header rule: set the weight to 0 first"
    # A pattern beside a value is dead, and beside no value it would decide instead.
    pattern: dict[str, str | None] = (
        {keys["by-header-pattern"]: None} if keys["by-header-pattern"] in annotations else {}
    )
    return {keys["by-header"]: name, keys["by-header-value"]: value or None, **pattern}


def _shown(split: Split, branch: Branch, values: dict[str, str | None]) -> str:
    """The header rule in words, as it is with these annotations."""
    rules = rules_of(annotated(branch.canary.ingress, values), split.fork.dialect)
    text = next((m.text for m in rules.matches if m.kind == "header"), "none")
    bare = split.fork.dialect.bare_header is BareHeader.ALWAYS and text.endswith("=always")
    return f"{text} (never keeps to main)" if bare else text
