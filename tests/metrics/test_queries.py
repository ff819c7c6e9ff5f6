"""The queries for each gateway, what recognises a version in their answers, and queries of a user's own."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.metrics.answers import Sample
from cockpit.metrics.gateways import ENVOY_GATEWAY, GATEWAYS, ISTIO, NGINX, TRAEFIK, finding_query, gateways_for
from cockpit.metrics.handles import Handles, ServiceHandle, VersionHandle, handles_of
from cockpit.metrics.own_queries import OwnQueries, own_query
from cockpit.metrics.promql import PART, one_of, parts, quoted
from cockpit.metrics.quantiles import quantile
from cockpit.metrics.readings import Counts, knowing, own_reading, reading
from cockpit.systems.argo.adapter import ArgoSystem
from tests.metrics.situations import envoy, istio, nginx, traefik
from tests.systems.argo import releases


def test_the_query_for_istio_counts_what_the_servers_side_reports() -> None:
    situation = istio()
    selector = ISTIO.selector(handles_of(situation.rollout, situation.cluster))
    assert selector == (
        'reporter=~"destination|waypoint",destination_workload_namespace="default",'
        'destination_workload=~"reviews-v1|reviews-v2"'
    )
    query = ISTIO.query(selector, 120)
    assert f'increase(istio_requests_total{{{selector},response_code=~"5.."}}[120s] offset 120s)' in query
    assert f"increase(istio_request_duration_milliseconds_bucket{{{selector}}}[120s])" in query
    assert "istio_request_duration_milliseconds_bucket" not in ISTIO.query(selector, 120, times=False)


def test_where_no_server_reports_the_clients_of_the_mesh_do() -> None:
    situation = istio()
    handles = handles_of(situation.rollout, situation.cluster)
    _, clients = gateways_for("istio")
    assert clients.selector(handles).startswith('reporter=~"source",')
    known = [Sample({PART: "istio-source", "destination_workload": "reviews-v2"}, 95.0, 100.0)]
    assert knowing(known, gateways_for("istio"), handles, 60.0) == clients


def test_the_query_for_nginx_asks_for_the_services_of_the_namespace() -> None:
    situation = nginx()
    handles = handles_of(situation.rollout, situation.cluster)
    assert NGINX.selector(handles) == 'namespace=~"default",service=~"shop-v1|shop-v2"'
    (_, renamed) = (gateway for gateway in GATEWAYS if gateway.id == "nginx")
    assert renamed.selector(handles) == 'exported_namespace=~"default",exported_service=~"shop-v1|shop-v2"'
    assert "sum by (exported_namespace, exported_service, canary)" in renamed.query("x", 60)


def test_the_names_of_traefik_are_those_of_its_providers() -> None:
    situation = traefik()
    handles = handles_of(situation.rollout, situation.cluster)
    pattern = re.compile(handles.traefik_pattern)
    for name, version in (
        ("default-shop-v1-80@kubernetes", "v1"),
        ("default-shop-v2-80@kubernetescrd", "v2"),
        ("default-shop-v2-http-80@kubernetesgateway", "v2"),
        ("default-shop-v2-80@kubernetesgateway", "v2"),
        ("default-shop-80@kubernetes", ""),
        ("other-shop-v1-80@kubernetes", ""),
        ("default-shop-v1-80@docker", None),
    ):
        assert bool(pattern.fullmatch(name)) == bool(version), name
        if version is not None:
            assert handles.version_of_traefik(name) == version
    assert TRAEFIK.version({"service": "default-shop-v1-80@kubernetescrd"}, handles) == "v1"


def test_the_names_of_traefik_are_those_that_it_shows() -> None:
    """As Traefik 3.7.9 names them, for Ingresses in nginx's dialect and for an HTTPRoute."""
    situation = nginx()
    handles = handles_of(situation.rollout, situation.cluster)
    assert handles.version_of_traefik("default-shop-shop-v1-80@kubernetesingressnginx") == "v1"
    assert handles.version_of_traefik("default-shop-shop-v1-80-canary@kubernetesingressnginx") == "v2"
    situation = envoy()
    handles = handles_of(situation.rollout, situation.cluster)
    shown = "httproute-default-shop-gw-default-gate-ep-web-0-89056790afa3eb94ff4a-svc-default-shop-{}@kubernetesgateway"
    assert [handles.version_of_traefik(shown.format(name)) for name in ("v1-0", "v2-1", "v3-2")] == ["v1", "v2", ""]
    assert re.fullmatch(handles.traefik_pattern, shown.format("v2-1"))


