"""Objects of several clusters as seen by the gateway in front of them.

Such a gateway merges the endpoints of Services of one namespace and name (Volcengine API Gateway: an upstream follows
the Services of every imported cluster, in namespaces of the same name). So a version can run in a different
cluster than its route.
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

# Root kinds whose backends a shared gateway merges across clusters.
MERGED = frozenset({INGRESSES})
# Pod, ReplicaSet, Deployment; a limit, because owner references can form a cycle.
_DEEPEST = 4
_Ask = Callable[[Tracked], Sequence[Obj]]
_OWNERS = {resource.kind: resource for resource in (REPLICASETS, DEPLOYMENTS, STATEFULSETS, DAEMONSETS)}


class Federated:
    """Implements `model.lookup.Objects`: a cluster's objects, and neighbours' objects with other names.

    A neighbour's pods and endpoints count only if there is no workload of the same name here: a workload in both
    clusters is one version, and each cluster shows its own part. `topics` are the questions, as in `Tracked`.
    """

    def __init__(self, own: Store, neighbours: Sequence[Store]) -> None:
        self._own = Tracked(own)
        self._neighbours = [Tracked(store) for store in neighbours]

    @property
    def topics(self) -> frozenset[str]:
        """The questions asked so far, to any cluster."""
        return frozenset().union(self._own.topics, *(each.topics for each in self._neighbours))

    @property
    def lacking(self) -> frozenset[Resource]:
        """The kinds among those asked about of which the own cluster was never read."""
        return self._own.lacking

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

    def members(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        own = self._own.members(resource, namespace, labels)
        return self._all(resource, own, lambda o: o.members(resource, namespace, labels))

    def owned(self, resource: Resource, namespace: str, uid: str) -> Sequence[Obj]:
        return self._all(
            resource, self._own.owned(resource, namespace, uid), lambda o: o.owned(resource, namespace, uid)
        )

    def known(self, resource: Resource) -> bool:
        """From the own cluster: an unreachable neighbour does not affect what is known here."""
        return self._own.known(resource)

    def unread(self, resource: Resource) -> bool:
        """In this cluster or a neighbour: an unread object may depend on objects here."""
        return any(each.unread(resource) for each in (self._own, *self._neighbours))

    def covers(self, namespace: str) -> bool:
        return self._own.covers(namespace)

    def home(self, ref: Ref) -> str:
        """The neighbour that an object comes from; "" for the own cluster and for objects that do not exist."""
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
        """Whether a neighbour's object counts here: no object here has its name or its owner's name."""
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
    """The rollouts without workloads that are versions of a rollout whose route is in another cluster."""
    versions = (version for view in views for version in view.rollout.versions)
    parts = {(version.context, version.workload) for version in versions if version.context}
    if not parts:
        return views
    return [v for v in views if not {(v.rollout.key.context, ref) for ref in v.rollout.objects[:1]} & parts]


def placed(rollout: Rollout, objects: Federated) -> Rollout:
    """A rollout with the context of each version that runs in a different cluster than its route."""
    versions = tuple(
        replace(version, context=objects.home(version.workload)) if version.workload else version
        for version in rollout.versions
    )
    # The API server of one cluster does not see the pods of another.
    beside = any(version.context for version in versions)
    return replace(rollout, versions=versions, api_target=None if beside else rollout.api_target)
