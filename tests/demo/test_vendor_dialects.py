"""Canary annotations as Higress (and MSE) and Alibaba's ALB obey them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.demo.conftest import ingress
from tests.demo.test_dialects import EARLY, LATE, decisions

ALB = "alb.ingress.kubernetes.io/"


def higress(*canaries: dict[str, Any], headers: dict[str, str] | None = None, **more: Any) -> Counter[str | int]:
    objects = [ingress("main", "v1", class_name="higress", created=EARLY), *canaries]
    return decisions(objects, headers=headers, **more)


def canary(name: str, service: str, class_name: str = "higress", **rules: Any) -> dict[str, Any]:
    return ingress(name, service, class_name=class_name, created=LATE, **rules)


@pytest.mark.parametrize(
    ("rules", "headers", "answers"),
    [
        ({"by_header": "x", "weight": "100"}, {}, "v1"),
        ({"by_header": "x"}, {"x": "always"}, "v2"),
        ({"by_header": "x", "weight": "100"}, {"x": "never"}, "v1"),
        ({"by_header": "x", "by_header_value": "bar"}, {"x": "bar"}, "v2"),
        ({"by_header": "x", "by_header_value": "bar"}, {"x": "always"}, "v2"),
        ({"by_header": "x", "by_header_value": "ba[rz]"}, {"x": "baz"}, "v2"),
        ({"by_header": "x", "by_header_value": "bar"}, {"x": "rebar"}, "v1"),
        ({"by_header": "x", "by_header_pattern": "ba"}, {"x": "rebar"}, "v2"),
        ({"by_header": "x", "by_header_value": "ba("}, {"x": "bar"}, "v1"),
        ({"by_header": "x", "by_cookie": "c"}, {"cookie": "c=always"}, "v1"),
        ({"by_cookie": "c", "weight": "100"}, {"cookie": "c=always"}, "v2"),
        ({"by_cookie": "c", "weight": "100"}, {}, "v1"),
    ],
)
def test_higress_makes_a_rule_a_route_of_its_own(rules: dict[str, str], headers: dict[str, str], answers: str) -> None:
    assert higress(canary("canary", "v2", **rules), headers=headers, draws=20) == {answers: 20}


def test_higress_adds_the_weights_of_several_canaries_up() -> None:
    counted = higress(canary("a", "v2", weight="20"), canary("b", "v3", weight="30"), draws=3000)
    assert abs(counted["v2"] - 600) < 120
    assert abs(counted["v3"] - 900) < 140
    assert counted["v1"] == 3000 - counted["v2"] - counted["v3"]
    whole = higress(canary("a", "v2", weight="150"), canary("b", "v3", weight="50"), draws=2000)
    assert whole["v1"] == 0
    assert abs(whole["v3"] - 500) < 110


def test_higress_cuts_shares_to_whole_percent() -> None:
    assert higress(canary("a", "v2", weight="9", weight_total="1000")) == {"v1": 200}
    assert higress(canary("a", "v2", weight="5", weight_total="5")) == {"v2": 200}


def test_higress_leaves_an_empty_canary_to_main_and_an_empty_main_fails_alone() -> None:
    assert higress(canary("a", "v2", weight="100"), empty=["v2"]) == {"v1": 200}
    assert set(higress(canary("a", "v2", weight="50"), empty=["v1"])) == {"v2", 503}


def test_mse_reads_its_own_prefix_and_queries() -> None:
    objects = [ingress("main", "v1", class_name="mse", created=EARLY), canary("canary", "v2", "mse")]
    objects[1]["metadata"]["annotations"] = {
        "nginx.ingress.kubernetes.io/canary": "true",
        "mse.ingress.kubernetes.io/canary-by-query": "go",
        "mse.ingress.kubernetes.io/canary-by-query-value": "1",
    }
    assert decisions(objects, draws=20) == {"v1": 20}


def alb(
    *marks: dict[str, str], headers: dict[str, str] | None = None, empty: tuple[str, ...] = ()
) -> Counter[str | int]:
    """Canaries v2, v3 ... with these annotations, oldest first, without the prefix."""
    objects = [ingress("main", "v1", class_name="alb", created=EARLY)]
    for number, own in enumerate(marks, 2):
        made = ingress(f"c{9 - number}", f"v{number}", class_name="alb", created=f"2030-01-01T10:00:0{number}Z")
        made["metadata"]["annotations"] = {f"{ALB}canary": "true"} | {f"{ALB}{key}": v for key, v in own.items()}
        objects.append(made)
    return decisions(objects, headers=headers, empty=empty, draws=60)


def test_alb_reads_its_own_prefix_only() -> None:
    objects = [
        ingress("main", "v1", class_name="alb", created=EARLY),
        ingress("later", "v2", class_name="alb", created=LATE, weight="100"),
    ]
    assert decisions(objects) == {"v1": 200}, "to ALB the later one is a second main"
    assert alb({"canary-weight": "100"}) == {"v2": 60}


def test_alb_takes_no_weight_beside_a_rule() -> None:
    both = {"canary-by-header": "x", "canary-by-header-value": "bar", "canary-weight": "100"}
    assert alb(both) == {"v1": 60}
    assert alb(both, headers={"x": "bar"}) == {"v2": 60}
    assert alb(both, {"canary-weight": "100"}) == {"v3": 60}


def test_alb_asks_in_order_then_the_oldest() -> None:
    first = {"canary-by-header": "x", "canary-by-header-value": "bar"}
    assert alb(first, first, headers={"x": "bar"}) == {"v2": 60}
    assert alb({**first, "order": "20"}, {**first, "order": "1"}, headers={"x": "bar"}) == {"v3": 60}
    assert alb(first, {**first, "order": "11"}, headers={"x": "bar"}) == {"v2": 60}
    assert alb(first, {**first, "order": "0"}, headers={"x": "bar"}) == {"v2": 60}


def test_alb_header_before_cookie_and_never_keeps_to_main() -> None:
    rules = {"canary-by-header": "x", "canary-by-cookie": "c"}
    assert alb(rules, headers={"x": "never", "cookie": "c=always"}) == {"v1": 60}
    assert alb(rules, headers={"x": "maybe", "cookie": "c=always"}) == {"v2": 60}


def test_alb_is_as_nginx_where_its_documents_are_silent() -> None:
    assert alb({"canary-weight": "100"}, empty=("v2",)) == {"v1": 60}
    assert alb({"canary-weight": "100"}, empty=("v1",)) == {503: 60}
