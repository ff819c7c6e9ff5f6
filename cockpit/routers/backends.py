"""A backend of a router's object: its Service and port, the ready endpoints behind it, the versions there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cockpit.model.lookup import Objects
from cockpit.model.objects import BackendPort, Service
from cockpit.model.values import dataclass
from cockpit.workloads.endpoints import Backing, backing_of, is_alias, port_of, portless_words, selected_pods
from cockpit.workloads.lookups import find_service
from cockpit.workloads.missed import missed_words
from cockpit.workloads.others import Others, outside, together
from cockpit.workloads.owners import workloads_matching
from cockpit.workloads.versions import Candidate, candidate_of, ownerless_candidates


@dataclass(frozen=True, slots=True)
class Upstream:
    """A Service and its port, as a backend names them."""

    service: str
    number: int | None
    port_name: str | None

    @property
    def port(self) -> BackendPort:
        return BackendPort(self.number, self.port_name)

    def __str__(self) -> str:
        return f"{self.service}:{self.port_name or self.number}"


@dataclass(frozen=True, slots=True)
class BackendVersions:
    """One backend: its Service (None if missing), the ready endpoints behind it, the versions there.

    `missed` is which labels its selector has wrong, or which port its ready pods lack, worded like `trouble`; "" if
    nothing speaks for that.
    """

    upstream: Upstream
    service: Service | None
    has_port: bool
    backing: Backing
    candidates: tuple[Candidate, ...]
    missed: str = ""

    @property
    def uids(self) -> tuple[str, ...]:
        return tuple(c.uid for c in self.candidates)

    @property
    def empty(self) -> bool:
        return self.backing.total == 0

    @property
    def trouble(self) -> str:
        """Why nothing answers here, worded to follow "Service NAME"; "" if something does."""
        if self.service is None:
            return "does not exist"
        if not self.has_port:
            return f"has no port {self.upstream.port_name or self.upstream.number}"
        return self.nobody if self.empty else ""

    @property
    def nobody(self) -> str:
        """Why it has no ready pods, worded to follow "Service NAME"."""
        return self.missed or "has no ready pods"

    def fractions(self) -> Mapping[str, float]:
        """How requests spread over the versions here; empty if nothing is ready.

        The fractions sum to 1, or to less if some ready endpoints belong to none of the versions.
        """
        if self.empty or not self.candidates:
            return {}
        counts = {uid: self.backing.count(uid) for uid in self.uids}
        if any(counts.values()):
            return {uid: count / self.backing.total for uid, count in counts.items()}
        # The pods of the endpoints are not read yet: the versions cannot be told apart.
        return {uid: 1 / len(counts) for uid in counts}


def side_of(upstream: Upstream, namespace: str, objects: Objects, *, by_target: bool = False) -> BackendVersions:
    """A backend with what is behind it; without candidates if the Service is missing.

    `by_target`: the gateway also takes the targetPort of a Service for its port.
    """
    service = find_service(objects, namespace, upstream.service)
    if service is None:
        return BackendVersions(upstream, None, False, Backing(), ())
    if is_alias(service):
        # The named port is used at the other end; without pods, one candidate answers for it.
        has_port = not service.spec.ports or port_of(service, upstream.port) is not None
        return BackendVersions(upstream, service, has_port, Backing((("", 1),)), (faceless(upstream, 1),))
    port = port_of(service, upstream.port, by_target=by_target)
    backing = backing_of(service, objects, port) if port else Backing()
    known = [candidate_of(w, objects) for w in workloads_matching(service.spec.selector or {}, namespace, objects)]
    ownerless = ownerless_candidates(selected_pods(service, objects), {c.uid for c in known}, objects)
    # Beside workloads, pods of nobody are no versions: no act leads to them, and they count as others.
    candidates = tuple(known) or ownerless or (faceless(upstream, backing.total),)
    missed = ""
    if port and not backing.total:
        missed = portless_words(service, objects, port)
        missed = missed or ("" if known or ownerless else missed_words(service, objects))
    return BackendVersions(upstream, service, port is not None, backing, candidates, missed)


def faceless(upstream: Upstream, ready: int) -> Candidate:
    """The candidate that answers for a Service whose pods are not known."""
    return Candidate(f"service/{upstream.service}", upstream.service, None, {}, (), (), ready, ready, "")


def outside_sides(sides: Iterable[BackendVersions], objects: Objects) -> Others:
    """Ready endpoints behind these Services that belong to none of their versions."""
    return together(
        [
            outside(side.service, objects, set(side.uids))
            for side in sides
            if side.service and not is_alias(side.service) and any(side.backing.count(uid) for uid in side.uids)
        ]
    )
