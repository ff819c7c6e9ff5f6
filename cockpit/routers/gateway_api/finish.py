"""Finish: remove the backends without a share from a route, then delete the Services and workloads behind them."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from cockpit.model.advice import telling
from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj, Service, Workload
from cockpit.model.plan import Act, Ask, Change, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.model.values import dataclass
from cockpit.planning.edits import deletion, ref_to
from cockpit.planning.finish import CleanUp, RemovableVersions, removable_versions
from cockpit.planning.ownership import revert_warnings
from cockpit.planning.readiness import without_pods
from cockpit.planning.refusals import refused
from cockpit.planning.step_acts import removal
from cockpit.planning.steps import Stepping
from cockpit.planning.wording import UNDO_DELETION
from cockpit.routers.gateway_api.routes import ref_to_route
from cockpit.routers.gateway_api.set_weight import default_shares, lane_texts, rules_elsewhere
from cockpit.routers.gateway_api.split import HttpRouteSplit, RuleBackends, WeightedBackend
from cockpit.routers.gateway_api.write import whole_edit
from cockpit.workloads.findings import listed, percent

_CLOSE = 1e-9


@dataclass(frozen=True, slots=True)
class RouteLeftovers:
    """The version that stays, those that go, and the places of their backends: index of the rule and in it."""

    keep: Version
    versions: RemovableVersions
    places: frozenset[tuple[int, int]]


def why_not_finish(split: HttpRouteSplit) -> str:
    """Why nothing can be deleted yet."""
    found = _goal(split, None)
    return found if isinstance(found, str) else ""


def _goal(split: HttpRouteSplit, asked: str | None) -> RouteLeftovers | str:
    """What goes and what stays; as text, why nothing can go yet."""
    keep = _kept(split)
    if isinstance(keep, str):
        return keep
    others = [text for rule_backends in rules_elsewhere(split, keep) for text in lane_texts(rule_backends)]
    if others:
        return telling(
            f"requests with {listed(others)} still go to another version: promote it, or roll back first",
            Act.PROMOTE,
            Act.ROLLBACK,
        )
    found = removable_versions(split.named, keep.name, asked)
    if isinstance(found, str):
        return found
    places = frozenset(
        _at(rule_backends, weighted)
        for rule_backends in split.plain
        for weighted in rule_backends.weighted_backends
        if _goes(weighted, found, asked)
    )
    return RouteLeftovers(keep, found, places) if places else found.why_none


def _goes(weighted: WeightedBackend, found: RemovableVersions, asked: str | None) -> bool:
    """Whether a backend leads only to versions that go; unasked also one without a share whose Service is missing."""
    missing = weighted.backend.is_service and weighted.side.service is None
    return (missing and asked is None and not weighted.backend.weight) or found.uids.issuperset(weighted.uids)


def _kept(split: HttpRouteSplit) -> Version | str:
    """The version that takes every plain request in every rule; as text, why there is none."""
    if not split.plain:
        return "no rule takes plain requests, so it is unclear which version stays: delete by hand"
    shares = default_shares(split)
    taking = [v for v in split.versions if shares[v.name] > _CLOSE]
    if len(taking) != 1:
        parts = ", ".join(f"{v.name} {percent(shares[v.name])}" for v in taking) or "none"
        return telling(
            f"no single version takes all requests ({parts}): promote one or roll back first", Act.PROMOTE, Act.ROLLBACK
        )
    keep = taking[0]
    if not keep.ready:
        return without_pods(keep, split.versions, split.place)
    for rule_backends in split.plain:
        if any(
            v != keep and weighted.backend.weight
            for weighted in rule_backends.weighted_backends
            for v in split.behind(weighted)
        ):
            return telling(
                f"rule {rule_backends.rule.index + 1} still gives another version a share: promote {keep.name} first",
                Act.PROMOTE,
            )
    return keep


def plan_finish(
    split: HttpRouteSplit, rollout: Rollout, ask: Ask, stepping: Stepping, objects: Objects
) -> Plan | Refused:
    goal = _goal(split, ask.version)
    if isinstance(goal, str):
        return refused(rollout, ask.act, goal)
    keep, rules = goal.keep, _trimmed(split, goal)
    found = _left_behind(split, goal, rules).leftovers(objects)
    ref = ref_to_route(split.route, objects)
    trimmed = whole_edit(ref, split.every, rules, removal(stepping)).request
    refs = [ref_to(subject) for subject in found.gone]
    gone = [
        weighted.backend.service
        for rule_backends in split.plain
        for weighted in rule_backends.weighted_backends
        if _at(rule_backends, weighted) in goal.places
    ]
    names = [f"backend {name}" for name in dict.fromkeys(gone)]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{keep.name} stays; remove {listed(names)} from {ref}"
        + (f"; delete {listed([str(r) for r in refs])}" if refs else ""),
        changes=(
            *(Change(f"{name} of {ref}", "unused", "removed") for name in names),
            *(Change(str(r), "unused", "deleted") for r in refs),
        ),
        requests=(trimmed, *(deletion(subject).request for subject in found.gone)),
        expected=(),
        gone=tuple(refs),
        undo=UNDO_DELETION,
        warnings=(*found.warnings, *revert_warnings([split.route, *found.gone], objects)),
        final=True,
    )


def _at(rule_backends: RuleBackends, weighted: WeightedBackend) -> tuple[int, int]:
    return (rule_backends.rule.index, weighted.backend.index)


def _trimmed(split: HttpRouteSplit, goal: RouteLeftovers) -> list[Any]:
    """All rules except those that single requests out, without the backends that go; a rule keeps its last one."""
    each_rule = {rule_backends.rule.index: rule_backends for rule_backends in split.each_rule}
    found = []
    for rule in split.every:
        rule_backends = each_rule.get(rule.index)
        if rule_backends is None:
            found.append(rule.raw)
        elif rule_backends.plain:
            stays = [
                weighted.backend.raw
                for weighted in rule_backends.weighted_backends
                if _at(rule_backends, weighted) not in goal.places
            ]
            found.append({**rule.raw, "backendRefs": stays} if stays else rule.raw)
    return found


def _left_behind(split: HttpRouteSplit, goal: RouteLeftovers, rules: list[Any]) -> CleanUp:
    """What only the versions that go need; `rules` are the route's after the plan."""
    sides = [
        weighted.side
        for rule_backends in split.plain
        for weighted in rule_backends.weighted_backends
        if _at(rule_backends, weighted) in goal.places
    ]
    services = {side.service.metadata.name: side.service for side in sides if side.service}
    after = replace(split.route, spec={**split.route.spec, "rules": rules})
    needed = set(after.index_keys())

    def released(user: Obj, service: Service, workload: Workload | None) -> bool:
        return user.metadata.uid == split.route.metadata.uid and f"service={service.metadata.name}" not in needed

    return CleanUp(
        namespace=split.route.metadata.namespace,
        services=list(services.values()),
        workloads=[c.workload for c in goal.versions.candidates if c.workload],
        stays=[split.candidates[split.versions.index(goal.keep)].uid],
        released=released,
        kept=goal.versions.kept,
    )
