"""A system made for these tests: a Service whose selector names one of several Deployments of an app."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import Deployment, Obj, Service
from cockpit.model.plan import (
    Act,
    ActState,
    Ask,
    Change,
    Expected,
    PatchType,
    Plan,
    Refused,
    Request,
    Verb,
)
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import DEPLOYMENTS, PODS, SERVICES, Ref, Resource, RolloutKey
from cockpit.model.rights import rights
from cockpit.model.rollout import Lane, Phase, Role, Rollout, Share, Version

_SELECTOR = rights("patch", (SERVICES,))
WRITES = {
    Act.FLIP: _SELECTOR,
    **dict.fromkeys((Act.FINISH, Act.PROMOTE), (*_SELECTOR, *rights("delete", (DEPLOYMENTS,)))),
}


class Flip:
    """Flips the selector; finish deletes the Deployments that get no traffic; promote does both."""

    id = "flip"
    roots: tuple[Resource, ...] = (SERVICES,)
    needs: tuple[Resource, ...] = (SERVICES, DEPLOYMENTS, PODS)
    writes = WRITES
    cards = ()

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        assert isinstance(root, Service)
        selector = root.spec.selector or {}
        if "version" not in selector:
            return ()
        if "poison" in (root.metadata.labels or {}):
            raise RuntimeError("poisoned \x1b[31m")
        versions = self._versions(root, objects)
        key = RolloutKey(objects.context, root.metadata.namespace, root.metadata.name, "manual")
        active = selector["version"]
        shares = tuple(Share(v.name, 1.0 * (v.name == active), 1.0 * (v.name == active)) for v in versions)
        ref = Ref(SERVICES, key.namespace, key.name)
        return (
            Rollout(
                key=key,
                router="service",
                phase=Phase.AT_REST,
                message="",
                versions=versions,
                lanes=(Lane("default", "", shares),),
                objects=(ref,),
                epoch=f"{selector}",
                acts=(ActState(Act.FLIP, True), ActState(Act.ABORT, False, "nothing to abort")),
                probe_target=ProbeTarget("127.0.0.1", 80, "shop.test"),
            ),
        )

    def _versions(self, root: Service, objects: Objects) -> tuple[Version, ...]:
        app = (root.spec.selector or {}).get("app", "")
        found = objects.keyed(DEPLOYMENTS, root.metadata.namespace, f"app={app}")
        return tuple(
            Version(
                name=d.template_labels.get("version", "?"),
                role=Role.ACTIVE,
                images=(),
                workload=Ref(DEPLOYMENTS, d.metadata.namespace, d.metadata.name),
                ready=len(objects.selected(PODS, root.metadata.namespace, d.template_labels)),
                desired=d.desired,
            )
            for d in found
            if isinstance(d, Deployment)
        )

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        service = objects.get(SERVICES, rollout.key.namespace, rollout.key.name)
        assert isinstance(service, Service)
        active = (service.spec.selector or {})["version"]
        wanted = ask.version or active
        version = rollout.version(wanted)
        if version is None:
            return Refused(ask.act, rollout.key, f"no version {wanted}")
        if not version.ready and wanted != active:
            return Refused(ask.act, rollout.key, f"{wanted} has no ready pods")
        flip = _flip(rollout.objects[0], service, active, wanted)
        plan = Plan(
            act=ask.act,
            rollout=rollout.key,
            title=f"{ask.act} {wanted}",
            changes=(Change("selector version", active, wanted),),
            requests=(flip,) if wanted != active else (),
            expected=tuple(Expected("default", v.name, 1.0 * (v.name == wanted)) for v in rollout.versions),
            inverse=(_back(rollout.objects[0], wanted, active),),
            raises=True,
        )
        if ask.act is Act.FLIP:
            return plan
        others = [v for v in rollout.versions if v.name != wanted and v.workload]
        refs = tuple(v.workload for v in others if v.workload)
        return replace(
            plan,
            requests=(*plan.requests, *(_delete(ref, objects) for ref in refs)),
            gone=refs,
            expected=(Expected("default", wanted, 1.0),),
            final=True,
        )


def _flip(ref: Ref, service: Service, active: str, wanted: str) -> Request:
    body = {
        "metadata": {"resourceVersion": service.metadata.resource_version},
        "spec": {"selector": {"version": wanted}},
    }
    return Request(Verb.PATCH, ref, body, PatchType.MERGE, guard=f"version is {active}")


def _back(ref: Ref, written: str, before: str) -> Request:
    path = "/spec/selector/version"
    body = [{"op": "test", "path": path, "value": written}, {"op": "replace", "path": path, "value": before}]
    return Request(Verb.PATCH, ref, body, PatchType.JSON)


def _delete(ref: Ref, objects: Objects) -> Request:
    found = objects.get(ref.resource, ref.namespace, ref.name)
    uid = found.metadata.uid if found else ""
    return Request(Verb.DELETE, ref, {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid}})
