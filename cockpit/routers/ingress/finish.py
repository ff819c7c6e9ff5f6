"""Finish: delete the canary Ingress, then the Service and the Deployment that no longer take traffic."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.advice import telling
from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress, Service, Workload
from cockpit.model.plan import Act, Ask, Change, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.model.values import dataclass
from cockpit.planning.edits import deletion, ref_to
from cockpit.planning.finish import CleanUp, RemovableVersions, removable_versions
from cockpit.planning.ownership import revert_warnings, why_managed
from cockpit.planning.refusals import refused
from cockpit.planning.wording import UNDO_DELETION
from cockpit.routers.ingress.placement import CanaryIngress
from cockpit.routers.ingress.split import CanarySplit, PlacedCanary
from cockpit.workloads.findings import listed, percent
from cockpit.workloads.lookups import services_selecting


@dataclass(frozen=True, slots=True)
class CanaryLeftovers:
    """The version that stays, those that go, and the canary Ingresses that lead to nothing else."""

    keep: Version
    versions: RemovableVersions
    ingresses: tuple[PlacedCanary, ...]


def why_not_finish(split: CanarySplit) -> str:
    """Why nothing can be deleted yet."""
    found = _goal(split, None)
    return found if isinstance(found, str) else ""


def _goal(split: CanarySplit, asked: str | None) -> CanaryLeftovers | str:
    """What goes and what stays; as text, why nothing can go yet."""
    if why := _why_not_yet(split):
        return why
    keep = split.behind(split.main)[0]
    found = removable_versions(split.named, keep.name, asked)
    if isinstance(found, str):
        return found
    # Unasked, an Ingress that leads to the main's own version or to no Service goes as well.
    gone = found.uids if asked else found.uids | set(split.main.uids)
    leaving = tuple(
        b for b in split.effective if (not asked or b.side) and gone.issuperset(b.side.uids if b.side else ())
    )
    return CanaryLeftovers(keep, found, leaving) if leaving or found.candidates else found.why_none


def _why_not_yet(split: CanarySplit) -> str:
    """Why the release is not over."""
    served = split.behind(split.main)
    if len(served) != 1 or split.main.empty or split.hidden:
        names = listed([v.name for v in served])
        return f"main routes to {names}: first route it to one version with ready pods"
    attached = [b for b in split.placed_canaries if not b.canary.loose]
    if not attached:
        loose = split.placed_canaries[0].canary
        return f"canary {loose.ingress.metadata.name} is not attached: {loose.loose}; fix it or delete it by hand"
    waiting = [b.canary.ingress.metadata.name for b in attached if not b.counts]
    if waiting:
        # The first blocks the others even if a unmatched path keeps it from counting.
        first = next((b for b in split.placed_canaries if b.counts or b.canary.blocks), split.placed_canaries[0])
        name = first.canary.ingress.metadata.name
        return f"without {name} the share of {listed(waiting)} would take effect: delete that one by hand first"
    for placed in split.effective:
        why = _in_use(split, placed)
        if why:
            return why
    return ""


def _in_use(split: CanarySplit, placed: PlacedCanary) -> str:
    """Why a canary still matters: it sends requests to a version that main does not serve."""
    rules, others = placed.canary.rules, [v for v in split.behind(placed.side) if v not in split.behind(split.main)]
    if others and (rules.share or rules.matches):
        what = percent(rules.share) if rules.share else f"requests with {rules.matches[0].text}"
        return telling(
            f"{listed([v.name for v in others])} still gets {what}: promote it, or roll back first",
            Act.PROMOTE,
            Act.ROLLBACK,
        )
    return ""


def plan_finish(split: CanarySplit, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    goal = _goal(split, ask.version)
    if isinstance(goal, str):
        return refused(rollout, ask.act, goal)
    ingresses = [b.canary.ingress for b in goal.ingresses]
    if why := why_managed(ingresses, objects):
        return refused(rollout, ask.act, why)
    found = _left_behind(split, goal, objects).leftovers(objects)
    if not ingresses and not found.gone:
        return refused(rollout, ask.act, f"nothing can be deleted: {listed(list(found.kept))}")
    return _deletion_plan(rollout, ask, (*ingresses, *found.gone), f"{goal.keep.name} stays", found.warnings, objects)


def plan_finish_orphan(canary: CanaryIngress, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """Delete a canary Ingress that has no main."""
    if why := why_managed([canary.ingress], objects):
        return refused(rollout, ask.act, why)
    note = "its share goes to its main" if canary.unseen else "it takes no traffic"
    return _deletion_plan(rollout, ask, (canary.ingress,), note, (canary.unseen,) if canary.unseen else (), objects)


def _deletion_plan(
    rollout: Rollout,
    ask: Ask,
    found: Sequence[Ingress | Service | Workload],
    note: str,
    kept: tuple[str, ...],
    objects: Objects,
) -> Plan:
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"delete {listed([str(ref_to(o)) for o in found])}; {note}",
        changes=tuple(Change(str(ref_to(o)), "unused", "deleted") for o in found),
        requests=tuple(deletion(o).request for o in found),
        expected=(),
        gone=tuple(ref_to(o) for o in found),
        undo=UNDO_DELETION,
        warnings=(*kept, *revert_warnings(found, objects)),
        final=True,
    )


def _left_behind(split: CanarySplit, goal: CanaryLeftovers, objects: Objects) -> CleanUp:
    """Services and workloads that only the versions that go need, or the canary Ingresses that are deleted first."""
    namespace, leaving = (
        split.placement.main.metadata.namespace,
        {b.canary.ingress.metadata.uid for b in goal.ingresses},
    )
    found = {b.side.service.metadata.name: b.side.service for b in goal.ingresses if b.side and b.side.service}
    for candidate in goal.versions.candidates:
        # Main routed to an idle version through the one Service that selects it; of several it is unknown which one.
        own = services_selecting(objects, namespace, candidate.labels)
        if len(own) == 1:
            found[own[0].metadata.name] = own[0]
    found.pop(split.placement.upstream.service, None)
    return CleanUp(
        namespace=namespace,
        services=[found[name] for name in sorted(found)],
        workloads=[c.workload for c in goal.versions.candidates if c.workload],
        stays=split.main.uids,
        released=lambda user, service, workload: user.metadata.uid in leaving,
        kept=goal.versions.kept,
    )
