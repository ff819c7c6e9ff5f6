"""Ready pods that lack the port that a Service names: they are endpoints without ports, and get no requests."""

from __future__ import annotations

import copy

import pytest

from cockpit.model.plan import Act, Ask, Refused
from cockpit.model.refs import DEPLOYMENTS, SERVICES
from cockpit.model.rollout import Finding, Rollout, Severity
from cockpit.routers.service.adapter import ServiceRouter
from cockpit.systems.deployment.adapter import DeploymentSystem
from cockpit.workloads.endpoints import backing_of, portless_pods
from cockpit.workloads.lookups import find_service
from tests.objects import Cluster, Doc, seed
from tests.systems.argo import releases as argo
from tests.systems.kruise import releases as kruise
from tests.systems.test_deployment import NAME, revise

SERVICE = "demo-service"


def without_port(cluster: Cluster, service: str, wanted: str) -> Cluster:
    """The Service names its target port, and pods whose name begins with `wanted` do not have it."""
    for port in cluster.doc("Service", service)["spec"]["ports"]:
        port["targetPort"] = "http"
    whole = cluster.doc("EndpointSlice", f"{service}-slice")
    lacking = [each for each in whole["endpoints"] if each["targetRef"]["name"].startswith(wanted)]
    assert lacking
    whole["endpoints"] = [each for each in whole["endpoints"] if each not in lacking]
    metadata = {**whole["metadata"], "name": f"{service}-portless"}
    cluster.add({**whole, "metadata": metadata, "endpoints": lacking, "ports": None})
    return cluster


