"""A share that is asked for and not given: degraded with the reason, in every router and every controller."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.shares import not_given
from tests.objects import Cluster
from tests.routers import ingresses, istio_reading, test_gateway_api
from tests.routers.conftest import steps
from tests.routers.httproutes import backend, route, rule, shop
from tests.routers.istio_objects import reviews, to, virtual_service
from tests.routers.istio_objects import route as mesh_route
from tests.systems import test_flagger as flagger
from tests.systems.argo import releases as argo
from tests.systems.argo.releases import NGINX, canary, planned, routed
from tests.systems.kruise import releases as kruise

DYNAMIC = [{"setWeight": 50}, {"pause": {}}, {"setWeight": 100}, {"pause": {}}]


def unready(cluster: Cluster, *prefixes: str) -> Cluster:
    """No pod whose name begins so is ready any more."""
    for (kind, _, name), doc in cluster.docs.items():
        if kind == "Pod" and name.startswith(prefixes):
            doc["status"]["conditions"][0]["status"] = "False"
    return cluster.balance()


def ids(rollout: Rollout) -> set[str]:
    return {finding.id for finding in rollout.findings}


def test_a_canary_ingress_whose_service_has_no_ready_pod() -> None:
    cluster = steps("weight").run("http-server-v2", ready=0)
    found = ingresses.read(cluster)
    assert found.phase is Phase.DEGRADED
    assert found.message.startswith("no ready pods behind 30% of Ingress default/route2: Service http-server-v2 is")
    share = not_given(found.lanes[0])
    assert share is not None
    assert (share.declared, share.written) in {(0.3, 0.0), (0.7, 1.0)}


def test_a_header_rule_to_a_service_without_ready_pods() -> None:
    found = ingresses.read(steps("header").run("http-server-v2", ready=0))
    assert found.phase is Phase.DEGRADED
    assert "requests with" in found.message
    assert not_given(found.lanes[1]) is not None


def test_a_canary_that_asks_for_nothing_is_at_rest_without_pods() -> None:
    cluster = steps("weight").run("http-server-v2", ready=0)
    cluster.doc("Ingress", "route2")["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"] = "0"
    found = ingresses.read(cluster)
    assert found.phase is Phase.AT_REST
    assert all(not_given(lane) is None for lane in found.lanes)


def test_a_backend_of_a_route_without_pods_service_or_port() -> None:
    for dead in (backend("shop-v2", 40), backend("nothing", 40), {**backend("shop-v2", 40), "port": 81}):
        docs = unready(shop(route(rule(backend("shop-v1", 60), dead))), "shop-v2")
        found = test_gateway_api.read(docs)
        assert found.phase is Phase.DEGRADED, dead
        assert "sends 40% of the requests of rule 1 to" in found.message


def test_a_destination_without_pods() -> None:
    found = istio_reading.read(reviews(virtual_service(mesh_route(to("v1", 80), to("v2", 20))), v2=0))
    assert found.phase is Phase.DEGRADED
    assert found.message.startswith("20% of all requests of VirtualService default/reviews route 1 get 503")


def dynamic(weight: int, at: int, stable: int) -> Cluster:
    """A canary with dynamicStableScale that waits at a pause, so many pods of the stable version left."""
    strategy = canary(DYNAMIC, routing=NGINX, dynamicStableScale=True)
    cluster = routed(weight, strategy, currentStepIndex=at)
    gone = [key for key in cluster.docs if key[0] == "Pod" and argo.OLD in key[2]][stable:]
    for key in gone:
        del cluster.docs[key]
    return cluster.balance()


def test_an_ingress_whose_main_service_argo_has_emptied_answers_nobody() -> None:
    fine, empty = argo.read(dynamic(50, 1, 3)), argo.read(dynamic(100, 3, 0))
    assert (fine.phase, "main-empty" in ids(fine)) == (Phase.WAITING, False)
    assert (empty.phase, "main-empty" in ids(empty)) == (Phase.DEGRADED, True)
    assert "every request gets 503, even those for the canary" in empty.message


@pytest.mark.parametrize(
    "ask", [Ask(Act.APPROVE), Ask(Act.JUMP, step=3), Ask(Act.SET_WEIGHT, weights=(("v2", 1.0),)), Ask(Act.PROMOTE)]
)
def test_a_plan_that_empties_the_main_service_says_so(ask: Ask) -> None:
    warnings = " ".join(planned(dynamic(50, 1, 3), ask).warnings)
    assert "main Service web-stable of Ingress web has no endpoints, and ingress-nginx answers 503" in warnings


def test_a_plan_that_empties_nothing_does_not() -> None:
    steady = routed(50, canary(DYNAMIC, routing=NGINX), currentStepIndex=1)
    back = [Ask(Act.JUMP, step=1)]
    later = canary([{"setWeight": 20}, {"pause": {}}, {"setWeight": 50}, {"pause": {}}], NGINX, dynamicStableScale=True)
    plans = [planned(steady, Ask(Act.APPROVE)), planned(routed(20, later), Ask(Act.APPROVE))]
    plans += [planned(dynamic(50, 1, 3), ask) for ask in back]
    assert not any("has no endpoints" in warning for plan in plans for warning in plan.warnings)


def test_argos_canary_without_pods_is_told_once_with_what_becomes_of_its_share() -> None:
    found = argo.read(unready(routed(20), f"web-{argo.NEW}"))
    assert found.phase is Phase.DEGRADED
    assert "main takes its share" in found.message
    assert "no-ready-pods" not in ids(found)


def test_a_controller_that_still_moves_is_not_called_degraded() -> None:
    found = argo.read(unready(routed(20, **argo.RUNNING), f"web-{argo.NEW}"))
    assert (found.phase, "canary-empty" in ids(found)) == (Phase.PROGRESSING, True)


def test_argos_route_to_a_canary_without_pods() -> None:
    plugin = {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "web", "namespace": "default"}}}
    cluster = routed(20, canary(routing=plugin))
    cluster.add(route(rule(backend("web-stable", 80), backend("web-canary", 20)), name="web"))
    found = argo.read(unready(cluster, f"web-{argo.NEW}"))
    assert (found.phase, "empty-backend" in ids(found)) == (Phase.DEGRADED, True)


def test_what_is_scaled_to_nothing_is_not_degraded() -> None:
    cluster = routed(0, **argo.PROMOTED)
    cluster.doc("Rollout", "web")["spec"]["replicas"] = 0
    assert argo.read(unready(cluster, "web-")).phase is Phase.AT_REST


def test_a_kruise_rollout_whose_stable_service_is_empty() -> None:
    found = kruise.read(unready(kruise.resting(), "echoserver"))
    assert (found.phase, "main-empty" in ids(found)) == (Phase.DEGRADED, True)


def test_a_flagger_canary_without_pods_that_gets_requests() -> None:
    docs = flagger.cluster(flagger.canary(phase="Waiting"), flagger.route(20))
    assert flagger.read(docs).phase is Phase.WAITING
    (dead,) = [name for kind, _, name in docs.docs if kind == "Pod" and not name.startswith("web-primary")]
    found = flagger.read(unready(docs, dead))
    assert (found.phase, "empty-backend" in ids(found)) == (Phase.DEGRADED, True)


def test_argo_with_a_second_router_that_cannot_give_the_share() -> None:
    plugin = {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "web", "namespace": "default"}}}
    cluster = routed(20, canary(routing={**NGINX, **plugin}))
    assert argo.read(cluster).phase is not Phase.DEGRADED
    broken = {**backend("web-canary", 20), "port": 99}
    found = argo.read(cluster.add(route(rule(backend("web-stable", 80), broken), name="web")))
    assert found.phase is Phase.DEGRADED
    assert "Service default/web-canary has no port 99" in found.message
