"""Setting the weight of a canary Ingress."""

from __future__ import annotations

from cockpit.model.lanes import CLOSE
from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.planning.capacity import capacity_warnings
from cockpit.planning.edits import annotations_edit
from cockpit.planning.readiness import why_not_raise
from cockpit.planning.refusals import refused
from cockpit.planning.shares import wanted_shares
from cockpit.routers.ingress.annotations import USUAL_TOTAL
from cockpit.routers.ingress.dialects import Several
from cockpit.routers.ingress.pairing import expected_with, exposure_warnings, shares_of, two_versions
from cockpit.routers.ingress.split import DEFAULT, CanarySplit, PlacedCanary
from cockpit.workloads.findings import listed, percent

# Finer totals than 100 for weights such as 2.5%, in dialects with totals.
_FINER_TOTALS = (1000, 10_000)


def why_not_weight(split: CanarySplit) -> str:
    found = two_versions(split)
    if isinstance(found, str):
        return found
    placed, adding = split.canary, [b.canary.ingress.metadata.name for b in split.effective if not b.canary.ruled]
    if split.placement.dialect.several is Several.ADD_UP and len(adding) > 1:
        return f"the weights of {listed(adding)} add up: leave one canary Ingress, or set the weights by hand"
    if placed and placed.canary.rules.matches and not split.placement.dialect.weight_with_rule:
        return (
            f"{split.placement.dialect.title} ignores a weight next to a header or cookie rule: remove the rule first"
        )
    if split.main.empty and split.guarded:
        return split.why_failing(found[0])
    return ""


def plan_weight(split: CanarySplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    why, pair, placed = why_not_weight(split), two_versions(split), split.canary
    if why or isinstance(pair, str) or placed is None:
        return refused(rollout, ask.act, why or str(pair))
    share = _wanted(placed, ask, *pair)
    if isinstance(share, str):
        return refused(rollout, ask.act, share)
    main, canary = pair
    before = placed.canary.rules.share
    now, then = shares_of(pair, before), shares_of(pair, share)
    if why := why_not_raise(pair, now, then, split.why_failing):
        return refused(rollout, ask.act, why)
    values = _values(share, placed, split)
    if isinstance(values, str):
        return refused(rollout, ask.act, values)
    edit = annotations_edit(placed.canary.ingress, values)
    if edit is None or abs(share - before) < CLOSE:
        return refused(rollout, ask.act, f"{canary.name} already has {percent(before)}")
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{canary.name} {percent(before)} -> {percent(share)}",
        changes=(
            Change(f"{canary.name} in default", percent(before), percent(share)),
            Change(f"{main.name} in default", percent(1 - before), percent(1 - share)),
        ),
        requests=(edit.request,),
        expected=expected_with(split, values, lane=DEFAULT, on=placed),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo=f"{canary.name} back to {percent(before)}",
        warnings=(
            *_limits(split, placed, main, canary, share),
            *capacity_warnings(pair, now, then),
            *exposure_warnings(split, objects, share),
        ),
        raises=share > before,
        final=share == 1,
    )


def _limits(split: CanarySplit, placed: PlacedCanary, main: Version, canary: Version, share: float) -> tuple[str, ...]:
    """Warnings about what 0% and 100% do not do."""
    matches = placed.canary.rules.matches
    if share == 0 and matches:
        rule = listed([m.text for m in matches])
        return (f"requests with {rule} still go to {canary.name}: roll back removes the rule too",)
    if share == 1 and split.guarded:
        return (f"{main.name} must keep a ready pod: without one every request gets 503",)
    return ()


def _wanted(placed: PlacedCanary, ask: Ask, main: Version, canary: Version) -> float | str:
    """The canary's share; `_values` says whether the dialect can express it."""
    before = shares_of((main, canary), placed.canary.rules.share)
    found = wanted_shares(ask.weights, before, stable=main.name, example=canary.name)
    return found if isinstance(found, str) else found.shares[canary.name]


def _values(share: float, placed: PlacedCanary, split: CanarySplit) -> dict[str, str | None] | str:
    """Annotations that give exactly this share; a finer total is written only if the usual one cannot express it."""
    dialect, rules = split.placement.dialect, placed.canary.rules
    annotations = placed.canary.ingress.metadata.annotations or {}
    others = (USUAL_TOTAL,) if dialect.whole_percent else _FINER_TOTALS
    for total in dict.fromkeys((rules.total, *(others if dialect.has_total else ()))):
        weight = round(share * total)
        exact = weight * 100 // total / 100 if dialect.whole_percent else weight / total
        if abs(exact - share) < CLOSE:
            values: dict[str, str | None] = {dialect.present_key(annotations, "weight"): str(weight)}
            if total != rules.total:
                values[dialect.present_key(annotations, "weight-total")] = str(total)
            return values
    most = USUAL_TOTAL if dialect.whole_percent else rules.total
    return f"{percent(share)} cannot be written: {dialect.title} accepts whole parts of {most}"
