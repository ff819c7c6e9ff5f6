"""Setting the weight of a canary Ingress."""

from __future__ import annotations

import math

from cockpit.model.lookup import Objects
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.routers.ingress.dialects import Several
from cockpit.routers.ingress.pairing import expected_with, exposure_warnings, two_versions
from cockpit.routers.ingress.rules import USUAL_TOTAL
from cockpit.routers.ingress.split import DEFAULT, Branch, Split
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import annotations_edit
from cockpit.workloads.findings import listed, percent

# Finer totals than 100 for weights such as 2.5%, where the dialect has totals.
_FINER_TOTALS = (1000, 10_000)
_CLOSE = 1e-6


def why_not_weight(split: Split) -> str:
    found = two_versions(split)
    if isinstance(found, str):
        return found
    branch, adding = split.canary, [b.canary.ingress.metadata.name for b in split.effective if not b.canary.ruled]
    if split.fork.dialect.several is Several.ADD_UP and len(adding) > 1:
        return f"the weights of {listed(adding)} add up: leave one canary Ingress, or set the weights by hand"
    if branch and branch.canary.rules.matches and not split.fork.dialect.weight_with_rule:
        return f"{split.fork.dialect.title} ignores a weight beside a header or cookie rule: remove the rule first"
    if split.main.empty and split.fork.dialect.main_guards:
        return f"{found[0].name} has no ready pods: every request gets 503 whatever the weight; scale it up first"
    return ""


def plan_weight(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    why, pair, branch = why_not_weight(split), two_versions(split), split.canary
    if why or isinstance(pair, str) or branch is None:
        return refused(rollout, ask.act, why or str(pair))
    share = wanted_share(ask, *pair)
    if isinstance(share, str):
        return refused(rollout, ask.act, share)
    if share and branch.side and branch.side.empty:
        text = f"{pair[1].name} has no ready pods: main would keep its share; wait until they are ready"
        return refused(rollout, ask.act, text)
    values = _values(share, branch, split)
    if isinstance(values, str):
        return refused(rollout, ask.act, values)
    edit = annotations_edit(branch.canary.ingress, values)
    before = branch.canary.rules.share
    main, canary = pair
    if edit is None or abs(share - before) < _CLOSE:
        return refused(rollout, ask.act, f"{canary.name} has {percent(before)} already")
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{canary.name} {percent(before)} -> {percent(share)}",
        changes=(
            Change(f"{canary.name} in default", percent(before), percent(share)),
            Change(f"{main.name} in default", percent(1 - before), percent(1 - share)),
        ),
        requests=(edit.request,),
        expected=expected_with(split, values, lane=DEFAULT, on=branch),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo=f"{canary.name} back to {percent(before)}",
        warnings=(
            *_limits(split, branch, main, canary, share),
            *exposure_warnings(split, objects, main, canary, share),
        ),
        raises=share > before,
        final=share == 1,
    )


def _limits(split: Split, branch: Branch, main: Version, canary: Version, share: float) -> tuple[str, ...]:
    """What 0% and 100% do not mean."""
    matches = branch.canary.rules.matches
    if share == 0 and matches:
        rule = listed([m.text for m in matches])
        return (f"requests with {rule} still go to {canary.name}: roll back removes the rule too",)
    if share == 1 and split.fork.dialect.main_guards:
        return (f"{main.name} must keep a ready pod: without one every request gets 503",)
    return ()


def wanted_share(ask: Ask, main: Version, canary: Version) -> float | str:
    """The canary's share; one version that is not named gets the rest. As text what is wrong."""
    asked = dict(ask.weights)
    names = listed([main.name, canary.name])
    unknown = [name for name in asked if name not in (main.name, canary.name)]
    if unknown:
        return f"{listed(unknown)} takes no part in this split; there are {names}, an Ingress splits between two"
    if not asked:
        return f"say which share: {canary.name}=PERCENT"
    if any(not math.isfinite(share) or not 0 <= share <= 1 for share in asked.values()):
        return "a share is 0% to 100%"
    if len(asked) == 2 and abs(sum(asked.values()) - 1) > _CLOSE:
        return f"the shares sum to {percent(sum(asked.values()))}, not 100%; leave one out and it gets the rest"
    return asked[canary.name] if canary.name in asked else 1 - asked[main.name]


def _values(share: float, branch: Branch, split: Split) -> dict[str, str | None] | str:
    """Annotations that give exactly this share; a finer total is written only where the usual one cannot."""
    dialect, rules = split.fork.dialect, branch.canary.rules
    annotations = branch.canary.ingress.metadata.annotations or {}
    others = (USUAL_TOTAL,) if dialect.whole_percent else _FINER_TOTALS
    for total in dict.fromkeys((rules.total, *(others if dialect.has_total else ()))):
        weight = round(share * total)
        exact = weight * 100 // total / 100 if dialect.whole_percent else weight / total
        if abs(exact - share) < _CLOSE:
            values: dict[str, str | None] = {dialect.present_key(annotations, "weight"): str(weight)}
            if total != rules.total:
                values[dialect.present_key(annotations, "weight-total")] = str(total)
            return values
    most = USUAL_TOTAL if dialect.whole_percent else rules.total
    return f"{percent(share)} cannot be written: {dialect.title} takes whole parts of {most}"