def released(old: int) -> tuple[Cluster, str]:
    """A Deployment with `old` pods of v1 and three of v2, which have no port of that name; the ReplicaSet of v2."""
    cluster = revise(Cluster(seed("blue-green-v1") + seed("blue-green-service")), 1, "bebullish/demo:v1")
    revise(cluster, 2, "bebullish/demo:v2", old=old).balance()
    (newest,) = [
        doc["metadata"]["name"]
        for (kind, _, _), doc in cluster.docs.items()
        if kind == "ReplicaSet" and doc["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    ]
    return without_port(cluster, SERVICE, newest), newest


def read(cluster: Cluster) -> Rollout:
    deployment = cluster.get(DEPLOYMENTS, "default", NAME)
    assert deployment is not None
    (rollout,) = DeploymentSystem().read(deployment, cluster)
    return rollout


def told(rollout: Rollout) -> Finding:
    (found,) = [each for each in rollout.findings if each.id == "pods-without-port"]
    return found


def test_pods_without_the_port_are_no_endpoints_that_requests_reach() -> None:
    cluster, newest = released(old=1)
    service = find_service(cluster, "default", SERVICE)
    assert service is not None
    assert backing_of(service, cluster).total == 1
    names = portless_pods(service, cluster)
    assert len(names) == 3
    assert all(name.startswith(newest) for name in names)


def test_a_service_without_ports_is_not_judged_by_ports() -> None:
    cluster, _ = released(old=1)
    cluster.doc("Service", SERVICE)["spec"]["ports"] = []
    service = find_service(cluster, "default", SERVICE)
    assert service is not None
    assert (backing_of(service, cluster).total, portless_pods(service, cluster)) == (4, frozenset())


def test_pods_of_a_headless_service_are_reached_whatever_its_ports() -> None:
    """DNS names them, and clients choose the port."""
    cluster, _ = released(old=0)
    cluster.doc("Service", SERVICE)["spec"]["clusterIP"] = "None"
    rollout = read(cluster)
    assert {share.version: share.written for share in rollout.lanes[0].shares} == {"v1": 0.0, "v2": 1.0}
    assert "pods-without-port" not in {found.id for found in rollout.findings}


def test_while_old_pods_have_the_port_they_alone_get_the_requests() -> None:
    rollout = read(released(old=1)[0])
    assert {share.version: share.written for share in rollout.lanes[0].shares} == {"v1": 1.0, "v2": 0.0}
    found = told(rollout)
    assert found.severity is Severity.WARNING
    assert found.text.startswith(
        f"Service default/{SERVICE} does not reach 3 ready pods: it sends to a port named http"
    )


def test_once_no_pod_has_the_port_every_request_fails() -> None:
    rollout = read(released(old=0)[0])
    assert {share.version: share.written for share in rollout.lanes[0].shares} == {"v1": 0.0, "v2": 0.0}
    assert told(rollout).severity is Severity.CRITICAL
    assert rollout.versions[-1].ready == 3


def test_a_service_that_selects_one_of_two_versions_is_told_the_same() -> None:
    documents = seed("blue-green-v1") + seed("blue-green-v2") + seed("blue-green-service")
    cluster = Cluster(documents).run("demo-dp-v1").run("demo-dp-v2")
    without_port(cluster, SERVICE, "demo-dp-v1")
    service = cluster.get(SERVICES, "default", SERVICE)
    assert service is not None
    (rollout,) = ServiceRouter().read(service, cluster)
    assert {share.version: share.written for share in rollout.lanes[0].shares} == {"v1": 0.0, "v2": 0.0}
    assert told(rollout).severity is Severity.CRITICAL


def test_a_canary_of_argo_rollouts_without_the_port_gets_nothing() -> None:
    cluster = argo.basic(old=4, new=1).add(argo.service("web")).balance()
    assert argo.shares(cluster)["v2"][1] == pytest.approx(0.2)
    canary = next(v for v in argo.read(cluster).versions if v.name == "v2")
    without_port(cluster, "web", canary.pods[0].name)
    assert argo.shares(cluster)["v2"][1] == 0.0
    assert told(argo.read(cluster)).severity is Severity.WARNING


def test_a_canary_of_kruise_rollouts_without_the_port_gets_nothing() -> None:
    cluster = kruise.releasing(body=kruise.spec(routing=None)).balance()
    assert kruise.written(kruise.read(cluster))["1.10.3"] == pytest.approx(0.25)
    canary = next(v for v in kruise.read(cluster).versions if v.name == "1.10.3")
    without_port(cluster, "echoserver", canary.pods[0].name)
    assert kruise.written(kruise.read(cluster))["1.10.3"] == 0.0
    assert told(kruise.read(cluster)).severity is Severity.WARNING


def entry(name: str, port: Doc, path: str = "/", **annotations: str) -> Doc:
    """An Ingress that names this port of the Service."""
    backend = {"service": {"name": SERVICE, "port": port}}
    paths = [{"path": path, "pathType": "Prefix", "backend": backend}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "namespace": "default", "annotations": annotations},
        "spec": {"rules": [{"host": "shop.test", "http": {"paths": paths}}]},
    }


def fronted(*ingresses: Doc) -> Cluster:
    """A Deployment behind a Service with the port `http` 80, to 8080, and these Ingresses."""
    cluster = revise(Cluster(copy.deepcopy(seed("blue-green-v1") + seed("blue-green-service"))), 1, "bebullish/demo:v1")
    cluster.doc("Service", SERVICE)["spec"]["ports"] = [{"name": "http", "port": 80, "targetPort": 8080}]
    return cluster.balance().add(*ingresses)


def ports_told(cluster: Cluster) -> list[tuple[Severity, str]]:
    return [(each.severity, each.text) for each in read(cluster).findings if each.id == "no-such-port"]


def test_an_ingress_that_names_no_port_of_the_service_is_told() -> None:
    """Users get 503, and every pod is ready."""
    why = f"Service default/{SERVICE} has no port 81, which Ingress default/web names: requests for shop.test/ fail"
    assert ports_told(fronted(entry("web", {"number": 81}))) == [(Severity.CRITICAL, why)]
    beside = fronted(entry("web", {"number": 80}), entry("old", {"name": "admin"}, "/admin"))
    ((severity, text),) = ports_told(beside)
    assert severity is Severity.WARNING
    assert text.endswith("has no port admin, which Ingress default/old names: requests for shop.test/admin fail")


@pytest.mark.parametrize(
    "doc",
    [
        entry("web", {"number": 80}),
        entry("web", {"name": "http"}),
        entry("web", {"number": 8080}),
        entry("web", {"name": "use-annotation"}),
        entry("web", {"number": 81}, **{"nginx.ingress.kubernetes.io/canary": "true"}),
    ],
    ids=["number", "name", "targetPort, which ingress-nginx takes", "AWS action", "a canary, whose main answers"],
)
def test_ports_that_gateways_find_are_calm(doc: Doc) -> None:
    assert not ports_told(fronted(doc))


def test_the_same_is_told_of_a_service_that_selects_one_version() -> None:
    cluster = flipping().add(entry("web", {"number": 81}))
    service = cluster.get(SERVICES, "default", SERVICE)
    assert service is not None
    (rollout,) = ServiceRouter().read(service, cluster)
    assert "no-such-port" in {found.id for found in rollout.findings}


def flipping(*ports: Doc, target: int | str = "http") -> Cluster:
    """v1 takes the traffic of a Service, and the containers of v2 have these ports."""
    documents = seed("blue-green-v1") + seed("blue-green-v2") + seed("blue-green-service")
    cluster = Cluster(copy.deepcopy(documents))
    cluster.doc("Service", SERVICE)["spec"]["ports"] = [{"port": 80, "targetPort": target}]
    cluster.doc("Deployment", "demo-dp-v2")["spec"]["template"]["spec"]["containers"][0]["ports"] = list(ports)
    return cluster.run("demo-dp-v1").run("demo-dp-v2")


@pytest.mark.parametrize(
    ("cluster", "refused"),
    [
        (flipping({"name": "web", "containerPort": 8080}), True),
        (flipping(), True),
        (flipping({"name": "http", "containerPort": 9090}), False),
        (flipping({"name": "web", "containerPort": 8080}, target=8080), False),
    ],
    ids=["another name", "no ports", "the name", "a number"],
)
def test_nobody_is_sent_to_a_version_without_the_port(cluster: Cluster, refused: bool) -> None:
    service = cluster.get(SERVICES, "default", SERVICE)
    assert service is not None
    (rollout,) = ServiceRouter().read(service, cluster)
    answer = ServiceRouter().plan(rollout, Ask(Act.FLIP, version="v2"), cluster)
    assert isinstance(answer, Refused) is refused
    if isinstance(answer, Refused):
        assert f"v2 would answer nobody: Service default/{SERVICE} sends to a port named http" in answer.why
