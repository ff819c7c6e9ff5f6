"""A system made for these tests: an Ingress whose annotation names the Deployment that it leads to, in any cluster."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Deployment, Ingress, Obj
from cockpit.model.plan import Act, ActState, Ask, Change, PatchType, Plan, Refused, Request, Verb
from cockpit.model.refs import DEPLOYMENTS, INGRESSES, Ref, Resource, RolloutKey
from cockpit.model.rights import rights
from cockpit.model.rollout import Phase, Role, Rollout, Version

ROUTE = "/apis/networking.k8s.io/v1/namespaces/shop/ingresses/route"
KEY = RolloutKey("test", "shop", "route", "far")


WRITES = {
    Act.PAUSE: rights("patch", (INGRESSES,)),
    Act.SCALE: rights("patch", (DEPLOYMENTS,)),
    Act.FINISH: rights("delete", (INGRESSES, DEPLOYMENTS)),
}


class Far:
    """Pause annotates the Ingress, scale the Deployment, finish deletes both."""

    id = "far"
    roots: tuple[Resource, ...] = (INGRESSES,)
    needs: tuple[Resource, ...] = (INGRESSES, DEPLOYMENTS)
    writes = WRITES
    cards = ()

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        assert isinstance(root, Ingress)
        name = (root.metadata.annotations or {}).get("runs", "")
        found = objects.get(DEPLOYMENTS, root.metadata.namespace, name)
        versions: tuple[Version, ...] = ()
        if isinstance(found, Deployment):
            ref = Ref(DEPLOYMENTS, root.metadata.namespace, name)
            versions = (Version(name, Role.STABLE, (), ref, found.desired, found.desired),)
        key = RolloutKey(objects.context, root.metadata.namespace, root.metadata.name, self.id)
        acts = tuple(ActState(act, True) for act in (Act.PAUSE, Act.SCALE, Act.FINISH))
        ref = Ref(INGRESSES, key.namespace, key.name)
        return (Rollout(key, "far", Phase.AT_REST, "", versions, (), (ref,), name, acts=acts),)

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        version = rollout.versions[0]
        assert version.workload
        route = rollout.objects[0]
        note = Request(Verb.PATCH, route, {"metadata": {"annotations": {"held": "yes"}}}, PatchType.MERGE)
        scale, back = (_scaled(version.workload, n) for n in (5, version.desired))
        delete = [Request(Verb.DELETE, ref, {"kind": "DeleteOptions"}) for ref in (route, version.workload)]
        requests = {Act.PAUSE: [note], Act.SCALE: [scale], Act.FINISH: delete}[ask.act]
        changes = (Change("pods", str(version.desired), "5"),) if ask.act is Act.SCALE else ()
        inverse = (back,) if ask.act is Act.SCALE else ()
        return Plan(ask.act, rollout.key, str(ask.act), changes, tuple(requests), (), inverse=inverse)


def _scaled(ref: Ref, count: int) -> Request:
    return Request(Verb.PATCH, ref, {"spec": {"replicas": count}}, PatchType.MERGE)
