"""The written share behind SMI, APISIX and Traefik, as the controller writes it (rollout/trafficrouting)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.refs import TRAEFIKSERVICES, TRAEFIKSERVICES_V2, Ref
from cockpit.model.rollout import Severity
from tests.objects import Cluster, Doc
from tests.systems.argo.releases import canary, ids, read, routed, shares, text_of

NAMES = [("web-canary", 20), ("web-stable", 80)]


def traffic_split(*backends: tuple[str, Any], version: str = "v1alpha2", name: str = "web") -> Doc:
    found = [{"service": service, "weight": weight} for service, weight in backends]
    return {
        "apiVersion": f"split.smi-spec.io/{version}",
        "kind": "TrafficSplit",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"service": "web-stable", "backends": found},
    }


def traefik_service(*services: tuple[str, Any]) -> Doc:
    found = [{"name": name, "port": 80, "weight": weight} for name, weight in services]
    meta = {"name": "web", "namespace": "default"}
    spec = {"weighted": {"services": found}}
    return {"apiVersion": "traefik.io/v1alpha1", "kind": "TraefikService", "metadata": meta, "spec": spec}


def rule(name: str, *backends: tuple[str, Any], **match: Any) -> Doc:
    found = [{"serviceName": service, "servicePort": 80, "weight": weight} for service, weight in backends]
    return {"name": name, "match": {"paths": ["/*"], **match}, "backends": found}


def apisix_route(*rules: Doc, name: str = "web") -> Doc:
    meta = {"name": name, "namespace": "default"}
    return {
        "apiVersion": "apisix.apache.org/v2",
        "kind": "ApisixRoute",
        "metadata": meta,
        "spec": {"http": list(rules)},
    }


ROUTERS: dict[str, tuple[Doc, Doc]] = {
    "smi": ({"smi": {}}, traffic_split(*NAMES)),
    "traefik": ({"traefik": {"weightedTraefikServiceName": "web"}}, traefik_service(*NAMES)),
    "apisix": ({"apisix": {"route": {"name": "web"}}}, apisix_route(rule("web", *NAMES))),
}


def split_by(word: str, **more: Any) -> Cluster:
    routing, _ = ROUTERS[word]
    return routed(strategy=canary(routing=routing | more))


@pytest.mark.parametrize("word", ROUTERS)
def test_the_written_share_is_that_of_the_weights(word: str) -> None:
    cluster = split_by(word).add(ROUTERS[word][1])
    assert (read(cluster).router, shares(cluster)) == (word, {"v1": (0.8, 0.8), "v2": (0.2, 0.2)})
    assert not ids(cluster) & {"router-not-read", "route-elsewhere", "written-elsewhere", "others"}


@pytest.mark.parametrize("word", ROUTERS)
def test_without_its_object_nothing_splits(word: str) -> None:
    cluster = split_by(word)
    assert shares(cluster)["v2"] == (0.2, None)
    assert "does not exist" in text_of(cluster, "route-missing")


@pytest.mark.parametrize(
    ("word", "doc"),
    [
        ("smi", traffic_split(("web-canary", 50), ("web-stable", 50))),
        ("traefik", traefik_service(("web-canary", 50), ("web-stable", 50))),
        ("apisix", apisix_route(rule("web", ("web-canary", 50), ("web-stable", 50)))),
    ],
)
def test_a_share_that_somebody_else_wrote_is_told(word: str, doc: Doc) -> None:
    cluster = split_by(word).add(doc)
    assert shares(cluster)["v2"] == (0.2, 0.5)
    assert "gives the canary 50%, but the controller reports 20%" in text_of(cluster, "written-elsewhere")


@pytest.mark.parametrize(
    ("word", "doc"),
    [
        ("smi", traffic_split(("web-canary", 0), ("web-stable", 0))),
        ("traefik", traefik_service(("web-canary", 0), ("web-stable", 0))),
        ("apisix", apisix_route(rule("web", ("web-canary", 0), ("web-stable", 0)))),
    ],
)
def test_weights_that_are_all_0_serve_nobody(word: str, doc: Doc) -> None:
    cluster = split_by(word).add(doc)
    severities = {f.id: f.severity for f in read(cluster).findings}
    assert severities["no-weight"] is Severity.CRITICAL


@pytest.mark.parametrize("word", ROUTERS)
def test_a_backend_that_is_no_service_of_it_gets_its_part(word: str) -> None:
    third = [("web-canary", 20), ("web-stable", 60), ("cache", 20)]
    docs = {
        "smi": traffic_split(*third),
        "traefik": traefik_service(*third),
        "apisix": apisix_route(rule("web", *third)),
    }
    cluster = split_by(word).add(docs[word])
    assert shares(cluster) == {"v1": (0.8, 0.6), "v2": (0.2, 0.2), "others": (0.0, 0.2)}
    assert "Service cache" in text_of(cluster, "others")


@pytest.mark.parametrize(("weights", "share"), [(("500m", "1.5"), 0.25), ((10, "30"), 0.25), (("1", "nonsense"), 1.0)])
def test_a_weight_of_smi_may_be_a_quantity(weights: tuple[Any, Any], share: float) -> None:
    backends = [("web-canary", weights[0]), ("web-stable.default", weights[1])]
    cluster = split_by("smi").add(traffic_split(*backends, version="v1alpha1"))
    assert shares(cluster)["v2"] == (0.2, share)


def test_the_traefik_service_may_be_of_the_group_of_traefik_2() -> None:
    doc = traefik_service(*NAMES) | {"apiVersion": "traefik.containo.us/v1alpha1"}
    cluster = split_by("traefik").add(doc)
    only = Cluster(cluster.docs.values(), unknown=[TRAEFIKSERVICES])
    assert shares(only)["v2"] == (0.2, 0.2)
    assert Ref(TRAEFIKSERVICES_V2, "default", "web") in read(only).objects


def test_a_traffic_split_may_have_a_name_of_its_own() -> None:
    cluster = split_by("smi", smi={"trafficSplitName": "named"}).add(traffic_split(*NAMES, name="named"))
    assert shares(cluster)["v2"] == (0.2, 0.2)


def test_the_rules_that_are_listed_count_and_the_others_do_not() -> None:
    routing = {"apisix": {"route": {"name": "web", "rules": ["shop"]}}}
    doc = apisix_route(rule("admin", ("web-stable", 100)), rule("shop", *NAMES))
    cluster = routed(strategy=canary(routing=routing)).add(doc)
    assert shares(cluster)["v2"] == (0.2, 0.2)
    cluster.doc("ApisixRoute", "web")["spec"]["http"][1]["name"] = "other"
    assert "has no rule named shop" in text_of(cluster, "route-elsewhere")


def test_a_backend_of_apisix_without_a_weight_has_a_hundred() -> None:
    doc = apisix_route(rule("web", *NAMES))
    del doc["spec"]["http"][0]["backends"][1]["weight"]
    assert shares(split_by("apisix").add(doc))["v2"] == (0.2, 0.167)


def test_a_header_route_of_apisix_is_a_lane() -> None:
    exprs = [{"subject": {"scope": "Header", "name": "x-go"}, "op": "Equal", "value": "new"}]
    doc = apisix_route(rule("web", ("web-canary", 100), exprs=exprs), name="header")
    cluster = split_by("apisix", managedRoutes=[{"name": "header"}]).add(apisix_route(rule("web", *NAMES)), doc)
    lane = read(cluster).lanes[1]
    assert (lane.match, lane.headers) == ("header x-go=new", (("x-go", "new"),))
    assert shares(cluster, 1) == {"v1": (0.0, 0.0), "v2": (1.0, 1.0)}


KEYS = [
    "http",
    "backends",
    "serviceName",
    "weight",
    "name",
    "service",
    "weighted",
    "services",
    "match",
    "exprs",
    "kind",
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.sampled_from(["web", "web-canary", "5m", "x" * 400]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=20,
)
PLACES = {"smi": ("backends",), "traefik": ("weighted", "services"), "apisix": ("http",)}


@pytest.mark.parametrize("word", ROUTERS)
@settings(deadline=None)
@given(st.lists(anything, max_size=4), st.booleans())
def test_whatever_these_objects_hold_shares_are_shares(word: str, odd: list[Any], whole: bool) -> None:
    cluster = split_by(word, managedRoutes=[{"name": "web"}]).add(ROUTERS[word][1])
    doc = cluster.doc(
        *{"smi": ("TrafficSplit", "web"), "traefik": ("TraefikService", "web")}.get(word, ("ApisixRoute", "web"))
    )
    place: Any = doc["spec"]
    *above, last = PLACES[word]
    for key in above:
        place = place[key]
    place[last] = odd if whole else [*place[last], *odd]
    assert all(isinstance(key, str) for key in cluster.get(*_ref(doc)).index_keys())  # type: ignore[union-attr]
    for lane in read(cluster).lanes:
        assert all(s.written is None or 0.0 <= s.written <= 1.0 for s in lane.shares)


def _ref(doc: Doc) -> Any:
    from cockpit.model.kinds import KINDS

    resource = next(
        r.resource for r in KINDS if (r.resource.api_version, r.resource.kind) == (doc["apiVersion"], doc["kind"])
    )
    return resource, "default", doc["metadata"]["name"]


def test_a_traffic_split_of_some_requests_says_nothing_of_the_others() -> None:
    doc = traffic_split(*NAMES, version="v1alpha3")
    doc["spec"]["matches"] = [{"kind": "HTTPRouteGroup", "name": "testers"}]
    cluster = split_by("smi").add(doc)
    assert shares(cluster)["v2"] == (0.2, None)
    assert "only requests of HTTPRouteGroup testers" in text_of(cluster, "split-of-some-requests")
    lanes = {lane.name: {s.version: s.written for s in lane.shares} for lane in read(cluster).lanes[1:]}
    assert lanes == {"HTTPRouteGroup testers": {"v1": 0.8, "v2": 0.2}}
    assert "written-elsewhere" not in ids(cluster)


HEADER = {"subject": {"scope": "Header", "name": "x-beta"}, "op": "Equal", "value": "1"}
COOKIE = {"subject": {"scope": "Cookie", "name": "beta"}, "op": "Equal", "value": "1"}


@pytest.mark.parametrize(
    ("match", "lane"),
    [
        ({"exprs": [HEADER]}, "header x-beta=1"),
        ({"exprs": [COOKIE]}, "cookie beta=1"),
        ({"methods": ["POST"]}, "methods of web"),
        ({"remoteAddrs": ["10.0.0.0/8"], "filter_func": "f"}, "remoteAddrs and filter_func of web"),
    ],
)
def test_a_rule_of_apisix_with_conditions_says_nothing_of_the_others(match: Doc, lane: str) -> None:
    cluster = split_by("apisix").add(apisix_route(rule("web", *NAMES, **match)))
    assert shares(cluster)["v2"] == (0.2, None)
    assert "split-of-some-requests" in ids(cluster)
    assert [found.match for found in read(cluster).lanes[1:]] == [lane]


def test_a_rule_of_apisix_with_get_among_its_methods_is_for_plain_requests() -> None:
    cluster = split_by("apisix").add(apisix_route(rule("web", *NAMES, methods=["GET", "POST"])))
    assert shares(cluster)["v2"] == (0.2, 0.2)
    assert "split-of-some-requests" not in ids(cluster)


def test_an_upstream_of_apisix_has_a_part_of_the_same_sum() -> None:
    found = rule("web", *NAMES) | {"upstreams": [{"name": "far", "weight": 100}]}
    cluster = split_by("apisix").add(apisix_route(found))
    assert shares(cluster) == {"v1": (0.8, 0.4), "v2": (0.2, 0.1), "others": (0.0, 0.5)}
    assert "ApisixUpstream far" in text_of(cluster, "others")


def test_a_traefik_service_of_the_old_group_names_others_of_that_group() -> None:
    old = {"apiVersion": "traefik.containo.us/v1alpha1"}
    inner = traefik_service(*NAMES) | old
    inner["metadata"] = {**inner["metadata"], "name": "inner"}
    outer = traefik_service(("inner", 3), ("web-stable", 1)) | old
    outer["spec"]["weighted"]["services"][0] |= {"kind": "TraefikService"}
    cluster = split_by("traefik").add(inner, outer)
    only = Cluster(cluster.docs.values(), unknown=[TRAEFIKSERVICES])
    assert shares(only)["v1"] == (0.8, 0.25)
    assert "invalid-backend" not in ids(only)
