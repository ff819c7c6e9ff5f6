"""The name of a rollout: that of the object that users reach, which stays the same when versions come and go.

That is a route that routes nowhere else, else the Service, else the workload. Earlier and possible later names are
kept as aliases, so that scripts and notes keep working.
"""

from __future__ import annotations

from cockpit.model.kinds import KINDS
from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress, Obj, Service, Workload
from cockpit.model.values import dataclass
from cockpit.workloads.lookups import find_service, leading_to, services_selecting
from cockpit.workloads.meant import Meant
from cockpit.workloads.owners import ref_of, workloads_matching
from cockpit.workloads.probe_targets import is_canary


@dataclass(frozen=True, slots=True)
class ReachedName:
    """The name and its aliases."""

    name: str
    others: tuple[str, ...] = ()


def name_of_service(service: Service, objects: Objects) -> ReachedName:
    """The name of a rollout that is switched by a Service's selector."""
    routes = _routes_to(service, objects)
    own = service.metadata.name
    name = routes[0].metadata.name if len(routes) == 1 and _is_free(routes[0], service, objects) else own
    return ReachedName(name, _without(name, own, *(route.metadata.name for route in routes)))


def name_of_workload(workload: Workload, objects: Objects, meant: Meant | None = None) -> ReachedName:
    """The name of a rollout of one workload: that of its Service, if the Service selects no other workload.

    Where none selects it, or users are sent elsewhere, `meant` is the Service that should; only one with its name is
    certain before pods are read.
    """
    own, namespace = workload.metadata.name, workload.metadata.namespace
    selecting = services_selecting(objects, namespace, workload.template_labels)
    if meant is not None and meant.service is not None and meant.name == own and (meant.routes or not selecting):
        selecting = (meant.service, *selecting)
    reached = [name_of_service(service, objects) for service in selecting]
    known = _without("", own, *(name for found in reached for name in (found.name, *found.others)))
    service = _only(workload, selecting, objects)
    name = next((found.name for s, found in zip(selecting, reached, strict=True) if s is service), own)
    rival = objects.get(ref_of(workload).resource, namespace, name) if name != own else None
    name = own if rival else name
    return ReachedName(name, _without(name, *known))


def _only(workload: Workload, selecting: tuple[Service, ...], objects: Objects) -> Service | None:
    """The Service that users reach it by: the one with its name, else the only one that is not headless."""
    named = [s for s in selecting if s.metadata.name == workload.metadata.name]
    balancing = [s for s in selecting if s.spec.cluster_ip != "None"]
    found = named or balancing
    if len(found) != 1:
        return None
    picked = workloads_matching(found[0].spec.selector or {}, workload.metadata.namespace, objects)
    return found[0] if all(ref_of(one) == ref_of(workload) for one in picked) else None


def _routes_to(service: Service, objects: Objects) -> list[Obj]:
    """Routes in its namespace that name a Service; without canary Ingresses, which are part of another's split."""
    found = leading_to(objects, service.metadata.namespace, service.metadata.name).values()
    return [route for route in found if not (isinstance(route, Ingress) and is_canary(route))]


def _is_free(route: Obj, service: Service, objects: Objects) -> bool:
    """Whether a route's name can name this Service: it routes nowhere else, and nothing else has that name."""
    namespace, name = service.metadata.namespace, route.metadata.name
    if name == service.metadata.name:
        return True
    if find_service(objects, namespace, name) is not None:
        return False
    resources = [row.resource for row in KINDS if row.service_key]
    keys = {key for key in route.index_keys() if key.startswith(("service=", "to="))}
    return len(keys) == 1 and len({r.kind for r in resources if objects.get(r, namespace, name) is not None}) == 1


def _without(name: str, *names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(other for other in names if other != name))
