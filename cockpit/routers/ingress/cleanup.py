"""Finish: delete the canary Ingress, then the Service and the Deployment that take no traffic any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress, Service, Workload
from cockpit.model.plan import Ask, Change, Plan, Refused
from cockpit.model.rollout import Role, Rollout
from cockpit.routers.ingress.placement import Canary
from cockpit.routers.ingress.split import Branch, Split
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import deletion, ref_to
from cockpit.workloads.findings import listed, percent
from cockpit.workloads.lookups import leading_to, services_selecting
from cockpit.workloads.ownership import controller_ownership, revert_warnings
from cockpit.workloads.versions import Candidate


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What finish deletes, in the safe order, and what it leaves and why."""

    ingresses: tuple[Ingress, ...]
    services: tuple[Service, ...]
    workloads: tuple[Workload, ...]
    kept: tuple[str, ...]

    @property
    def all(self) -> tuple[Ingress | Service | Workload, ...]:
        return (*self.ingresses, *self.services, *self.workloads)


def why_not_finish(split: Split) -> str:
    """Why nothing may be deleted yet."""
    served = split.behind(split.main)
    if len(served) != 1 or split.main.empty or split.hidden:
        names = listed([v.name for v in served])
        return f"main must lead to one version with ready pods before anything is deleted; it leads to {names}"
    attached = [b for b in split.branches if not b.canary.loose]
    if not attached:
        loose = split.branches[0].canary
        return f"canary {loose.ingress.metadata.name} is not attached: {loose.loose}; mend it or delete it by hand"
    waiting = [b.canary.ingress.metadata.name for b in attached if not b.counts]
    if waiting:
        # The first stands in the others' way even where a stray path of its own keeps it from counting.
        first = next((b for b in split.branches if b.counts or b.canary.blocks), split.branches[0])
        name = first.canary.ingress.metadata.name
        return f"without {name} the share of {listed(waiting)} would come into force: delete that one by hand first"
    for branch in split.effective:
        why = _in_use(split, branch)
        if why:
            return why
    return ""


def _in_use(split: Split, branch: Branch) -> str:
    """Why a canary still matters: it sends requests to a version that main does not serve."""
    rules, others = branch.canary.rules, [v for v in split.behind(branch.side) if v not in split.behind(split.main)]
    if others and (rules.share or rules.matches):
        what = percent(rules.share) if rules.share else f"requests with {rules.matches[0].text}"
        return f"{listed([v.name for v in others])} still gets {what}: promote it or roll back first"
    return ""


def plan_finish(split: Split, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    why = why_not_finish(split)
    if why:
        return refused(rollout, ask.act, why)
    found = leftovers(split, objects)
    owner = controller_ownership(found.all, objects)
    if owner:
        return refused(rollout, ask.act, owner.text)
    keep = split.behind(split.main)[0].name
    return _deletion_plan(rollout, ask, found.all, f"{keep} stays", found.kept, objects)


def plan_finish_orphan(canary: Canary, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    """Delete a canary Ingress that has no main."""
    owner = controller_ownership([canary.ingress], objects)
    if owner:
        return refused(rollout, ask.act, owner.text)
    return _deletion_plan(rollout, ask, (canary.ingress,), "it takes no traffic", (), objects)


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
        undo="create what was deleted again; pods need time to get ready",
        warnings=(*kept, *revert_warnings(found, objects)),
        final=True,
    )


def leftovers(split: Split, objects: Objects) -> Leftovers:
    ingresses = tuple(b.canary.ingress for b in split.effective)
    # A version that nothing leads to yet may be one that somebody prepares: only older ones go.
    beside = {uid for b in split.effective if b.side for uid in b.side.uids}
    beside |= {c.uid for c in split.idle if split.version_of(c.uid).role is Role.OLD}
    unused = [c for c in split.candidates if c.uid in beside - set(split.main.uids) and c.workload]
    services, kept = _services(split, unused, {i.metadata.uid for i in ingresses}, objects)
    gone = {s.metadata.name for s in services}
    workloads = []
    for candidate in unused:
        namespace = split.fork.main.metadata.namespace
        still = [s.metadata.name for s in services_selecting(objects, namespace, candidate.labels)]
        still = [name for name in still if name not in gone]
        if still:
            kept.append(f"{candidate.title} stays: Service {listed(still)} leads to it")
        elif candidate.workload:
            workloads.append(candidate.workload)
    return Leftovers(ingresses, services, tuple(workloads), tuple(kept))


def _services(
    split: Split, unused: list[Candidate], leaving: set[str], objects: Objects
) -> tuple[tuple[Service, ...], list[str]]:
    """Services that only the canary or an unused version needs, and why others of them stay."""
    namespace = split.fork.main.metadata.namespace
    found = {b.side.service.metadata.name: b.side.service for b in split.effective if b.side and b.side.service}
    for candidate in unused:
        found |= {s.metadata.name: s for s in services_selecting(objects, namespace, candidate.labels)}
    found.pop(split.fork.upstream.service, None)
    gone, kept = [], []
    for name, service in sorted(found.items()):
        users = [t for t, user in leading_to(objects, namespace, name).items() if user.metadata.uid not in leaving]
        if users:
            kept.append(f"Service {name} stays: {listed(users)} leads to it")
        elif service.spec.type in {"LoadBalancer", "NodePort"}:
            kept.append(f"Service {name} stays: it is of type {service.spec.type} and can be reached from outside")
        else:
            kept.append(f"Service {name} may be called by name inside the cluster: nothing here can tell")
            gone.append(service)
    return tuple(gone), kept
