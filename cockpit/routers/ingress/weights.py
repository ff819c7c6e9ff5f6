"""Setting the weight of a canary Ingress."""

from __future__ import annotations

import math

from cockpit.model.plan import Ask, Change, Expected, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.routers.ingress.rules import USUAL_TOTAL
from cockpit.routers.ingress.split import DEFAULT, Branch, Split
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import annotations_edit
from cockpit.workloads.findings import listed, percent
from cockpit.workloads.ownership import revert_warnings

# Finer totals than 100 for weights such as 2.5%, where the dialect has totals.
_FINER_TOTALS = (1000, 10_000)
_CLOSE = 1e-6


def two_versions(split: Split) -> tuple[Version, Version] | str:
    """The version that main serves and the one that the canary serves; as text why there are not two."""
    branch = split.canary
    if branch is None:
        return "there is no canary Ingress"
    if branch.canary.loose:
        return f"the canary Ingress {branch.canary.ingress.metadata.name} is not attached: {branch.canary.loose}"
    main, canary = split.behind(split.main), split.behind(branch.side)
    if not canary:
        return f"the canary's Service {_service(branch)} does not exist: finish deletes the dangling canary"
    for side, versions in ((split.main, main), (branch.side, canary)):
        if side and len(versions) != 1:
            names = listed([v.name for v in versions])
            return f"Service {side.upstream.service} picks {names}: narrow its selector to one version first"
    if main[0].name == canary[0].name:
        return f"main and canary both lead to {main[0].name}: there is nothing to split, finish cleans up"
    return main[0], canary[0]


def why_not_weight(split: Split) -> str:
    found = two_versions(split)
    if isinstance(found, str):
        return found
    branch = split.canary
    if branch and branch.canary.rules.matches and not split.fork.dialect.weight_with_rule:
        return f"{split.fork.dialect.title} ignores a weight beside a header or cookie rule: remove the rule first"
    if split.main.empty:
        return f"{found[0].name} has no ready pods: every request gets 503 whatever the weight; scale it up first"
    return ""


def plan_weight(split: Split, rollout: Rollout, ask: Ask) -> Plan | Refused:
    why, pair, branch = why_not_weight(split), two_versions(split), split.canary
    if why or isinstance(pair, str) or branch is None:
        return refused(rollout, ask.act, why or str(pair))
    share = wanted_share(ask, *pair)
    if isinstance(share, str):
        return refused(rollout, ask.act, share)
    if share and branch.side and branch.side.empty:
        text = f"{pair[1].name} has no ready pods: main would keep its share; wait until they are ready"
        return refused(rollout, ask.act, text)
    weight = _weight(share, branch, split)
    if isinstance(weight, str):
        return refused(rollout, ask.act, weight)
    return _weight_plan(split, rollout, ask, branch, pair, share, weight)


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


def _weight(share: float, branch: Branch, split: Split) -> tuple[int, int] | str:
    """Weight and total that give exactly this share."""
    dialect, total = split.fork.dialect, branch.canary.rules.total
    for candidate in dict.fromkeys((total, USUAL_TOTAL, *_FINER_TOTALS) if dialect.has_total else (total,)):
        weight = round(share * candidate)
        if abs(weight / candidate - share) < _CLOSE:
            return weight, candidate
    return f"{percent(share)} cannot be written: {dialect.title} takes whole parts of {total}"


def _weight_plan(
    split: Split,
    rollout: Rollout,
    ask: Ask,
    branch: Branch,
    pair: tuple[Version, Version],
    share: float,
    written: tuple[int, int],
) -> Plan | Refused:
    main, canary = pair
    dialect, ingress, rules = split.fork.dialect, branch.canary.ingress, branch.canary.rules
    annotations = ingress.metadata.annotations or {}
    values = {dialect.present_key(annotations, "weight"): str(written[0])}
    if written[1] != rules.total:
        values[dialect.present_key(annotations, "weight-total")] = str(written[1])
    edit = annotations_edit(ingress, values)
    if edit is None:
        return refused(rollout, ask.act, f"{canary.name} has {percent(share)} already")
    before = rules.share
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{canary.name} {percent(before)} -> {percent(share)}",
        changes=(
            Change(f"{canary.name} in default", percent(before), percent(share)),
            Change(f"{main.name} in default", percent(1 - before), percent(1 - share)),
        ),
        requests=(edit.request,),
        expected=(Expected(DEFAULT, main.name, 1 - share), Expected(DEFAULT, canary.name, share)),
        inverse=(edit.inverse,) if edit.inverse else (),
        undo=f"{canary.name} back to {percent(before)}",
        warnings=weight_warnings(split, branch, pair, share),
        raises=share > before,
        final=share == 1,
    )


def weight_warnings(split: Split, branch: Branch, pair: tuple[Version, Version], share: float) -> tuple[str, ...]:
    main, canary = pair
    found = list(capacity_warnings(main, canary, share))
    rules = branch.canary.rules
    if share == 0 and rules.matches:
        rule = listed([m.text for m in rules.matches])
        found.append(f"requests with {rule} still go to {canary.name}: roll back removes the rule too")
    if share == 1:
        found.append(f"{main.name} must keep a ready pod: without one every request gets 503")
    return (*found, *revert_warnings([branch.canary.ingress]))


def capacity_warnings(main: Version, canary: Version, share: float) -> tuple[str, ...]:
    """A share above the version's part of all ready pods loads each of its pods more than the others."""
    ready = main.ready + canary.ready
    if ready and share > canary.ready / ready + _CLOSE:
        return (f"capacity: {percent(share)} of the traffic on {canary.ready} of {ready} ready pods",)
    return ()


def _service(branch: Branch) -> str:
    return branch.canary.upstream.service if branch.canary.upstream else "(none)"
