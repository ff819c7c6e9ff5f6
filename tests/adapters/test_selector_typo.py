"""A typo in the selector of a Service is told in the same words, whatever leads to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cockpit.model.finding_order import worst_first
from cockpit.model.refs import SERVICES
from cockpit.model.remedies import unmended
from cockpit.model.rollout import Finding, Rollout, Severity
from cockpit.routers.service.adapter import ServiceRouter
from tests.objects import Cluster, seed
from tests.routers import ingresses
from tests.routers.conftest import steps
from tests.routers.httproutes import backend, route, rule, shop
from tests.routers.test_gateway_api_edges import read as read_route
from tests.systems.argo.releases import HASH, OLD, RUNNING, basic, previewed
from tests.systems.argo.releases import read as read_argo
from tests.systems.kruise.releases import read as read_kruise
from tests.systems.kruise.releases import releasing, resting, spec


def mistyped(cluster: Cluster, name: str, key: str = "app") -> Cluster:
    cluster.doc("Service", name)["spec"]["selector"][key] = "wbe"
    return cluster.balance()


def told(rollout: Rollout) -> list[Finding]:
    return [each for each in rollout.findings if "it asks for" in each.text]


def an_httproute() -> Rollout:
    return read_route(mistyped(shop(route(rule(backend("shop-v1", 80), backend("shop-v2", 20)))), "shop-v2"))


def blue_green() -> Rollout:
    made = Cluster(seed("blue-green-v1") + seed("blue-green-v2") + seed("blue-green-service"))
    made = mistyped(made.run("demo-dp-v1").run("demo-dp-v2"), "demo-service", "version")
    service = made.get(SERVICES, "default", "demo-service")
    assert service is not None
    [rollout] = ServiceRouter().read(service, made)
    return rollout


def argo() -> Rollout:
    return read_argo(mistyped(basic(**RUNNING), "web"))


@pytest.mark.parametrize("read", [an_httproute, blue_green, argo])
def test_it_is_told_by_the_labels(read: Callable[[], Rollout]) -> None:
    [found] = told(read())
    assert found.severity is Severity.CRITICAL
    assert "selects no pods: it asks for " in found.text
    assert "=wbe, the pods of " in found.text


@pytest.mark.parametrize("name", ["http-server-v1", "http-server-v2"])
def test_of_an_ingress_too(name: str) -> None:
    weight_story = steps("weight")
    [found] = {each.text for each in told(ingresses.read(mistyped(weight_story, name)))}
    assert f"selects no pods: it asks for app=wbe, the pods of Deployment {name} have app={name}" in found


def test_pods_that_are_not_ready_are_no_typo() -> None:
    weight_story = steps("weight").run("http-server-v2", ready=0)
    assert not told(ingresses.read(mistyped(weight_story, "http-server-v2")))


def test_going_back_does_not_help_where_the_service_of_all_users_has_it() -> None:
    rollout = argo()
    assert unmended(rollout) == "correct the selector of the Service"
    assert "selects no pods" in worst_first(rollout.findings)[0].text


def test_what_another_version_answers_is_mended_by_going_back() -> None:
    assert unmended(an_httproute()) == unmended(blue_green()) == ""


def kruise(key: str = "app") -> Rollout:
    found = read_kruise(mistyped(releasing(), "echoserver", key))
    return replace(found, findings=worst_first(found.findings))


def test_a_kruise_release_tells_its_own_service_first() -> None:
    rollout = kruise()
    first = rollout.findings[0]
    assert first.id == "selector-misses"
    assert "it asks for app=wbe, the pods of Deployment echoserver have app=echoserver" in first.text
    assert unmended(rollout) == "correct the selector of the Service"


@pytest.mark.parametrize("release", [resting, releasing])
def test_a_kruise_release_without_routing_knows_the_service_that_is_meant_for_it(
    release: Callable[..., Cluster],
) -> None:
    """It is one of its objects, so that no row of its own has the same name."""
    rollout = read_kruise(mistyped(release(body=spec(routing=None)), "echoserver"))
    [found] = told(rollout)
    assert (found.id, found.severity) == ("selector-misses", Severity.CRITICAL)
    assert any(ref.resource == SERVICES and ref.name == "echoserver" for ref in rollout.objects)
    assert {share.written for share in rollout.lanes[0].shares} == {0.0}


def argo_blue_green() -> Rollout:
    return read_argo(mistyped(previewed(), "web-stable", HASH))


@pytest.mark.parametrize("read", [argo_blue_green, lambda: kruise("pod-template-hash")])
def test_a_hash_that_no_version_has_is_a_typo_too(read: Callable[[], Rollout]) -> None:
    rollout = read()
    found = told(rollout)
    assert {each.severity for each in found} == {Severity.CRITICAL}
    assert all("-hash=wbe" in each.text and "have no label" not in each.text for each in found)
    assert not any("and no label" in each.text for each in found)


def test_a_kruise_release_that_goes_back_takes_any_hash_out_of_the_selector() -> None:
    assert unmended(argo_blue_green()) == "correct the selector of the Service"
    assert unmended(kruise("pod-template-hash")) == ""


def test_the_hash_that_users_should_be_sent_to_is_told() -> None:
    [found] = told(argo_blue_green())
    assert f"the pods of Rollout web have {HASH}={OLD}" in found.text


def test_a_hash_that_the_controller_writes_is_no_typo() -> None:
    cluster = previewed()
    for number in range(5):
        cluster.docs.pop(("Pod", "default", f"web-{OLD}-{number}"))
    assert not told(read_argo(cluster.balance()))
