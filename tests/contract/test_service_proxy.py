"""`services/NAME/proxy`: which pod answers, and what the API server answers itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest

from tests.contract.api import Api, deployment, service

ASKED = 160


def versions(name: str, ports: dict[str, int], **replicas: int) -> list[dict[str, Any]]:
    """A Deployment for each version behind one Service; `ports` are the container ports."""
    found = []
    for version, count in replicas.items():
        made = deployment(f"{name}-{version}", count)
        labels = {"app": name, "version": version}
        made["spec"]["selector"]["matchLabels"] = made["spec"]["template"]["metadata"]["labels"] = labels
        container = made["spec"]["template"]["spec"]["containers"][0]
        container["ports"] = [{"name": "http", "containerPort": ports[version]}]
        found.append(made)
    return [*found, service(name, ports=[{"name": "web", "port": 80, "targetPort": "http"}])]


def proxied(api: Api, asked: str, path: str = "/", **options: Any) -> httpx.Response:
    return api.client.request("GET", api.path("services", f"{asked}/proxy") + path, **options)


def shares(api: Api, asked: str) -> Counter[str]:
    answers = (proxied(api, asked) for _ in range(ASKED))
    return Counter(answer.json()["labels"]["version"] for answer in answers)


@pytest.fixture
def shop(api: Api) -> Api:
    docs = versions("shop", {"a": 8080, "b": 8080}, a=6, b=2)
    api.place.apply(*docs)
    api.place.ready("shop-a", "shop-b")
    api.place.until("EndpointSlice", lambda items: sum(len(item.get("endpoints") or ()) for item in items) == 8)
    api.until(lambda: proxied(api, "shop:80").status_code == 200)
    return api


@pytest.mark.parametrize("asked", ["shop:80", "shop:web", "http:shop:web"])
def test_a_service_is_asked_by_number_and_name_of_a_port_and_answers_as_it_is(shop: Api, asked: str) -> None:
    answer = proxied(shop, asked, "/a%20b?c=d")
    assert answer.status_code == 200
    assert answer.json()["labels"]["app"] == "shop"
    assert answer.headers["x-pod"] == answer.json()["pod"]


def test_each_request_goes_to_a_ready_endpoint_that_is_drawn(shop: Api) -> None:
    counted = shares(shop, "shop:80")
    # 75 %: outside of 0.55 to 0.92 once in ten million runs.
    assert 0.55 < counted["a"] / ASKED < 0.92, counted


def test_pods_on_different_ports_do_not_get_requests_by_their_number(api: Api) -> None:
    api.place.apply(*versions("odd", {"a": 8080, "b": 9090}, a=9, b=1))
    api.place.ready("odd-a", "odd-b")
    api.until(lambda: {proxied(api, "odd:80").json().get("labels", {}).get("version") for _ in range(9)} == {"a", "b"})
    # One subset for each port: each gets half of the requests, whatever the number of its pods.
    assert 0.3 < shares(api, "odd:80")["b"] / ASKED < 0.7


def test_without_ready_endpoints_the_api_server_answers_itself(api: Api) -> None:
    api.made("services", service("none", selector={"app": "nothing"}))
    api.until(lambda: proxied(api, "none:80").status_code == 503)
    assert proxied(api, "none:80").json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'no endpoints available for service "none"',
        "reason": "ServiceUnavailable",
        "code": 503,
    }


@pytest.mark.parametrize(
    ("asked", "code", "message"),
    [
        ("shop:82", 503, 'no service port 82 found for service "shop"'),
        ("shop:other", 503, 'no endpoints available for service "shop:other"'),
        ("shop", 503, 'no endpoints available for service "shop"'),
        ("missing:80", 404, 'services "missing" not found'),
        ("ftp:shop:80", 400, 'invalid service request "ftp:shop:80"'),
    ],
)
def test_what_cannot_be_asked_is_a_status_of_the_api_server(shop: Api, asked: str, code: int, message: str) -> None:
    answer = proxied(shop, asked)
    assert (answer.status_code, answer.json()["kind"], answer.json()["code"]) == (code, "Status", code)
    assert answer.json()["message"] == message


def test_a_pod_that_does_not_listen_on_the_port_is_a_status_too(shop: Api) -> None:
    shop.place.apply(service("shop", ports=[{"name": "web", "port": 80, "targetPort": 9999}]))
    shop.until(lambda: proxied(shop, "shop:80").status_code == 503)
    answer = proxied(shop, "shop:80")
    assert answer.json()["reason"] == "ServiceUnavailable"
    assert answer.json()["message"].startswith("error trying to reach service: ")


def test_without_a_slash_a_client_is_sent_on(shop: Api) -> None:
    answer = proxied(shop, "shop:80", "", follow_redirects=False)
    assert answer.status_code == 301
    assert answer.headers["location"].endswith("/services/shop:80/proxy/")


def test_discovery_lists_the_proxy(api: Api) -> None:
    found = {entry["name"]: entry for entry in api.client.get("/api/v1").json()["resources"]}
    assert found["services/proxy"] == {
        "name": "services/proxy",
        "singularName": "",
        "namespaced": True,
        "kind": "ServiceProxyOptions",
        "verbs": ["create", "delete", "get", "patch", "update"],
    }
