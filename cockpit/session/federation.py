"""Objects of several clusters as the one gateway before them sees them.

Such a gateway merges the endpoints of Services of one namespace and name (Volcengine API Gateway: an upstream follows
the Services of every cluster that was imported, in namespaces of the same name). So a version may run in another
cluster than the route that leads to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from cockpit.kube.store import Store
from cockpit.kube.tracking import Tracked
from cockpit.model.objects import EndpointSlice, Obj
from cockpit.model.refs import DAEMONSETS, DEPLOYMENTS, INGRESSES, PODS, REPLICASETS, STATEFULSETS, Ref, Resource
from cockpit.model.rollout import Rollout
from cockpit.model.view import RolloutView

# Roots of which a gateway that several clusters share merges what is behind them.
MERGED = frozenset({INGRESSES})
# Pod, ReplicaSet, Deployment; what owns itself in a circle never ends.
_DEEPEST = 4
_Ask = Callable[[Tracked], Sequence[Obj]]
_OWNERS = {resource.kind: resource for resource in (REPLICASETS, DEPLOYMENTS, STATEFULSETS, DAEMONSETS)}


class Federated:
    """Implements `model.lookup.Objects`: a cluster's own objects, and those of its neighbours without a namesake here.

    A neighbour's pods and endpoints count where their workload has no namesake here: what runs in both clusters is
    one version, and each cluster tells of its own part of it. `topics` are the questions, as `Tracked` notes them.
    """

    def __init__(self, own: Store, neighbours: Sequence[Store]) -> None:
        self._own = Tracked(own)
        self._neighbours = [Tracked(store) for store in neighbours]

    @property
    def topics(self) -> frozenset[str]:
        """The questions asked so far, of any cluster."""
        return frozenset().union(self._own.topics, *(each.topics for each in self._neighbours))

    @property
    def context(self) -> str:
        return self._own.context

    def get(self, resource: Resource, namespace: str, name: str) -> Obj | None:
        found = self._own.get(resource, namespace, name)
        if found is not None:
            return found
        asked = ((each, each.get(resource, namespace, name)) for each in self._neighbours)
        return next((obj for each, obj in asked if obj is not None and self._counts(resource, obj, each)), None)

    def every(self, resource: Resource, namespace: str) -> Sequence[Obj]:
        return self._all(resource, self._own.every(resource, namespace), lambda o: o.every(resource, namespace))

    def keyed(self, resource: Resource, namespace: str, key: str) -> Sequence[Obj]:
        return self._all(
            resource, self._own.keyed(resource, namespace, key), lambda o: o.keyed(resource, namespace, key)
        )

    def anywhere(self, resource: Resource, key: str) -> Sequence[Obj]:
        return self._own.anywhere(resource, key)

    def selected(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        own = self._own.selected(resource, namespace, labels)
        return self._all(resource, own, lambda o: o.selected(resource, namespace, labels))

    def owned(self, resource: Resource, namespace: str, uid: str) -> Sequence[Obj]:
        return self._all(
            resource, self._own.owned(resource, namespace, uid), lambda o: o.owned(resource, namespace, uid)
        )

    def known(self, resource: Resource) -> bool:
        """Of the own cluster: one that cannot be reached takes nothing away from what is known here."""
        return self._own.known(resource)

    def covers(self, namespace: str) -> bool:
        return self._own.covers(namespace)

    def home(self, ref: Ref) -> str:
        """The neighbour that an object comes from; "" for the own cluster and for what is nowhere."""
        if self._own.get(ref.resource, ref.namespace, ref.name) is not None:
            return ""
        holding = (n for n in self._neighbours if n.get(ref.resource, ref.namespace, ref.name) is not None)
        return next((each.context for each in holding), "")

    def _all(self, resource: Resource, own: Sequence[Obj], ask: _Ask) -> Sequence[Obj]:
        found = list(own)
        for each in self._neighbours:
            found += [obj for obj in ask(each) if self._counts(resource, obj, each)]
        return found

    def _counts(self, resource: Resource, obj: Obj, neighbour: Tracked, depth: int = 0) -> bool:
        """Whether a neighbour's object is part of the picture here: neither it nor what keeps it has a namesake."""
        meta = obj.metadata
        if depth > _DEEPEST:
            return False
        if self._own.get(resource, meta.namespace, meta.name) is not None:
            return False
        if isinstance(obj, EndpointSlice):
            return all(self._pod_counts(meta.namespace, name, neighbour) for name in _pods_of(obj))
        for owner in meta.owner_references or ():
            kind = _OWNERS.get(owner.kind)
            keeper = neighbour.get(kind, meta.namespace, owner.name) if kind and owner.controller else None
            if kind and keeper is not None and not self._counts(kind, keeper, neighbour, depth + 1):
                return False
        return True

    def _pod_counts(self, namespace: str, name: str, neighbour: Tracked) -> bool:
        pod = neighbour.get(PODS, namespace, name)
        return pod is None or self._counts(PODS, pod, neighbour)


def _pods_of(part: EndpointSlice) -> Iterable[str]:
    targets = (endpoint.target_ref for endpoint in part.endpoints or ())
    return [target.name for target in targets if target is not None and target.kind == "Pod"]


def own_rollouts(views: Sequence[RolloutView]) -> Sequence[RolloutView]:
    """The rollouts without those of workloads that are versions of a rollout whose route is in another cluster."""
    versions = (version for view in views for version in view.rollout.versions)
    parts = {(version.context, version.workload) for version in versions if version.context}
    if not parts:
        return views
    return [v for v in views if not {(v.rollout.key.context, ref) for ref in v.rollout.objects[:1]} & parts]


def placed(rollout: Rollout, objects: Federated) -> Rollout:
    """A rollout with the context of each version that runs in another cluster than its route."""
    versions = tuple(
        replace(version, context=objects.home(version.workload)) if version.workload else version
        for version in rollout.versions
    )
    return replace(rollout, versions=versions)
