"""One small release as each router has it after v2 took over from v1, for contracts over all routers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.rollout import Rollout
from cockpit.routers import ADAPTERS
from tests.objects import Cluster, pod

Doc = dict[str, Any]
OLD = "shelf-v1"


def meta(name: str, namespace: str = "default", **more: Any) -> Doc:
    return {"name": name, "namespace": namespace, **more}


def workload(kind: str, version: str, name: str, *, more: Mapping[str, str] | None = None) -> Doc:
    own = {"app": "shelf", "version": version}
    labels = {**own, **(more or {})}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": f"shelf:{version}"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": own}, "template": template}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": meta(name), "spec": spec}


def service(name: str, namespace: str = "default", **selector: str) -> Doc:
    spec = {"selector": selector, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta(name, namespace), "spec": spec}


def ingress(name: str, target: str, host: str = "other.test", **annotations: str) -> Doc:
    backend = {"service": {"name": target, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": backend}]
    spec = {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": paths}}]}
    marks = {f"nginx.ingress.kubernetes.io/{k.replace('_', '-')}": v for k, v in annotations.items()}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": meta(name, annotations=marks),
        "spec": spec,
    }


def gateway_route(kind: str, name: str, *rules: Doc, namespace: str = "default") -> Doc:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": kind,
        "metadata": meta(name, namespace),
        "spec": {"hostnames": [f"{name}.test"], "rules": list(rules)},
    }


def backends(*refs: Doc, **more: Any) -> Doc:
    return {"backendRefs": [{"port": 80, **ref} for ref in refs], **more}


def istio(kind: str, name: str, spec: Doc, namespace: str = "default") -> Doc:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": kind,
        "metadata": meta(name, namespace),
        "spec": spec,
    }


def virtual_service(name: str, *routes: Doc, namespace: str = "default") -> Doc:
    return istio("VirtualService", name, {"hosts": [name], "http": list(routes)}, namespace)


def destinations(*legs: Doc, **more: Any) -> Doc:
    return {
        "route": [
            {"destination": {"host": leg["host"], **leg.get("more", {})}, "weight": leg.get("weight", 100)}
            for leg in legs
        ],
        **more,
    }


def versions(*services: str) -> Cluster:
    """Shelf v1 and, a day younger, v2, with a Service for each of them and for none, one or both."""
    cluster = Cluster([workload("Deployment", "v1", OLD)])
    cluster.add(workload("Deployment", "v2", "shelf-v2"), created="2026-01-02T00:00:00Z")
    cluster.add(*(service(f"shelf-{v}", app="shelf", version=v) for v in services))
    return cluster.run(OLD).run("shelf-v2")


def by_host() -> Cluster:
    legs = ({"host": OLD, "weight": 0}, {"host": "shelf-v2", "weight": 100})
    return (
        versions("v1", "v2").add(service("shelf", app="shelf"), virtual_service("shelf", destinations(*legs))).balance()
    )


def by_subset() -> Cluster:
    legs = [{"host": "shelf", "weight": share, "more": {"subset": v}} for v, share in (("v1", 0), ("v2", 100))]
    subsets = [{"name": v, "labels": {"version": v}} for v in ("v1", "v2")]
    rule = istio("DestinationRule", "shelf", {"host": "shelf", "subsets": subsets})
    return versions().add(service("shelf", app="shelf"), rule, virtual_service("shelf", destinations(*legs))).balance()


def by_http_route() -> Cluster:
    rule = backends({"name": OLD, "weight": 0}, {"name": "shelf-v2", "weight": 100})
    return versions("v1", "v2").add(gateway_route("HTTPRoute", "shelf", rule)).balance()


def by_ingress() -> Cluster:
    main = ingress("shelf", "shelf-v2", "shelf.test")
    canary = ingress("shelf-canary", OLD, "shelf.test", canary="true", canary_weight="0")
    return versions("v1", "v2").add(main, canary).balance()


def by_selector() -> Cluster:
    return versions().add(service("shelf", app="shelf", version="v2")).balance()


def by_labels() -> Cluster:
    cluster = Cluster([service("shelf", traffic="shelf")])
    for number, (version, labels) in enumerate((("v1", {}), ("v2", {"traffic": "shelf"}))):
        name = f"shelf-v00{number}"
        cluster.add(workload("ReplicaSet", version, name, more=labels), created=f"2026-01-0{number + 1}T00:00:00Z")
        for place in range(2):
            cluster.add(pod(cluster.doc("ReplicaSet", name), place))
    return cluster.balance()


def weighed(cluster: Cluster, **shares: int) -> Cluster:
    """The same release with other weights, in percent by version; a canary Ingress has the one of v1."""
    for (kind, _, name), doc in cluster.docs.items():
        if (kind, name) == ("Ingress", "shelf-canary"):
            doc["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"] = str(shares["v1"])
        if kind == "HTTPRoute":
            for ref in doc["spec"]["rules"][0]["backendRefs"]:
                ref["weight"] = shares[ref["name"].removeprefix("shelf-")]
        if kind == "VirtualService":
            for leg in doc["spec"]["http"][0]["route"]:
                to = leg["destination"]
                leg["weight"] = shares[to.get("subset") or to["host"].removeprefix("shelf-")]
    return cluster


def fail(cluster: Cluster, keeper: str, count: int) -> Cluster:
    """So many pods of a workload do not get ready."""
    mine = [d for (kind, _, name), d in sorted(cluster.docs.items()) if kind == "Pod" and name.startswith(f"{keeper}-")]
    for doc in mine[:count]:
        doc["status"]["conditions"][0]["status"] = "False"
    return cluster.balance()


def with_v3(cluster: Cluster) -> Cluster:
    """The same release after somebody deployed v3, which takes no traffic yet."""
    name, born = "shelf-v3", {"created": "2026-01-03T00:00:00Z"}
    kinds = {kind for kind, _, _ in cluster.docs}
    if ("ReplicaSet", "default", "shelf-v000") in cluster.docs:
        cluster.add(workload("ReplicaSet", "v3", "shelf-v002"), **born)
        for place in range(2):
            cluster.add(pod(cluster.doc("ReplicaSet", "shelf-v002"), place))
        return cluster.balance()
    cluster.add(workload("Deployment", "v3", name), **born).run(name)
    if any(n == OLD for kind, _, n in cluster.docs if kind == "Service"):
        cluster.add(service(name, app="shelf", version="v3"), **born)
    if "HTTPRoute" in kinds:
        rule = cluster.doc("HTTPRoute", "shelf")["spec"]["rules"][0]
        rule["backendRefs"].append({"name": name, "port": 80, "weight": 0})
    if "VirtualService" in kinds:
        legs = cluster.doc("VirtualService", "shelf")["spec"]["http"][0]["route"]
        subset = "DestinationRule" in kinds
        legs.append({"destination": {"host": "shelf", "subset": "v3"} if subset else {"host": name}, "weight": 0})
        if subset:
            rule = cluster.doc("DestinationRule", "shelf")
            rule["spec"]["subsets"].append({"name": "v3", "labels": {"version": "v3"}})
    if "Ingress" in kinds:
        path = cluster.doc("Ingress", "shelf-canary")["spec"]["rules"][0]["http"]["paths"][0]
        path["backend"]["service"]["name"] = name
    return cluster.balance()


def answered(system: str, cluster: Cluster, ask: Ask) -> Plan | Refused:
    """What a router answers, which is refused where it lists that it cannot be, and with the listed reason."""
    rollout = rollout_of(system, cluster)
    listed = next(state for state in rollout.acts if state.act is ask.act)
    answer: Plan | Refused = _adapter(system).plan(rollout, ask, cluster)
    assert listed.enabled or ask.version or (isinstance(answer, Refused) and listed.why in answer.why)
    return answer


def rollout_of(system: str, cluster: Cluster) -> Rollout:
    """The release as a router reads it."""
    adapter = _adapter(system)
    root = next(root for r in adapter.roots for root in cluster.every(r, "default") if root.metadata.name == "shelf")
    found: tuple[Rollout, ...] = adapter.read(root, cluster)
    assert len(found) == 1, found
    return found[0]


def _adapter(system: str) -> Any:
    return next(a for a in ADAPTERS if a.id == system)


def told(answer: Plan | Refused) -> str:
    return answer.why if isinstance(answer, Refused) else " | ".join(answer.warnings)
