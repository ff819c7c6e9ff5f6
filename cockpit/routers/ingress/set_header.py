"""A header rule of a canary Ingress: set or removed."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.planning.edits import annotations_edit
from cockpit.planning.header_rule import why_not_sendable
from cockpit.planning.refusals import refused
from cockpit.planning.wording import AS_ALL_OTHERS, NO_HEADER_RULE, RULE_SET_ALREADY
from cockpit.routers.ingress.annotations import CanaryRules, is_pattern, may_be_dropped, rules_of
from cockpit.routers.ingress.dialects import BareHeader
from cockpit.routers.ingress.header_ingress import plan_own_rule, plan_rule_away, ruled_canary
from cockpit.routers.ingress.pairing import annotated, expected_with, exposure_warnings, two_versions
from cockpit.routers.ingress.split import CanarySplit, PlacedCanary
from cockpit.workloads.findings import percent


def why_not_header(split: CanarySplit) -> str:
    found = two_versions(split)
    return found if isinstance(found, str) else ""


def plan_header(split: CanarySplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """With `ask.header`, a rule to the canary's version; without it, the existing rule is removed."""
    pair, placed = two_versions(split), ruled_canary(split) or split.canary
    if isinstance(pair, str) or placed is None:
        return refused(rollout, ask.act, str(pair))
    canary = pair[1]
    if ask.header is None and placed.canary.ruled and placed is not split.canary:
        return plan_rule_away(split, rollout, ask, placed, objects)
    if ask.version not in (None, canary.name):
        return refused(rollout, ask.act, f"a header rule can only send requests to the canary's version {canary.name}")
    values = _values(split, placed, ask.header)
    if isinstance(values, str):
        return refused(rollout, ask.act, values)
    if ask.header and (why := split.why_failing(canary)):
        return refused(rollout, ask.act, why)
    if ask.header and not split.placement.dialect.weight_with_rule and not placed.canary.ruled:
        added = {key: value for key, value in values.items() if value is not None}
        return plan_own_rule(split, rollout, ask, placed, canary, added, objects)
    edit = annotations_edit(placed.canary.ingress, values)
    if edit is None:
        return refused(rollout, ask.act, RULE_SET_ALREADY)
    rule, before = _shown(split, placed, values), _shown(split, placed, {})
    title, changes = _setting(before, rule, canary.name) if ask.header else _removal(placed, before, canary.name)
    stays = () if ask.header else _stays(split, placed, values, canary.name)
    exposure = exposure_warnings(split, objects, placed.canary.rules.share)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=title,
        changes=changes,
        requests=(edit.request,),
        expected=expected_with(split, values, on=placed),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo=f"header rule: {before}",
        warnings=(*stays, *exposure),
        raises=ask.header is not None or _rules(split, placed, values).share > placed.canary.rules.share,
    )


def _setting(before: str, rule: str, canary: str) -> tuple[str, tuple[Change, ...]]:
    return f"{canary} for requests with {rule}", (Change(f"header rule to {canary}", before, rule),)


def _removal(placed: PlacedCanary, rule: str, canary: str) -> tuple[str, tuple[Change, ...]]:
    changes = [Change(f"header rule {rule} to {canary}", "set", "removed")]
    if any(m.kind == "header" for m in placed.canary.rules.matches):
        changes.append(Change(f"requests with {rule}", canary, AS_ALL_OTHERS))
    return f"remove the header rule {rule} to {canary}", tuple(changes)


def _stays(split: CanarySplit, placed: PlacedCanary, values: dict[str, str | None], canary: str) -> tuple[str, ...]:
    """Warnings about requests that still go to the canary once the header rule is removed."""
    rules = _rules(split, placed, values)
    found = [f"requests with {m.text} still go to {canary}: only the header rule is removed" for m in rules.matches]
    if rules.share:
        found.append(f"{canary} keeps its {percent(rules.share)} of all requests: set the weight to 0 to stop that")
    return tuple(found)


def _values(split: CanarySplit, placed: PlacedCanary, header: tuple[str, str] | None) -> dict[str, str | None] | str:
    annotations, dialect = placed.canary.ingress.metadata.annotations or {}, split.placement.dialect
    keys = {
        name: dialect.present_key(annotations, name) for name in ("by-header", "by-header-value", "by-header-pattern")
    }
    if header is None:
        if keys["by-header"] not in annotations:
            return NO_HEADER_RULE
        return {key: None for key in keys.values() if key in annotations}
    name, value = header
    if why := why_not_sendable(name, value):
        return why
    if dialect.checks_values and may_be_dropped(name, value):
        return f"{dialect.title} accepts only letters, digits, space and -._~:/ in a header rule"
    if value and dialect.value_is_pattern and not is_pattern(value):
        return f"{dialect.title} reads the value as a pattern, and {safe_text(value, 60)!r} is not a valid one"
    # A pattern next to a value has no effect, and without a value it would decide instead.
    pattern: dict[str, str | None] = (
        {keys["by-header-pattern"]: None} if keys["by-header-pattern"] in annotations else {}
    )
    return {keys["by-header"]: name, keys["by-header-value"]: value or None, **pattern}


def _rules(split: CanarySplit, placed: PlacedCanary, values: dict[str, str | None]) -> CanaryRules:
    """The canary's rules with these annotations."""
    return rules_of(annotated(placed.canary.ingress, values), split.placement.dialect)


def _shown(split: CanarySplit, placed: PlacedCanary, values: dict[str, str | None]) -> str:
    """The header rule in words, with these annotations."""
    ingress, dialect = annotated(placed.canary.ingress, values), split.placement.dialect
    name = dialect.value(ingress.metadata.annotations or {}, "by-header")
    text = next((m.text for m in rules_of(ingress, dialect).matches if m.kind == "header"), "")
    if not text:
        return f"on {safe_text(name, 60)} that has no effect" if name else "none"
    bare = dialect.bare_header is BareHeader.ALWAYS and text.endswith("=always")
    return f"{text} (never stays on main)" if bare else text
