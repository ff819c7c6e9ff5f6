"""What a Kruise release shares with others: a TrafficRouting, an autoscaler that it detaches."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.refs import TRAFFICROUTINGS
from cockpit.model.rollout import Rollout, Severity
from tests.objects import Cluster, Doc
from tests.systems.kruise.releases import NAME, declared, ids, read, refusal, releasing, spec, written

STEPS: list[Doc] = [{"replicas": 1, "pause": {}}, {"replicas": "100%"}]
OLD, NEW = "1.10.2", "1.10.3"


def traffic_routing(weight: int | None = 20, **routing: object) -> Doc:
    reference = {"service": "echoserver", "ingress": {"name": "echoserver", "classType": "mse"}, **routing}
    return {
        "apiVersion": "rollouts.kruise.io/v1alpha1",
        "kind": "TrafficRouting",
        "metadata": {"name": "mse-rules", "namespace": "default"},
        "spec": {"objectRef": [reference], "strategy": {} if weight is None else {"weight": weight}},
    }


def sharing(*docs: Doc, annotation: bool = True, field: bool = False) -> Cluster:
    more = {"trafficRoutingRef": "mse-rules"} if field else {}
    cluster = releasing(body=spec(STEPS, routing=None, **more))
    if annotation:
        meta = cluster.doc("KruiseRollout", NAME)["metadata"]
        meta["annotations"] = {"rollouts.kruise.io/trafficrouting": "mse-rules"}
    return cluster.add(*docs)


def with_canary(cluster: Cluster, weight: str = "20") -> Cluster:
    main = cluster.doc("Ingress", "echoserver")
    annotations = {"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": weight}
    return cluster.add(
        {**main, "metadata": {"name": "echoserver-canary", "namespace": "default", "annotations": annotations}}
    )


def text(rollout: Rollout, kind: str) -> str:
    return next(f.text for f in rollout.findings if f.id == kind)


def test_its_weight_is_declared_and_read_where_it_splits() -> None:
    cluster = with_canary(sharing(traffic_routing())).use_class("mse")
    rollout = read(cluster)
    assert rollout.router == "ingress"
    assert declared(rollout) == {OLD: 0.8, NEW: 0.2}
    assert written(rollout)[NEW] is not None
    assert "weight 20%" in text(rollout, "shared-routing")
    assert not ids(rollout) & {"weights-unused", "routing-ref-unread"}
    assert any(str(ref) == "TrafficRouting default/mse-rules" for ref in rollout.objects)
    assert "the weight is in TrafficRouting mse-rules" in refusal(cluster, Ask(Act.SET_WEIGHT, weights=((NEW, 0.5),)))


def test_one_service_behind_both_ingresses_is_split_by_its_pods() -> None:
    cluster = sharing(traffic_routing(ingress={"name": "echoserver", "classType": "nginx"}))
    assert written(read(with_canary(cluster))) == pytest.approx({OLD: 0.75, NEW: 0.25})


def test_one_that_could_not_be_read_leaves_the_written_share_unknown() -> None:
    cluster = Cluster(sharing(traffic_routing()).docs.values(), unknown=[TRAFFICROUTINGS])
    rollout = read(cluster)
    assert written(rollout) == {OLD: None, NEW: None}
    assert "cannot be read" in text(rollout, "shared-routing")
    assert "weights-unused" not in ids(rollout)


def test_one_that_does_not_exist_splits_nothing() -> None:
    rollout = read(sharing())
    assert written(rollout) == {OLD: 0.75, NEW: 0.25}
    assert next(f.severity for f in rollout.findings if f.id == "shared-routing") is Severity.WARNING


def test_a_field_alone_may_not_be_read_by_the_controller() -> None:
    rollout = read(sharing(traffic_routing(), annotation=False, field=True))
    assert "set the annotation too" in text(rollout, "routing-ref-unread")
    assert "routing-ref-unread" not in ids(read(sharing(traffic_routing(), field=True)))


def autoscaler(target: str) -> Doc:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target}, "maxReplicas": 6},
    }


def test_an_autoscaler_is_detached_during_the_release() -> None:
    cluster = releasing(body=spec(style="blueGreen")).add(autoscaler("echoserver-DisableByRollout"))
    found = next(f for f in read(cluster).findings if f.id == "autoscaler-detached")
    assert found.severity is Severity.WARNING
    assert "HorizontalPodAutoscaler default/web is detached from Deployment echoserver" in found.text
    assert "attaches it again when the release ends or is rolled back" in found.text


@pytest.mark.parametrize(("target", "told"), [("echoserver", False), ("echoserver-DisableByRollout", True)])
def test_an_autoscaler_that_a_release_left_detached(target: str, told: bool) -> None:
    cluster = releasing(body=spec(style="blueGreen")).add(autoscaler(target))
    cluster.doc("KruiseRollout", NAME)["status"] = {"phase": "Healthy", "observedGeneration": 1}
    assert ("autoscaler-left-detached" in ids(read(cluster))) is told
    assert "autoscaler-detached" not in ids(read(cluster))
