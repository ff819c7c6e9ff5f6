"""Who gets traffic: the stable and the canary Service and whatever stands in front of them (pkg/trafficrouting)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from cockpit.demo.controllers.kruise import plan
from cockpit.demo.controllers.kruise.gatewayroutes import GatewayRoutes
from cockpit.demo.controllers.kruise.ingresses import CanaryIngress
from cockpit.demo.controllers.kruise.meshes import Meshes
from cockpit.demo.controllers.kruise.names import GRACE, MANAGER, POD_TEMPLATE_HASH
from cockpit.demo.controllers.kruise.release import Release
from cockpit.demo.controllers.kruise.status import owner_reference
from cockpit.demo.controllers.kruise.writes import patch
from cockpit.demo.controllers.podstate import parse_time
from cockpit.demo.errors import NotFound
from cockpit.demo.schemas.kinds import SERVICES
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.storage import not_found

NOT_COPIED = ("clusterIP", "clusterIPs", "externalIPs", "ipFamilyPolicy", "ipFamilies", "loadBalancerIP")


class Provider(Protocol):
    """One kind of object that directs traffic."""

    def check(self) -> None:
        """NotFound when the object that directs traffic is not there."""

    def ensure(self, step: dict[str, Any]) -> bool:
        """Bring it towards what a step asks for; whether there was nothing left to do."""

    def restore(self) -> bool:
        """Send everything to the stable Service again; whether anything changed."""


def providers(release: Release, routing: dict[str, Any]) -> list[Provider]:
    """What directs the traffic of a Rollout."""
    stable, canary, rollout = routing["service"], canary_name(release, routing), release.rollout
    found: list[Provider] = []
    if routing.get("customNetworkRefs"):
        found.append(Meshes(release.world, rollout, routing["customNetworkRefs"], stable, canary))
    if routing.get("ingress"):
        found.append(CanaryIngress(release.world, rollout, routing["ingress"], stable, canary))
    if routing.get("gateway"):
        found.append(GatewayRoutes(release.world, rollout, routing["gateway"], stable, canary))
    return found


def canary_name(release: Release, routing: dict[str, Any]) -> str:
    """The Service of the new pods."""
    service: str = routing["service"]
    return f"{service}-canary" if plan.makes_canary_service(release.rollout) else service


def check(release: Release) -> None:
    """NotFound when the Service, or what stands before it, is not there."""
    routing = plan.routing_of(release.rollout)
    if routing is None:
        return
    if _service(release, routing["service"]) is None:
        raise not_found(SERVICES, routing["service"])
    for provider in providers(release, routing):
        provider.check()


def do(release: Release) -> bool:
    """Bring Services and routes towards the step; whether there was nothing left to do."""
    routing = plan.routing_of(release.rollout)
    if routing is None or not plan.is_routed(release.step):
        return True
    stable = _service(release, routing["service"])
    if stable is None or _since_change(release) < (plan.grace_of(release.rollout) or 3.0):
        return False
    if plan.makes_canary_service(release.rollout):
        sub = release.sub
        if not sub.get("stableRevision") or not sub.get("podTemplateHash"):
            return False
        changed = _ensure_canary_service(release, stable, canary_name(release, routing))
        if _select(release, stable, sub["stableRevision"]) or changed:
            release.touch()
            return False
    done = [provider.ensure(release.step) for provider in providers(release, routing)]
    return all(done)


def _since_change(release: Release) -> float:
    return release.world.clock.now() - parse_time(release.sub.get("lastUpdateTime"))


def pin_stable(release: Release) -> float | None:
    """Let the stable Service select old pods only; seconds to wait, None when done."""
    routing = plan.routing_of(release.rollout)
    if routing is None:
        return None
    if not plan.makes_canary_service(release.rollout):
        # The real controller looks again and again and never goes on.
        return float(GRACE)
    stable = _service(release, routing["service"])
    if stable is None:
        raise not_found(SERVICES, routing["service"])
    return _waiting(
        release, stable, "patchService", lambda: _select(release, stable, release.sub.get("stableRevision"))
    )


def restore_stable(release: Release) -> float | None:
    """Let the stable Service select pods of every version again."""
    routing = plan.routing_of(release.rollout)
    stable = _service(release, routing["service"]) if routing else None
    if stable is None:
        return None
    return _waiting(release, stable, "restoreService", lambda: _select(release, stable, None))


def restore_gateway(release: Release) -> float | None:
    """Take the canary's rules away."""
    routing = plan.routing_of(release.rollout)
    if routing is None:
        return None

    def change() -> bool:
        # Each provider gets its turn, whatever the others did.
        changes = [provider.restore() for provider in providers(release, routing)]
        return any(changes)

    return _waiting(release, release.rollout, "restoreGateway", change)


