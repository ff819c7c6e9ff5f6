"""What a clean-up may remove: versions that came before the one that stays, and their objects that nothing needs.

One rule for every adapter. What is unclear is kept: a version whose age is not known, and an object while a kind that
could name it was not read. Clients that call a Service by name inside the cluster cannot be seen; the plan says so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from cockpit.model.kinds import families
from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj, Service, Workload
from cockpit.model.refs import SERVICES, Resource
from cockpit.model.rollout import Version
from cockpit.model.values import dataclass
from cockpit.planning.edits import ref_to
from cockpit.planning.ownership import STEERING, controller_ownership
from cockpit.planning.wording import NO_OLD_VERSION, no_version, takes_traffic
from cockpit.workloads.findings import listed
from cockpit.workloads.lookups import NAMING_SERVICES, aliases_of, leading_to, rules_of_host, services_selecting
from cockpit.workloads.owners import workloads_matching
from cockpit.workloads.scalers import scaler_of
from cockpit.workloads.versions import Candidate, came_before

_CONTROLLERS = families(list(STEERING))
# Whether the plan stops a route from naming a Service that it names now. For a Service of `CleanUp.shared` the
# workload says which of its pods are meant: a route can lead to some of them.
Released = Callable[[Obj, Service, Workload | None], bool]


@dataclass(frozen=True, slots=True)
class RemovableVersions:
    """The versions that a clean-up removes, oldest first; `kept` says of each other one why it stays."""

    candidates: tuple[Candidate, ...]
    kept: tuple[str, ...] = ()

    @property
    def uids(self) -> frozenset[str]:
        return frozenset(c.uid for c in self.candidates)

    @property
    def why_none(self) -> str:
        """Why no version goes; "" if one does."""
        return "" if self.candidates else "; ".join((NO_OLD_VERSION, *self.kept))


def removable_versions(
    named: Iterable[tuple[Version, Candidate]],
    stays: str,
    asked: str | None = None,
    before: Collection[str] | None = None,
) -> RemovableVersions | str:
    """The versions that came before `stays`, the name of the one that takes all traffic; with `asked`, only that one.

    A newer version, or one of unknown age, may be waiting for its release: it goes only if it is asked for. `before`
    are uids of the versions that took the traffic earlier, where something other than ages tells (None: ages do). As
    text, why the one asked for cannot go.
    """
    pairs = list(named)
    names = [version.name for version, _ in pairs]
    if asked is not None:
        if asked not in names:
            return no_version(asked, names)
        return takes_traffic(asked) if asked == stays else RemovableVersions((pairs[names.index(asked)][1],))
    heir = pairs[names.index(stays)][1]
    gone, kept = [], []
    for version, candidate in pairs:
        newer = came_before(heir, candidate)
        if version.name == stays:
            continue
        earlier = came_before(candidate, heir) if before is None else candidate.uid in before
        if earlier and not newer:
            gone.append(candidate)
        else:
            why = f"it is newer than {stays}" if newer else f"nothing shows that it came before {stays}"
            kept.append(f"{version.name} stays, because {why}: to remove it, name it")
    return RemovableVersions(tuple(gone), tuple(kept))


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Which of the objects that a release left behind go; `kept` says what stays and why, `notes` what else matters."""

    services: tuple[Service, ...]
    workloads: tuple[Workload, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def gone(self) -> tuple[Service | Workload, ...]:
        """The objects in the order of their deletion."""
        return (*self.services, *self.workloads)

    @property
    def warnings(self) -> tuple[str, ...]:
        return (*self.kept, *self.notes)


@dataclass(frozen=True, slots=True)
class CleanUp:
    """What a finished release left behind.

    `shared` are Services whose pods the router itself divides among the versions, such as the host of a
    VirtualService that splits by subset: a leftover workload that they select goes all the same, unless a route that
    the plan does not release leads to it. `stays` are uids of the version that takes over, which other Services lead
    to. `namespace` is where the routes are, `released` is about them. `kept` says which versions stay and why.
    """

    namespace: str
    services: Sequence[Service] = ()
    workloads: Sequence[Workload] = ()
    shared: Sequence[Service] = ()
    stays: Sequence[str] = ()
    released: Released = lambda user, service, workload: False
    kept: Sequence[str] = ()

    def leftovers(self, objects: Objects) -> Leftovers:
        """Decide what goes and what stays; a workload stays as long as a Service that stays selects it."""
        services, workloads, kept, notes = [], [], list(self.kept), []
        for service in self.services:
            why = self._why_service_stays(service, objects)
            if why:
                kept.append(f"Service {_name(service, self.namespace)} stays: {why}")
            else:
                services.append(service)
        for workload in self.workloads:
            why = self._why_workload_stays(workload, services, objects)
            if why:
                kept.append(f"{ref_to(workload).resource.kind} {_name(workload, self.namespace)} stays: {why}")
            else:
                workloads.append(workload)
        for service in services:
            notes.append(
                f"clients inside the cluster may call Service {service.metadata.name} by name: that cannot be seen here"
            )
        scalers = [(w, scaler) for w in workloads if (scaler := scaler_of(w, objects))]
        notes += [f"{s.owner.kind} {s.owner.name} scales {ref_to(w)} and will have no target" for w, s in scalers]
        if (services or workloads) and not objects.covers(""):
            notes.append("other namespaces are not read: a route there may still lead to what is deleted")
        return Leftovers(tuple(services), tuple(workloads), tuple(kept), tuple(notes))

    def _why_service_stays(self, service: Service, objects: Objects) -> str:
        """The objects that need a Service, in words; "" if none does."""
        namespace, name = service.metadata.namespace, service.metadata.name
        if owner := controller_ownership([service], objects):
            return f"{owner.owner.kind} {owner.owner.name} manages it"
        users = [
            t for t, user in leading_to(objects, namespace, name).items() if not self.released(user, service, None)
        ]
        if users:
            return f"{listed(users)} {_verb(users, 'routes', 'route')} to it"
        if aliases := aliases_of(objects, namespace, name):
            return f"{listed(aliases)} {_verb(aliases, 'points', 'point')} to it"
        if rules := rules_of_host(objects, namespace, name):
            return f"{listed(rules)} {_verb(rules, 'names', 'name')} it as host: delete that first"
        if service.spec.type in {"LoadBalancer", "NodePort"}:
            return f"it is of type {service.spec.type} and reachable from outside the cluster"
        if namespace != self.namespace:
            return "it belongs to another namespace"
        known = {*self.stays, *(w.metadata.uid for w in self.workloads)}
        selected = workloads_matching(service.spec.selector or {}, namespace, objects)
        if others := [_named(w) for w in selected if w.metadata.uid not in known]:
            return f"it also selects {listed(others)}"
        return _unread((*NAMING_SERVICES, *_CONTROLLERS), objects)

    def _why_workload_stays(self, workload: Workload, leaving: Sequence[Service], objects: Objects) -> str:
        """The objects that need a workload, in words; "" if none does."""
        if owner := controller_ownership([workload], objects):
            return f"{owner.owner.kind} {owner.owner.name} manages it"
        namespace, shared = workload.metadata.namespace, [s.metadata.uid for s in self.shared]
        selecting = [s for s in services_selecting(objects, namespace, workload.template_labels) if s not in leaving]
        others = [s for s in selecting if s.metadata.uid not in shared]
        if others:
            names = [f"Service {s.metadata.name}" for s in others]
            return f"{listed(names)} {_verb(names, 'selects', 'select')} it"
        for service in selecting:
            routes = leading_to(objects, namespace, service.metadata.name)
            users = [title for title, user in routes.items() if not self.released(user, service, workload)]
            if users:
                routing = _verb(users, "routes", "route")
                return f"{listed(users)} {routing} to it through Service {service.metadata.name}"
        kinds = (*NAMING_SERVICES, *_CONTROLLERS, (SERVICES,)) if selecting else (*_CONTROLLERS, (SERVICES,))
        return _unread(kinds, objects)


def _unread(kinds: Iterable[tuple[Resource, ...]], objects: Objects) -> str:
    """Which kinds of objects that may need it were not read; "" if every kind that the cluster serves was read."""
    unread = [
        versions[0]
        for versions in kinds
        if any(map(objects.unread, versions)) and not any(objects.known(v) and not objects.unread(v) for v in versions)
    ]
    if not unread:
        return ""
    words = listed(list(dict.fromkeys(f"{r.kind}s ({r.group})" if r.group else f"{r.kind}s" for r in unread)))
    return f"{words} cannot be read here: one of them may need it"


def _named(workload: Workload) -> str:
    return f"{ref_to(workload).resource.kind} {workload.metadata.name}"


def _name(subject: Service | Workload, namespace: str) -> str:
    place = subject.metadata.namespace
    return subject.metadata.name if place == namespace else f"{place}/{subject.metadata.name}"


def _verb(subjects: Sequence[str], one: str, several: str) -> str:
    return one if len(subjects) == 1 else several