def test_clusters_of_envoy_gateway_are_those_of_rules_and_backends() -> None:
    situation = envoy()
    handles = handles_of(situation.rollout, situation.cluster)
    assert handles.envoy_clusters == {
        "httproute/default/shop/rule/0": "",
        "httproute/default/shop/rule/0/backend/0": "v1",
        "httproute/default/shop/rule/0/backend/1": "v2",
    }
    assert re.fullmatch(handles.envoy_pattern, "httproute/default/shop/rule/0/backend/1")
    assert not re.fullmatch(handles.envoy_pattern, "httproute/default/shop/rule/1")
    assert ENVOY_GATEWAY.selector(handles).startswith('envoy_cluster_name=~"(httproute/default/shop/rule/0)')


def test_replica_sets_of_one_rollout_are_told_apart_by_their_pods() -> None:
    """Istio has one workload name for all ReplicaSets of an Argo Rollout."""
    cluster = releases.basic()
    (rollout,) = ArgoSystem().read(cluster.every(ArgoSystem.roots[0], "default")[0], cluster)
    handles = handles_of(rollout, cluster)
    assert set(handles.workloads) >= {"web"}
    base = {"destination_workload": "web", "destination_version": "latest"}
    names = {
        hash_: handles.version_of_workload({**base, "cockpit_set": f"web-{hash_}"})
        for hash_ in (releases.OLD, releases.NEW)
    }
    assert names == {releases.OLD: "v1", releases.NEW: "v2"}
    assert handles.version_of_workload(base) == ""


def test_a_workload_and_a_service_tell_versions_apart_without_the_pods_name() -> None:
    cluster = releases.routed()
    (rollout,) = ArgoSystem().read(cluster.every(ArgoSystem.roots[0], "default")[0], cluster)
    handles = handles_of(rollout, cluster)
    by_service = {"destination_workload": "web", "destination_service_name": "web-canary"}
    assert handles.version_of_workload(by_service) == "v2"
    assert {service.name: service.version for service in handles.services} == {"web-stable": "v1", "web-canary": "v2"}


def test_what_nginx_gave_to_the_canary_is_named_by_its_upstream() -> None:
    situation = nginx()
    handles = handles_of(situation.rollout, situation.cluster)
    base = {"namespace": "default", "service": "shop-v1"}
    assert NGINX.version({**base, "canary": ""}, handles) == "v1"
    assert NGINX.version({**base, "canary": "-"}, handles) == "v1"
    assert NGINX.version({**base, "canary": "default-shop-v2-80"}, handles) == "v2"
    assert NGINX.version({**base, "canary": "default-other-80"}, handles) == ""
    assert NGINX.version({**base, "service": "shop-v2"}, handles) == "v2"  # older ones have no label for the canary


def test_gateways_are_looked_for_by_what_splits_the_traffic() -> None:
    assert gateways_for("ingress")[0].key == "nginx"
    assert gateways_for("gateway-api")[0].key == "envoy-gateway"
    assert [gateway.key for gateway in gateways_for("istio")] == ["istio-destination", "istio-source"]
    assert [gateway.key for gateway in gateways_for("service", "traefik")] == ["traefik", "traefik-renamed"]
    assert finding_query(GATEWAYS, Handles("default", ())) == ""


def test_a_gateway_that_tells_versions_apart_comes_before_one_that_does_not() -> None:
    handles = Handles(
        "default",
        (VersionHandle("v1", frozenset({"web"}), frozenset(), frozenset()),),
        (ServiceHandle("default", "web", ("80",), ""),),
    )
    found = [
        Sample({PART: "nginx", "namespace": "default", "service": "web"}, 95.0, 100.0),
        Sample({PART: "istio-destination", "destination_workload": "web"}, 95.0, 100.0),
        Sample({PART: "something"}, 95.0, 100.0),
    ]
    assert knowing(found, gateways_for("ingress"), handles, 60.0) == ISTIO
    old = [found[0], Sample({PART: "istio-destination", "destination_workload": "web"}, 5.0, 100.0)]
    assert knowing(old, gateways_for("ingress"), handles, 60.0) == NGINX
    assert knowing([], gateways_for("ingress"), handles, 60.0) is None


