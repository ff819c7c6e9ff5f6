"""What a gateway changes on the way, and what it answers itself: on the double and on a real one alike."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.contract.test_gateway import canary, host, ingress
from tests.places import Place

__all__ = ["host"]
PREFIX = "nginx.ingress.kubernetes.io"
PATTERN = {"path": "/orders(/|$)(.*)", "pathType": "ImplementationSpecific"}


def answered(place: Place, host: str, path: str = "/") -> tuple[str, str] | int | str:
    """The version that answers and the path that it was asked for, where a redirect leads, or the status."""
    answer = httpx.get(f"{place.gateway}{path}", headers={"Host": host, "Connection": "close"}, timeout=20)
    if answer.is_redirect:
        return f"{answer.status_code} {answer.headers['location']}"
    if answer.status_code != 200:
        return answer.status_code
    body = answer.json()
    return body["labels"]["version"], body["path"]


def routed(host: str, *rules: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A Gateway, and a route on it with rules; one that matches all paths comes last."""
    api = "gateway.networking.k8s.io/v1"
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    gateway = {"gatewayClassName": "traefik", "listeners": [listener]}
    last = {"backendRefs": [{"name": "web-v1", "port": 80}]}
    return (
        {"apiVersion": api, "kind": "Gateway", "metadata": {"name": "gate"}, "spec": gateway},
        {
            "apiVersion": api,
            "kind": "HTTPRoute",
            "metadata": {"name": "route"},
            "spec": {"parentRefs": [{"name": "gate"}], "hostnames": [host], "rules": [*rules, last]},
        },
    )


def under(path: str, filter_: dict[str, Any], *backends: str) -> dict[str, Any]:
    refs = [{"name": name, "port": 80} for name in backends]
    match = {"path": {"type": "PathPrefix", "value": path}}
    return {"matches": [match], "filters": [filter_]} | ({"backendRefs": refs} if refs else {})


def test_filters_of_an_httproute(place: Place, host: str) -> None:
    new = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}
    whole = {"type": "ReplaceFullPath", "replaceFullPath": "/all"}
    none = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}
    other = f"route.{host}"
    place.apply(
        *routed(
            other,
            under("/old", {"type": "RequestRedirect", "requestRedirect": {"path": new, "statusCode": 301}}),
            under("/safe", {"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}),
            under("/moved", {"type": "RequestRedirect", "requestRedirect": {"hostname": "new.test"}}),
            under("/api", {"type": "URLRewrite", "urlRewrite": {"path": none}}, "web-v2"),
            under("/one", {"type": "URLRewrite", "urlRewrite": {"path": whole}}, "web-v2"),
        )
    )
    place.settle(lambda: answered(place, other) == ("v1", "/"))
    assert answered(place, other, "/old/x?a=b") == f"301 http://{other}/new/x?a=b"
    assert answered(place, other, "/old") == f"301 http://{other}/new"
    assert answered(place, other, "/older") == ("v1", "/older")
    assert answered(place, other, "/safe") == f"302 https://{other}/safe"
    assert answered(place, other, "/moved/x") == "302 http://new.test/moved/x"
    assert answered(place, other, "/api/x") == ("v2", "/x")
    assert answered(place, other, "/api") == ("v2", "/")
    assert answered(place, other, "/one/two") == ("v2", "/all")


def test_a_path_that_is_a_pattern(place: Place, host: str) -> None:
    other = f"orders.{host}"
    place.apply(
        ingress(
            "orders", other, "web-v1", {f"{PREFIX}/use-regex": "true", f"{PREFIX}/rewrite-target": "/$2"}, **PATTERN
        )
    )
    place.settle(lambda: answered(place, other, "/orders") == ("v1", "/"))
    assert answered(place, other, "/orders/1/2") == ("v1", "/1/2")
    assert answered(place, other, "/ORDERS/1") == ("v1", "/1")
    assert answered(place, other, "/ordersx") == 404
    place.apply(ingress("canary", other, "web-v2", canary(weight="100"), **PATTERN))
    place.settle(lambda: answered(place, other, "/orders/1") == ("v2", "/1"))


@pytest.mark.parametrize(
    ("annotations", "answer"),
    [
        ({}, "308 https://{host}/a?b=1"),
        ({f"{PREFIX}/ssl-redirect": "false"}, ("v1", "/a")),
    ],
)
def test_a_host_with_tls(place: Place, host: str, annotations: dict[str, str], answer: Any) -> None:
    other = f"secure.{host}"
    made = ingress("secure", other, "web-v1", annotations)
    made["spec"]["tls"] = [{"hosts": [other], "secretName": "none"}]
    place.apply(made)
    wanted = answer.format(host=other) if isinstance(answer, str) else answer
    place.settle(lambda: answered(place, other, "/a?b=1") == wanted)


def test_an_ingress_without_class_where_there_is_no_default_is_served_by_nobody(place: Place, host: str) -> None:
    without, later = f"without.{host}", f"later.{host}"
    made = ingress("without", without, "web-v1")
    del made["spec"]["ingressClassName"]
    place.apply(made, ingress("later", later, "web-v1"))
    place.settle(lambda: answered(place, later) == ("v1", "/"))
    assert answered(place, without) == 404


def test_a_bare_pod_with_the_labels_of_a_service_answers_as_well(place: Place, host: str) -> None:
    container = {"name": "web", "image": "example/web:debug", "ports": [{"containerPort": 8080}]}
    meta = {"name": "debug", "labels": {"app": "web-v1", "version": "debug"}}
    place.apply({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container]}})
    place.settle(lambda: place.count(host, 10)["debug"] > 0)
    assert set(place.count(host, 30)) == {"v1", "debug"}
