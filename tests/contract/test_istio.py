"""What a mesh makes of VirtualServices: the same on the embedded cluster and behind a real istiod with Envoy."""

from __future__ import annotations

from collections import Counter
from typing import Any

import httpx
import pytest

from tests.journeys.test_seed_002_acts import SERVICE, deployment, destination_rule, virtual_service
from tests.places import Place


class Inside:
    """A client in the mesh that asks for reviews."""

    def __init__(self, place: Place, client: httpx.Client) -> None:
        self.place, self.client = place, client
        self.url = f"http://reviews.{place.namespace}.svc.cluster.local:9080"

    def ask(self, path: str = "/", headers: dict[str, str] | None = None) -> str:
        """The version that answers, by its pod's name, or the status."""
        answer = self.client.get(f"{self.url}{path}", headers=headers)
        if answer.status_code != 200:
            return str(answer.status_code)
        body = answer.json()
        return str(body.get("podname") or body["pod"]).split("-")[1]

    def count(self, n: int, **how: Any) -> Counter[str]:
        return Counter(self.ask(**how) for _ in range(n))

    def routed(self, *http: dict[str, Any]) -> None:
        """Give the VirtualService these routes, and wait until they are obeyed: a marker comes before them."""
        self.number = getattr(self, "number", 0) + 1
        path = f"/marker-{self.number}"
        marker = {"match": [{"uri": {"exact": path}}], "directResponse": {"status": 418}}
        made = virtual_service()
        self.place.apply({**made, "spec": {**made["spec"], "http": [marker, *http]}})
        self.place.settle(lambda: self.ask(path) == "418")


def leg(subset: str = "", weight: int | None = None, host: str = "reviews") -> dict[str, Any]:
    destination = {"host": host, **({"subset": subset} if subset else {})}
    return {"destination": destination, **({} if weight is None else {"weight": weight})}


def to_v2(block: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"match": [block], "route": [leg("v2")]}, {"route": [leg("v1")]}


@pytest.fixture
def inside(place: Place) -> Any:
    if not place.mesh:
        pytest.skip("COCKPIT_TEST_MESH names no way into the mesh")
    with httpx.Client(proxy=place.mesh, timeout=20) as client:
        place.apply(SERVICE, deployment("v1", 1), deployment("v2", 1), destination_rule("v1", "v2", "v9"))
        place.ready("reviews-v1", "reviews-v2")
        found = Inside(place, client)
        place.settle(lambda: {found.ask() for _ in range(8)} == {"v1", "v2"})
        yield found


def test_weights(inside: Inside) -> None:
    inside.routed({"route": [leg("v1", 80), leg("v2", 20)]})
    found = inside.count(300)
    assert 30 < found["v2"] < 95
    assert set(found) == {"v1", "v2"}
    inside.routed({"route": [leg("v1"), leg("v2", 100)]})
    assert inside.count(10) == {"v2": 10}, "a missing weight is none"
    inside.routed({"route": [leg("v1", 0)]})
    assert inside.count(10) == {"v1": 10}, "a single destination takes all"
    inside.routed({"route": [leg("v1", 10), leg("v2", 30)]})
    assert 50 < inside.count(100)["v2"] < 95, "weights are relative"


def test_what_leads_nowhere(inside: Inside) -> None:
    inside.routed({"route": [leg("v1", 50), leg("v9", 50)]})
    assert set(inside.count(40)) == {"v1", "503"}, "a subset without pods keeps its share"
    inside.routed({"route": [leg("v1", 50), leg("v7", 50)]})
    assert set(inside.count(40)) == {"v1", "503"}, "and so does one that no rule has"
    inside.routed({"route": [leg("v1", 50), leg(host="nobody", weight=50)]})
    assert set(inside.count(40)) == {"v1", "503"}
    inside.routed({"route": [leg("v1", host=f"reviews.{inside.place.namespace}")]})
    assert inside.ask() == "503", "a name with a dot is not completed"
    inside.routed({"match": [{"uri": {"prefix": "/only"}}], "route": [leg("v1")]})
    assert (inside.ask("/only"), inside.ask("/else")) == ("v1", "404")


CASES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({"uri": {"prefix": "/re"}}, {"path": "/reviews"}, True),
    ({"uri": {"exact": "/a"}}, {"path": "/a?x=1"}, True),
    ({"uri": {"regex": "/a"}}, {"path": "/ab"}, False),
    ({"uri": {"prefix": "/RE"}, "ignoreUriCase": True}, {"path": "/reviews"}, True),
    ({"headers": {"x": {"regex": "a+"}}}, {"headers": {"x": "aab"}}, False),
    ({"headers": {"x": {"regex": "a+"}}}, {"headers": {"x": "aa"}}, True),
    ({"headers": {"X-Up": {"exact": "1"}}}, {"headers": {"x-up": "1"}}, True),
    ({"headers": {"x": {}}}, {"headers": {"x": "1"}}, True),
    ({"headers": {"x": {}}}, {}, False),
    ({"headers": {"x": {"exact": ""}}}, {"headers": {"x": "1"}}, False),
    ({"withoutHeaders": {"x": {"exact": "1"}}}, {"headers": {"x": "2"}}, True),
    ({"withoutHeaders": {"x": {"exact": "1"}}}, {}, False),
    ({"withoutHeaders": {"x": {}}}, {}, True),
    ({"queryParams": {"q": {"exact": "1"}}}, {"path": "/?q=1"}, True),
    ({"sourceLabels": {"app": "mesh-client"}}, {}, True),
    ({"sourceLabels": {"app": "other"}}, {}, False),
    ({"port": 9080}, {}, True),
    ({"name": "said"}, {}, True),
]


def test_conditions(inside: Inside) -> None:
    for block, how, met in CASES:
        inside.routed(*to_v2(block))
        assert inside.count(3, **how) == {"v2" if met else "v1": 3}, (block, how)


def test_the_first_match_wins_and_the_first_made_object(inside: Inside) -> None:
    inside.routed({"route": [leg("v1")]}, *to_v2({"headers": {"x": {}}}))
    assert inside.ask(headers={"x": "1"}) == "v1"
    younger = virtual_service()
    younger = {**younger, "metadata": {"name": "zeta"}, "spec": {**younger["spec"], "http": [{"route": [leg("v2")]}]}}
    inside.place.apply(destination_rule("v1", "v2"), younger)
    inside.routed({"route": [leg("v1")]})
    assert inside.count(10) == {"v1": 10}


def test_redirects(inside: Any) -> None:
    inside.routed(
        {"match": [{"uri": {"prefix": "/r1"}}], "redirect": {"uri": "/new"}},
        {"match": [{"uri": {"prefix": "/r2"}}], "redirect": {"authority": "new.test", "redirectCode": 302}},
        {"match": [{"uri": {"prefix": "/r3"}}], "redirect": {"authority": "new.test", "port": 8080}},
        {"match": [{"uri": {"prefix": "/old"}}], "rewrite": {"uri": "/new"}, "route": [leg("v2")]},
        {"route": [leg("v1")]},
    )

    def asked(path: str) -> str:
        answer = inside.client.get(f"{inside.url}{path}")
        return f"{answer.status_code} {answer.headers['location']}"

    assert asked("/r1/x?q=1") == f"301 {inside.url}/new?q=1"
    assert asked("/r2/x?q=1") == "302 http://new.test/r2/x?q=1"
    assert asked("/r3") == "301 http://new.test:8080/r3"
    assert (inside.ask("/old/x"), inside.ask("/")) == ("v2", "v1")
