"""Which pods are behind a Service port, by its EndpointSlices."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cockpit.demo.controllers.world import SERVICE_LABEL, World
from cockpit.demo.gateway.http1 import Reply
from cockpit.demo.gateway.rules import Upstream
from cockpit.demo.pods.answers import Profile, profile_of
from cockpit.demo.schemas.kinds import ENDPOINTSLICES, PODS, SERVICES
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.history import Event, Key
from cockpit.demo.store.storage import key_of

CLUSTER = ".svc.cluster.local"
# Names that lead to names end somewhere.
HOPS = 3


@dataclass(frozen=True)
class Endpoint:
    """One pod and the port that a Service port leads to."""

    pod: Key
    uid: str
    port: int
    address: str = ""


class Endpoints:
    """Ready endpoints per Service port and profiles per pod, each read again only after a change."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ready: dict[Upstream, tuple[Endpoint, ...]] = {}
        self._named: dict[Key, set[Upstream]] = {}
        self._profiles: dict[Key, tuple[str, Profile]] = {}
        self._turns: dict[Upstream, int] = {}
        # What a pod gets that asks for a URL; without a mesh nothing answers.
        self.call: Callable[[Profile, str], Reply] = lambda profile, url: Reply(503)

    def follow(self, event: Event) -> None:
        """Forget what a write has made stale."""
        if event.kind is PODS:
            self._profiles.pop(key_of(PODS, event.obj), None)
            if event.old and event.old["metadata"].get("labels") != event.obj["metadata"].get("labels"):
                self._forget_subsets()
        elif event.kind is SERVICES:
            self._forget(key_of(SERVICES, event.obj))
        elif event.kind is ENDPOINTSLICES:
            for obj in (event.obj, event.old):
                name = (obj["metadata"].get("labels") or {}).get(SERVICE_LABEL) if obj else None
                if obj and name:
                    self._forget((obj["metadata"]["namespace"], name))

    def ready(self, upstream: Upstream) -> tuple[Endpoint, ...]:
        """The ready endpoints of a Service port, each pod once."""
        found = self._ready.get(upstream)
        if found is None:
            found = self._ready[upstream] = self._look_up(upstream)
            self._named.setdefault((upstream.namespace, upstream.service), set()).add(upstream)
        return found

    def answers(self, upstream: Upstream) -> bool:
        """Whether a proxy has an address for a Service port: that of a ready endpoint, or an external name.

        Whether anybody answers under the name is only known once it is asked.
        """
        return bool(self.ready(upstream)) or self._is_external(upstream)

    def next(self, upstream: Upstream, rng: random.Random) -> Endpoint | None:
        """The endpoints in turn, as a gateway balances requests; the first is drawn."""
        ready = self.ready(upstream)
        if not ready:
            return None
        turn = self._turns.get(upstream)
        turn = rng.randrange(len(ready)) if turn is None else turn + 1
        self._turns[upstream] = turn
        return ready[turn % len(ready)]

    def profile(self, endpoint: Endpoint) -> Profile | None:
        """How the pod answers; None when it is gone or does not listen on that port."""
        known = self._profiles.get(endpoint.pod)
        if known is None:
            pod = self._world.storage.peek(PODS, *endpoint.pod)
            if pod is None:
                return None
            known = self._profiles[endpoint.pod] = (pod["metadata"]["uid"], profile_of(pod))
        uid, profile = known
        return profile if uid == endpoint.uid and endpoint.port in profile.ports else None

    def _forget(self, service: Key) -> None:
        for upstream in self._named.pop(service, ()):
            self._ready.pop(upstream, None)
            self._turns.pop(upstream, None)

    def _forget_subsets(self) -> None:
        for upstream in [upstream for upstream in self._ready if upstream.labels]:
            del self._ready[upstream]

    def _is_external(self, upstream: Upstream) -> bool:
        service = self._world.storage.peek(SERVICES, upstream.namespace, upstream.service)
        known = service is not None and (service.get("spec") or {}).get("type") == "ExternalName"
        return known and (upstream.port.isdecimal() or port_name(service or {}, upstream.port) is not None)

    def _look_up(self, upstream: Upstream, hops: int = HOPS) -> tuple[Endpoint, ...]:
        service = self._world.storage.peek(SERVICES, upstream.namespace, upstream.service)
        spec = (service or {}).get("spec") or {}
        if spec.get("type") == "ExternalName":
            return self._behind_name(str(spec.get("externalName") or ""), upstream, hops)
        name = port_name(service, upstream.port) if service else None
        if name is None:
            return ()
        found = {
            endpoint.uid: endpoint
            for piece in self._world.slices.under(("service", upstream.namespace, upstream.service))
            for endpoint in ready_in(piece, name)
        }
        return tuple(endpoint for endpoint in found.values() if self._has(endpoint, upstream.labels))

    def _behind_name(self, name: str, upstream: Upstream, hops: int) -> tuple[Endpoint, ...]:
        """The pods of an external name that is a Service of this cluster; no other external name can be reached."""
        service, dot, namespace = name.rstrip(".").removesuffix(CLUSTER).partition(".")
        if hops <= 0 or not name.rstrip(".").endswith(CLUSTER) or not dot or "." in namespace:
            return ()
        self._named.setdefault((namespace, service), set()).add(upstream)
        return self._look_up(Upstream(namespace, service, upstream.port, upstream.labels), hops - 1)

    def _has(self, endpoint: Endpoint, labels: tuple[tuple[str, str], ...]) -> bool:
        pod = self._world.storage.peek(PODS, *endpoint.pod) if labels else None
        return not labels or set(labels) <= set(((pod or {}).get("metadata", {}).get("labels") or {}).items())


def port_name(service: Object, port: str) -> str | None:
    """The name of a Service's TCP port, which slices carry, given its number or name; None without such a port."""
    for entry in (service.get("spec") or {}).get("ports") or []:
        name = entry.get("name") or ""
        if str(entry.get("port")) == port or (name and name == port):
            return str(name)
    return None


def ready_in(piece: Object, name: str) -> Iterator[Endpoint]:
    """The ready endpoints of an EndpointSlice for the Service port of that name."""
    ports = [entry.get("port") for entry in piece.get("ports") or [] if (entry.get("name") or "") == name]
    if not ports or not isinstance(ports[0], int):
        return
    for entry in piece.get("endpoints") or []:
        target: dict[str, Any] = entry.get("targetRef") or {}
        # A slice that does not say counts as ready.
        if (entry.get("conditions") or {}).get("ready") is False or target.get("kind") != "Pod":
            continue
        pod = (str(target.get("namespace") or piece["metadata"]["namespace"]), str(target.get("name")))
        addresses = entry.get("addresses") or [""]
        yield Endpoint(pod, str(target.get("uid")), ports[0], str(addresses[0]))
