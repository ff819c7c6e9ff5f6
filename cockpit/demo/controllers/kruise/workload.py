"""The workload a Rollout releases, with its revisions (openkruise/rollouts pkg/util/controller_finder.go)."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.demo.controllers import deployment_sets
from cockpit.demo.controllers.kruise import names, plan
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.controllers.template_hash import template_hash
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import ADVANCED_STATEFULSETS, CLONESETS
from cockpit.demo.schemas.kinds import DEPLOYMENTS, STATEFULSETS, Kind
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.storage import key_of

KINDS = (DEPLOYMENTS, CLONESETS, STATEFULSETS, ADVANCED_STATEFULSETS)
TYPES = {
    DEPLOYMENTS: "deployment",
    CLONESETS: "cloneset",
    STATEFULSETS: "statefulset",
    ADVANCED_STATEFULSETS: "statefulset",
}


@dataclass(frozen=True)
class Workload:
    """What the controller knows of a workload.

    `canary` is the controller's own hash of the newest template, `template_hash` what pods and Services carry and
    empty until there are new pods. `consistent` says that its status is of its newest spec.
    """

    kind: Kind
    obj: Object
    revision_key: str = names.POD_TEMPLATE_HASH
    stable: str = ""
    canary: str = ""
    template_hash: str = ""
    replicas: int = 0
    consistent: bool = True
    rolls_back: bool = False

    @property
    def progressing(self) -> bool:
        """Whether the webhook let a release begin that has not ended."""
        return names.IN_PROGRESSING in (self.obj["metadata"].get("annotations") or {})


def kind_named(reference: dict[str, str]) -> Kind | None:
    """The kind a reference names, in whatever version; None for one that is not supported here."""
    group = reference.get("apiVersion", "").rpartition("/")[0]
    return next((kind for kind in KINDS if kind.group == group and kind.kind == reference.get("kind")), None)


def find(world: World, rollout: Object) -> Workload | None:
    """The workload of a Rollout; None when there is none."""
    reference = plan.reference_of(rollout)
    kind = kind_named(reference)
    if kind is None:
        return None
    obj = world.storage.peek(kind, rollout["metadata"]["namespace"], reference.get("name", ""))
    if obj is None:
        return None
    if obj["metadata"].get("generation", 1) != (obj.get("status") or {}).get("observedGeneration"):
        return Workload(kind, obj, consistent=False)
    if kind is DEPLOYMENTS:
        if plan.style_of(rollout) == plan.CANARY:
            return _with_extra(world, obj)
        return _advanced(world, obj)
    return _numbered(kind, obj)


def _numbered(kind: Kind, obj: Object) -> Workload:
    """A CloneSet or StatefulSet tells its revisions in its status."""
    status = obj.get("status") or {}
    current, newest = status.get("currentRevision", ""), status.get("updateRevision", "")
    if kind is CLONESETS:
        current, newest = current.rpartition("-")[2], newest.rpartition("-")[2]
    back = current == newest and status.get("updatedReplicas", 0) != status.get("replicas", 0)
    return Workload(
        kind,
        obj,
        names.POD_TEMPLATE_HASH if kind is CLONESETS else names.REVISION_HASH,
        current,
        newest,
        newest,
        wanted(obj),
        rolls_back=back and names.IN_PROGRESSING in (obj["metadata"].get("annotations") or {}),
    )


def _advanced(world: World, obj: Object) -> Workload:
    """A Deployment whose ReplicaSets are both its own; stable is what the webhook noted in a label."""
    stable = (obj["metadata"].get("labels") or {}).get(names.STABLE_REVISION, "")
    workload = Workload(DEPLOYMENTS, obj, stable=stable, canary=revision_of(obj), replicas=wanted(obj))
    if not workload.progressing:
        return workload
    new, _ = new_and_stable(active_sets(world, obj), obj)
    digest = hash_label(new) if new else ""
    return Workload(
        DEPLOYMENTS,
        obj,
        stable=stable,
        canary=workload.canary,
        template_hash=digest,
        replicas=workload.replicas,
        rolls_back=bool(stable) and stable == digest,
    )


def _with_extra(world: World, obj: Object) -> Workload:
    """A Deployment that keeps the old version while another Deployment has the new one."""
    sets = active_sets(world, obj)
    if not sets:
        return Workload(DEPLOYMENTS, obj, consistent=False)
    stable = sets[0]
    found = Workload(DEPLOYMENTS, obj, stable=hash_label(stable), canary=revision_of(obj), replicas=wanted(obj))
    if not found.progressing:
        return found
    same = deployment_sets.plain_template(stable) == deployment_sets.plain_template(obj)
    extra = None if same else latest_extra(world, obj)
    extra_sets = active_sets(world, extra) if extra else []
    return Workload(
        DEPLOYMENTS,
        obj,
        stable=found.stable,
        canary=found.canary,
        template_hash=hash_label(extra_sets[0]) if extra_sets else "",
        replicas=found.replicas,
        rolls_back=same,
    )


def latest_extra(world: World, deployment: Object) -> Object | None:
    """The newest living Deployment that was made for the new version."""
    meta = deployment["metadata"]
    found = [
        other
        for other in world.storage.scan(DEPLOYMENTS, meta["namespace"])
        if (other["metadata"].get("labels") or {}).get(names.CANARY_DEPLOYMENT) == meta["name"]
        and not other["metadata"].get("deletionTimestamp")
    ]
    return max(found, key=lambda other: str(other["metadata"]["creationTimestamp"]), default=None)


def active_sets(world: World, deployment: Object) -> list[Object]:
    """The ReplicaSets of a Deployment that want pods, oldest first."""
    found = [
        rs
        for rs in world.replicasets.under(("owner", deployment["metadata"]["uid"]))
        if wanted(rs) and not rs["metadata"].get("deletionTimestamp")
    ]
    return sorted(found, key=lambda rs: (rs["metadata"].get("creationTimestamp", ""), deployment_sets.revision_of(rs)))


def new_and_stable(sets: list[Object], deployment: Object) -> tuple[Object | None, Object | None]:
    """The ReplicaSet of the Deployment's template, and the one of the lowest revision among the others."""
    template = deployment_sets.plain_template(deployment)
    sets = sorted(sets, key=deployment_sets.revision_of)
    new = next((rs for rs in sets if deployment_sets.plain_template(rs) == template), None)
    return new, next((rs for rs in sets if rs is not new), None)


def hash_label(rs: Object) -> str:
    """The `pod-template-hash` of a ReplicaSet."""
    found: str = (rs["metadata"].get("labels") or {}).get(names.POD_TEMPLATE_HASH, "")
    return found


def revision_of(deployment: Object) -> str:
    """The controller's own hash of a Deployment's template: not the one that the Deployment controller computes."""
    return template_hash({"kruise": deployment_sets.plain_template(deployment)})


def fresh(world: World, workload: Workload) -> Object | None:
    """The workload's object as it is stored."""
    return world.storage.peek(workload.kind, *key_of(workload.kind, workload.obj))