def test_negative_and_future_values_do_no_harm() -> None:
    handles = Handles("default", (VersionHandle("v1", frozenset({"web"}), frozenset(), frozenset()),))
    base = {"destination_workload": "web"}
    (found,) = reading(
        [
            Sample({**base, PART: "requests"}, -5.0, 100.0),
            Sample({**base, PART: "newest"}, 200.0, 100.0),
            Sample({**base, PART: "buckets", "le": "no number"}, 1.0, 100.0),
            Sample({**base, PART: "unknown"}, 1.0, 100.0),
        ],
        ISTIO,
        handles,
    )
    assert (found.now, found.age, found.p50_ms) == (Counts(0.0, 0.0), 0.0, None)


# Own queries


def test_placeholders_are_filled_and_cannot_end_a_string() -> None:
    situation = nginx()
    queries = OwnQueries('increase(x{ns="{namespace}",app="{name}",v="{version}",w="{workload}"}[{window}])')
    query = own_query(queries, situation.rollout, 120)
    assert 'ns="default",app="shop",v="v1",w="shop-v1"}[2m]' in query
    assert 'v="v2",w="shop-v2"' in query
    assert "last_over_time((increase(" in query
    assert f'"{PART}", "requests_before-1"' in query


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ('x{v="{version}"}[{windw}]', "requests: no placeholder {windw}; did you mean {window}?"),
        ('x{v="{zzz}"}', "requests: no placeholder {zzz}; there are {namespace}, {name}"),
        ("sum(x)", "requests: has neither {version} nor {workload}"),
        ('x{v="{version}"}', "requests: has no {window}"),
        (" ", "requests: is empty"),
    ],
)
def test_what_is_wrong_with_a_query_is_said(query: str, problem: str) -> None:
    assert problem in OwnQueries(query).problem()


def test_own_values_are_read_by_the_versions_place() -> None:
    values = {"requests": {"0": 10.0, "7": 1.0}, "errors": {"0": 2.0}, "p50": {"0": 12.0}}
    (found,) = own_reading(values, ["v1", "v2"])
    assert (found.version, found.now, found.p50_ms) == ("v1", Counts(10.0, 2.0), 12.0)


@given(st.text(max_size=40))
def test_a_quoted_text_ends_where_it_should(text: str) -> None:
    literal = quoted(text)
    assert re.fullmatch(r'"(?:[^"\\\n\r]|\\.)*"', literal, re.DOTALL)


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=4))
def test_a_pattern_matches_its_texts_alone(names: list[str]) -> None:
    pattern = re.compile(one_of(names), re.DOTALL)
    assert all(pattern.fullmatch(name) for name in names)
    assert not pattern.fullmatch("".join(names) + "x")


def test_parts_are_told_apart_by_a_label() -> None:
    assert parts({"a": "x", "b": "y"}) == (
        f'label_replace(x, "{PART}", "a", "", "") or label_replace(y, "{PART}", "b", "", "")'
    )


# Quantiles


def test_a_quantile_is_told_where_its_bucket_is_fine() -> None:
    buckets = {10.0: 0.0, 25.0: 60.0, 50.0: 100.0, float("inf"): 100.0}
    assert quantile(buckets, 0.5) == pytest.approx(22.5)
    assert quantile(buckets, 0.99) == pytest.approx(49.375)
    assert quantile({100.0: 90.0, 300.0: 100.0, float("inf"): 100.0}, 0.5) is None  # 0 to 100 ms says nothing
    assert quantile({100.0: 90.0, float("inf"): 100.0}, 0.99) is None  # beyond all bounds
    assert quantile({5.0: 100.0, float("inf"): 100.0}, 0.5) == pytest.approx(2.5)
    assert quantile({}, 0.5) is None
    assert quantile({5.0: 0.0}, 0.5) is None


@given(
    st.dictionaries(st.floats(min_value=0) | st.just(float("nan")), st.floats(0, 1e6), max_size=8),
    st.floats(0.01, 0.99),
)
def test_any_buckets_give_a_time_within_their_bounds(buckets: dict[float, float], q: float) -> None:
    found = quantile(buckets, q)
    assert found is None or 0 <= found <= max(bound for bound in buckets if not math.isnan(bound))