def route_to_new(release: Release) -> float | None:
    """Send everything to the new version."""
    routing = plan.routing_of(release.rollout)
    if routing is None:
        return None

    def change() -> bool:
        done = [provider.ensure({"traffic": "100%"}) for provider in providers(release, routing)]
        return not all(done)

    return _waiting(release, release.rollout, "updateRoute", change)


def remove_canary_service(release: Release) -> float | None:
    """Delete the Service of the new pods."""
    routing = plan.routing_of(release.rollout)
    if routing is None or not plan.makes_canary_service(release.rollout):
        return None

    def change() -> bool:
        try:
            release.world.storage.delete(
                SERVICES, release.rollout["metadata"]["namespace"], f"{routing['service']}-canary"
            )
        except NotFound:
            return False
        return True

    return _waiting(release, release.rollout, "removeCanaryService", change)


def tear_down(release: Release) -> float | None:
    """Everything as it was before the release, one thing after the other."""
    if release.legacy:
        return tear_down_legacy(release)
    for undo in (restore_stable, restore_gateway, remove_canary_service):
        wait = undo(release)
        if wait is not None:
            return wait
    return None


def tear_down_legacy(release: Release) -> float | None:
    """As releases up to 0.5 do it: the stable Service widened first, then weight 0, and all rules at once."""
    wait = restore_stable(release)
    routing = plan.routing_of(release.rollout)
    if wait is not None or routing is None:
        return wait
    there = _service(release, f"{routing['service']}-canary") is not None
    if there:
        done = [provider.ensure({"traffic": "0%"}) for provider in providers(release, routing)]
        if not all(done):
            release.touch()
    left = plan.grace_of(release.rollout) - _since_change(release)
    if there and left > 0:
        return left
    for provider in providers(release, routing):
        provider.restore()
    if there:
        release.world.storage.delete(SERVICES, release.rollout["metadata"]["namespace"], f"{routing['service']}-canary")
    return None


def _waiting(release: Release, about: Object, action: str, change: Callable[[], bool]) -> float | None:
    def noted() -> bool:
        changed = change()
        if changed:
            release.touch()
        return changed

    key, grace = (about["metadata"]["uid"], action), plan.grace_of(release.rollout)
    return release.grace.wait(key, grace, release.world.clock.now(), noted)


def _service(release: Release, name: str) -> Object | None:
    return release.world.storage.peek(SERVICES, release.rollout["metadata"]["namespace"], name)


def _key(release: Release) -> str:
    return release.workload.revision_key if release.workload else POD_TEMPLATE_HASH


def _select(release: Release, service: Object, revision: str | None) -> bool:
    """Narrow a Service to one revision, or widen it again; whether anything changed."""
    key = _key(release)
    if (service["spec"].get("selector") or {}).get(key) == revision:
        return False
    patch(release.world, SERVICES, service, {"spec": {"selector": {key: revision}}})
    return True


def _ensure_canary_service(release: Release, stable: Object, name: str) -> bool:
    """Have the Service of the new pods; whether anything changed."""
    there = _service(release, name)
    revision = release.sub["podTemplateHash"]
    if there is not None:
        return _select(release, there, revision)
    spec = {key: value for key, value in copied(stable["spec"]).items() if key not in NOT_COPIED}
    spec["selector"] = {**(spec.get("selector") or {}), _key(release): revision}
    extra = (plan.strategy_of(release.rollout).get("patchPodTemplateMetadata") or {}).get("labels") or {}
    spec["selector"] |= {key: value for key, value in extra.items() if key in spec["selector"]}
    for port in spec.get("ports") or []:
        port.pop("nodePort", None)
    release.world.storage.create(
        SERVICES,
        {
            "metadata": {
                "name": name,
                "namespace": stable["metadata"]["namespace"],
                "ownerReferences": [owner_reference(release.rollout)],
            },
            "spec": spec,
        },
        manager=MANAGER,
    )
    return True
