"""The way into the mesh and Bookinfo over real loopback sockets."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cockpit.demo.pods.bookinfo import Called, part_of
from tests.places import demo_process, open_client

REVIEWS = "http://reviews.bookinfo.svc.cluster.local:9080/reviews/0"


def colours(body: bytes) -> str:
    found = json.loads(body)["reviews"][0].get("rating") or {}
    return str(found.get("color", "none"))


def settled(test: Callable[[], bool], tries: int = 3000) -> None:
    """Ask until the test holds; bounded."""
    assert any(test() for _ in range(tries)), "it never came to what the test waits for"


@pytest.fixture(scope="module")
def bookinfo() -> Any:
    with demo_process("bookinfo", "--seed", "3") as ready:
        yield ready


def test_reviews_answers_through_the_mesh_and_productpage_calls_it(bookinfo: dict[str, Any]) -> None:
    with httpx.Client(proxy=bookinfo["mesh"], timeout=20) as inside:
        settled(lambda: inside.get(REVIEWS).status_code == 200)
        assert colours(inside.get(REVIEWS).content) == "none"
        assert inside.get("http://nobody.bookinfo.svc.cluster.local/").status_code == 502
        assert inside.request("CONNECT", "http://reviews.bookinfo:9080").status_code == 405

    def page() -> httpx.Response:
        url = f"{bookinfo['gateway']}/productpage"
        return httpx.get(url, headers={"Host": "bookinfo.example.com", "Connection": "close"}, timeout=20)

    settled(lambda: "Reviews served by" in page().text and "William Shakespeare" in page().text)
    assert re.search(r"<u>reviews-v1-[a-z0-9-]+</u>", page().text)
    assert "★" not in page().text


def test_a_share_of_the_pages_has_black_stars(bookinfo: dict[str, Any]) -> None:
    split = {"http": [{"route": [leg("v1", 50), leg("v2", 50)]}]}
    with open_client(Path(bookinfo["kubeconfig"])) as api, httpx.Client(proxy=bookinfo["mesh"], timeout=20) as inside:
        place = "/apis/networking.istio.io/v1/namespaces/bookinfo/virtualservices/reviews"
        merge = {"Content-Type": "application/merge-patch+json"}
        subsets = [{"name": v, "labels": {"version": v}} for v in ("v1", "v2")]
        api.post("/apis/apps/v1/namespaces/bookinfo/deployments", json=deployment("v2")).raise_for_status()
        rule = "/apis/networking.istio.io/v1/namespaces/bookinfo/destinationrules/reviews"
        api.patch(rule, content=json.dumps({"spec": {"subsets": subsets}}), headers=merge).raise_for_status()
        api.patch(place, content=json.dumps({"spec": split}), headers=merge).raise_for_status()
        settled(lambda: colours_of(inside, 1) == Counter({"black": 1}))
        found = colours_of(inside, 300)
        assert set(found) == {"none", "black"}
        assert 100 < found["black"] < 200


def colours_of(client: httpx.Client, n: int) -> Counter[str]:
    answers = [client.get(REVIEWS) for _ in range(n)]
    return Counter(colours(a.content) if a.status_code == 200 else str(a.status_code) for a in answers)


def leg(subset: str, weight: int) -> dict[str, Any]:
    return {"destination": {"host": "reviews", "subset": subset}, "weight": weight}


def deployment(version: str) -> dict[str, Any]:
    labels = {"app": "reviews", "version": version}
    image = f"docker.io/istio/examples-bookinfo-reviews-{version}:1.20.2"
    container = {"name": "reviews", "image": image, "ports": [{"containerPort": 9080}]}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"reviews-{version}"},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }


def test_what_each_part_answers() -> None:
    red = part_of("docker.io/istio/examples-bookinfo-reviews-v3:1.20.2")
    assert red
    assert list(red.calls("/reviews/0")) == ["ratings"]
    ratings = part_of("examples-bookinfo-ratings-v1")
    assert ratings
    body = json.loads(red.body("pod-1", {"ratings": Called(200, ratings.body("r", {}))}))
    assert body["podname"] == "pod-1"
    assert [r["rating"] for r in body["reviews"]] == [{"stars": 5, "color": "red"}, {"stars": 4, "color": "red"}]
    lost = json.loads(red.body("pod-1", {"ratings": Called(503, b"")}))
    assert "unavailable" in lost["reviews"][0]["rating"]["error"]
    page = part_of("x/examples-bookinfo-productpage-v1:1")
    assert page
    shown = page.body("p", {"reviews": Called(200, red.body("<b>", {})), "details": Called(200, b"no json")}).decode()
    assert "&lt;b&gt;" in shown
    assert "Error fetching product details" in shown
    assert part_of("example/reviews:v1") is None


def test_pods_that_call_in_a_circle_come_to_an_end(bookinfo: dict[str, Any]) -> None:
    route = {"hosts": ["ratings"], "http": [{"route": [{"destination": {"host": "reviews"}}]}]}
    circle = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "ratings"},
        "spec": route,
    }
    with open_client(Path(bookinfo["kubeconfig"])) as api, httpx.Client(proxy=bookinfo["mesh"], timeout=20) as inside:
        api.post("/apis/networking.istio.io/v1/namespaces/bookinfo/virtualservices", json=circle).raise_for_status()
        assert set(colours_of(inside, 20)) <= {"none", "black"}
