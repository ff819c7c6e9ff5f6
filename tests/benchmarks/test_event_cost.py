"""What one pod's event costs among few and among many pods: the cost follows the change, not the cluster."""

from __future__ import annotations

import statistics
import time
from typing import Any, TypeVar

import msgspec
import pytest

from cockpit.kube.store import Store
from cockpit.model.objects import Deployment, EndpointSlice, Pod, ReplicaSet, Service
from cockpit.model.refs import DEPLOYMENTS, ENDPOINTSLICES, INGRESSCLASSES, INGRESSES, PODS, REPLICASETS, SERVICES
from cockpit.session.facts.adapters import ADAPTERS
from cockpit.session.facts.rollouts import Rollouts

EVENTS = 300
PER_ROLLOUT = 20


T = TypeVar("T")


def decoded(document: dict[str, Any], kind: type[T]) -> T:
    """The object as it comes from the wire."""
    return msgspec.json.decode(msgspec.json.encode(document), type=kind)


def meta(name: str, labels: dict[str, str], owner: tuple[str, str] | None = None) -> dict[str, Any]:
    owners = [{"kind": owner[0], "name": owner[1], "uid": f"uid-{owner[1]}", "controller": True}] if owner else []
    return {"name": name, "namespace": "shop", "uid": f"uid-{name}", "labels": labels, "ownerReferences": owners}


def pod(app: str, version: str, n: int, revision: int) -> Pod:
    document = {
        "metadata": {
            **meta(f"{app}-{version}-rs-{n}", {"app": app, "version": version}, ("ReplicaSet", f"{app}-{version}-rs")),
            "resourceVersion": str(revision),
        },
        "spec": {"containers": [{"name": "web", "image": f"web:{version}"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": str(revision % 2 == 1)}]},
    }
    return decoded(document, Pod)


S = TypeVar("S", bound=Store)


def cluster(pods: int, store: S) -> S:
    """Blue-green Services, each with two Deployments of ten pods."""
    made: dict[Any, list[Any]] = {PODS: [], DEPLOYMENTS: [], REPLICASETS: [], SERVICES: [], ENDPOINTSLICES: []}
    for number in range(pods // PER_ROLLOUT):
        app = f"app-{number}"
        spec = {"selector": {"app": app, "version": "v1"}, "ports": [{"port": 80}]}
        made[SERVICES].append(decoded({"metadata": meta(app, {}), "spec": spec}, Service))
        labels = {"kubernetes.io/service-name": app}
        made[ENDPOINTSLICES].append(decoded({"metadata": meta(f"{app}-slice", labels)}, EndpointSlice))
        for version in ("v1", "v2"):
            template = {"metadata": {"labels": {"app": app, "version": version}}}
            workload = {"replicas": PER_ROLLOUT // 2, "template": template}
            name = f"{app}-{version}"
            made[DEPLOYMENTS].append(decoded({"metadata": meta(name, {}), "spec": workload}, Deployment))
            owned = meta(f"{name}-rs", {}, ("Deployment", name))
            made[REPLICASETS].append(decoded({"metadata": owned, "spec": workload}, ReplicaSet))
            made[PODS] += [pod(app, version, n, 1) for n in range(PER_ROLLOUT // 2)]
    for kind, objects in made.items():
        store.replace(kind, objects)
    store.replace(INGRESSES, [])
    store.replace(INGRESSCLASSES, [])
    return store


def microseconds_per_event(pods: int) -> float:
    """CPU time, so that what else runs on the machine counts little."""
    store = cluster(pods, Store("bench"))
    rollouts = Rollouts(store, ADAPTERS)
    for kind in (SERVICES, DEPLOYMENTS, INGRESSES):
        rollouts.apply(f"object|{kind.plural}.{kind.group}|shop|{obj.metadata.name}" for obj in store.everywhere(kind))
    assert len(rollouts.current()) == pods // PER_ROLLOUT
    taken = []
    for revision in range(2, EVENTS + 2):
        changed = pod("app-0", "v1", 0, revision)
        start = time.thread_time()
        rollouts.apply(store.apply(PODS, [changed]).topics)
        taken.append(time.thread_time() - start)
    return statistics.median(taken) * 1e6


@pytest.mark.benchmark
def test_one_pod_event() -> None:
    few, many = microseconds_per_event(100), microseconds_per_event(10_000)
    print(f"\none pod event: {few:.0f} us among 100 pods, {many:.0f} us among 10,000")
    print(f"among 10,000 / among 100: {many / few:.2f} (budget 1.2)")
