"""The gateway's decisions: every surprise of the canary dialects, without a socket."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.demo.gateway.dialects import compile_routes, dialect_of
from cockpit.demo.gateway.match import Request
from tests.demo.conftest import chosen, ingress

HOST = "www.example.com"
EARLY, LATE = "2030-01-01T10:00:00Z", "2030-01-01T10:00:05Z"


def decisions(
    objects: Iterable[dict[str, Any]],
    *,
    host: str = HOST,
    path: str = "/",
    headers: dict[str, str] | None = None,
    empty: Iterable[str] = (),
    draws: int = 200,
) -> Counter[str | int]:
    """How often each Service, or each status, is chosen."""
    routes, rng, request = compile_routes(objects, []), random.Random(5), Request(host, path, headers or {})
    without = set(empty)
    counted: Counter[str | int] = Counter()
    for _ in range(draws):
        found = chosen(routes.decide(request, rng, lambda upstream: upstream.service not in without))
        counted[found if isinstance(found, int) else found.service] += 1
    return counted


def main_and(*canaries: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [ingress("main", "v1", created=EARLY, **more), *canaries]


def canary(name: str = "canary", service: str = "v2", created: str = LATE, **rules: Any) -> dict[str, Any]:
    return ingress(name, service, created=created, **rules)


@pytest.mark.parametrize(
    ("rules", "share"),
    [
        ({"weight": "30"}, 0.30),
        ({"weight": "5"}, 0.05),
        ({"weight": "5", "weight_total": "10"}, 0.05),
        ({"weight": "50", "weight_total": "200"}, 0.25),
        ({"weight": "5", "weight_total": "many"}, 0.05),
    ],
)
def test_the_weight_is_a_share_of_a_total_that_only_counts_above_100(rules: dict[str, str], share: float) -> None:
    counted = decisions(main_and(canary(**rules)), draws=2000)
    deviation = 4 * (share * (1 - share) / 2000) ** 0.5
    assert abs(counted["v2"] / 2000 - share) < deviation
    assert counted["v1"] + counted["v2"] == 2000


@pytest.mark.parametrize("weight", ["thirty", "", "3.5", "-10", "0", "９"])
def test_a_weight_that_is_no_positive_integer_is_none(weight: str) -> None:
    assert decisions(main_and(canary(weight=weight))) == {"v1": 200}


@pytest.mark.parametrize("weight", ["100", "1000", "+100"])
def test_a_weight_of_the_total_or_more_is_everything(weight: str) -> None:
    assert decisions(main_and(canary(weight=weight))) == {"v2": 200}


@pytest.mark.parametrize(
    ("rules", "headers", "answers"),
    [
        ({"by_header": "x"}, {"x": "always"}, "v2"),
        ({"by_header": "x", "weight": "100"}, {"x": "never"}, "v1"),
        ({"by_header": "X-Go"}, {"x-go": "always"}, "v2"),
        ({"by_header": "x_go"}, {"x-go": "always"}, "v2"),
        ({"by_header": "x"}, {"x": "maybe"}, "v1"),
        ({"by_header": "x", "by_header_value": "bar"}, {"x": "bar"}, "v2"),
        ({"by_header": "x", "by_header_value": "bar"}, {"x": "BAR"}, "v1"),
        ({"by_header": "x", "by_header_value": "bar"}, {"x": "always"}, "v1"),
        ({"by_header": "x", "by_header_value": "bar", "weight": "100"}, {"x": "never"}, "v2"),
        ({"by_header": "x", "by_header_value": "bar", "by_cookie": "c"}, {"x": "no", "cookie": "c=always"}, "v2"),
        ({"by_header": "x", "by_header_value": "bar", "by_cookie": "c", "weight": "100"}, {"cookie": "c=never"}, "v1"),
        ({"by_header": "x", "by_header_value": "bar", "by_header_pattern": ".*"}, {"x": "foo"}, "v1"),
        ({"by_header": "x", "by_header_pattern": "ba"}, {"x": "rebar"}, "v2"),
        ({"by_header": "x", "by_header_pattern": "^ba", "weight": "100"}, {"x": "rebar"}, "v2"),
        ({"by_header": "x", "by_header_pattern": "ba(", "weight": "100"}, {"x": "bar"}, "v1"),
        ({"by_header": "x", "by_header_pattern": "ba(", "weight": "100"}, {}, "v2"),
        ({"by_header": "x", "by_header_pattern": r"^(([a-z])+.)+[A-Z]([a-z])+$", "weight": "0"}, {"x": "a" * 60}, "v1"),
        ({"by_cookie": "c"}, {"cookie": "a=b; c=always"}, "v2"),
        ({"by_cookie": "c", "weight": "100"}, {"cookie": "c=maybe"}, "v2"),
        ({"by_header": "x", "by_cookie": "c"}, {"x": "never", "cookie": "c=always"}, "v1"),
    ],
)
def test_header_then_cookie_then_weight(rules: dict[str, str], headers: dict[str, str], answers: str) -> None:
    assert decisions(main_and(canary(**rules)), headers=headers, draws=20) == {answers: 20}


def test_a_canary_of_another_path_type_is_not_attached() -> None:
    assert decisions(main_and(ingress("canary", "v2", path_type="Exact", created=LATE, weight="100"))) == {"v1": 200}


def test_an_empty_canary_leaves_all_to_main() -> None:
    assert decisions(main_and(canary(weight="100")), empty=["v2"]) == {"v1": 200}


def test_an_empty_main_answers_503_even_when_the_canary_has_it_all() -> None:
    assert decisions(main_and(canary(weight="100")), empty=["v1"]) == {503: 200}


def test_a_canary_leaks_to_every_host_with_the_same_main_service() -> None:
    objects = [*main_and(canary(weight="100")), ingress("other", "v1", host="other.example.com", created=EARLY)]
    assert decisions(objects, host="other.example.com") == {"v2": 200}


def test_of_two_canaries_the_oldest_counts() -> None:
    older = canary("b", "v2", "2030-01-01T10:00:01Z", weight="0")
    assert decisions(main_and(canary("a", "v3", LATE, weight="100"), older)) == {"v1": 200}


def test_a_canary_older_than_a_main_of_its_service_makes_that_main_vanish() -> None:
    objects = [canary(created=EARLY, weight="30"), ingress("main", "v2", created=LATE)]
    assert decisions(objects) == {404: 200}


def test_a_main_that_was_there_first_keeps_the_service_when_it_is_switched_to_it() -> None:
    assert decisions([ingress("main", "v2", created=EARLY), canary(weight="30")]) == {"v2": 200}


@pytest.mark.parametrize(("main_name", "answers"), [("route1", 404), ("route3", "v2")])
def test_within_a_second_names_decide_in_descending_order(main_name: str, answers: str | int) -> None:
    objects = [ingress(main_name, "v2", created=EARLY), canary("route2", created=EARLY, weight="30")]
    assert decisions(objects) == {answers: 200}


def test_a_dangling_canary_serves_nothing() -> None:
    assert decisions([canary(weight="100")]) == {404: 200}
    assert decisions([ingress("main", "v1", host="else.example.com", created=EARLY), canary(weight="100")]) == {
        404: 200
    }


@pytest.mark.parametrize("spelled", ["false", "yes", "on", ""])
def test_a_canary_that_is_not_enabled_is_an_ordinary_main(spelled: str) -> None:
    objects = [canary(created=EARLY, enabled=spelled, weight="10"), ingress("later", "v1", created=LATE)]
    assert decisions(objects) == {"v2": 200}


@pytest.mark.parametrize("spelled", ["true", "True", "1", "t"])
def test_any_spelling_that_go_takes_for_true_makes_a_canary(spelled: str) -> None:
    assert decisions(main_and(canary(enabled=spelled, weight="100"))) == {"v2": 200}


def test_a_canary_of_a_service_that_is_main_elsewhere_is_an_ordinary_route() -> None:
    elsewhere = ingress("elsewhere", "v2", host="b.example.com", created=EARLY)
    second = ingress("canary", "v2", path="/other", created=LATE, weight="10")
    objects = [*main_and(), elsewhere, second]
    assert decisions(objects, path="/other") == {"v2": 200}
    assert decisions(objects) == {"v1": 200}
    assert decisions(objects, host="b.example.com") == {"v2": 200}


def test_a_main_service_can_not_be_a_canary_too() -> None:
    elsewhere = ingress("elsewhere", "v2", host="b.example.com", created=EARLY)
    assert decisions([*main_and(), elsewhere, canary(weight="50")]) == {"v1": 200}


def test_apig_takes_a_header_by_its_presence_and_knows_no_cookie_pattern_or_total() -> None:
    def apig(headers: dict[str, str], **rules: Any) -> Counter[str | int]:
        objects = [
            ingress("main", "v1", class_name="apig", created=EARLY),
            ingress("canary", "v2", class_name="apig", created=LATE, **rules),
        ]
        return decisions(objects, headers=headers, draws=1000)

    assert apig({"foo": "anything"}, by_header="foo") == {"v2": 1000}
    assert apig({"foo": "never"}, by_header="foo") == {"v2": 1000}
    assert apig({}, by_header="foo") == {"v1": 1000}
    assert apig({"foo": "bar"}, by_header="foo", by_header_value="bar") == {"v2": 1000}
    assert apig({"foo": "Bar"}, by_header="foo", by_header_value="bar") == {"v1": 1000}
    assert apig({"cookie": "c=always"}, by_cookie="c") == {"v1": 1000}
    assert 240 < apig({}, weight="30", weight_total="1000")["v2"] < 360
    assert apig({"foo": "bar"}, by_header="foo", by_header_value="bar", weight="0") == {"v2": 1000}


def test_an_apig_main_may_be_switched_to_the_service_of_an_older_canary() -> None:
    objects = [
        ingress("route2", "v2", class_name="apig", created=EARLY, weight="30"),
        ingress("route1", "v2", class_name="apig", created=LATE),
    ]
    assert decisions(objects) == {"v2": 200}


def test_apig_pairs_only_ingresses_of_one_instance() -> None:
    main, other = ingress("main", "v1", class_name="apig"), ingress("canary", "v2", class_name="apig", weight="100")
    other["metadata"]["annotations"]["ingress.vke.volcengine.com/apig-instance-name"] = "b"
    assert decisions([main, other]) == {"v1": 200}


def test_the_class_decides_who_obeys() -> None:
    assert decisions([ingress("main", "v1", class_name="else")]) == {404: 200}
    plain = ingress("main", "v1")
    del plain["spec"]["ingressClassName"]
    assert decisions([plain]) == {404: 200}
    plain["metadata"]["annotations"]["kubernetes.io/ingress.class"] = "nginx"
    assert decisions([plain]) == {"v1": 200}
    named = dialect_of(ingress("main", "v1", class_name="mine"), {"mine": "k8s.io/ingress-nginx"})
    assert named is not None
    assert named.name == "nginx"
    assert dialect_of(ingress("main", "v1"), {"nginx": "somebody.else/controller"}) is None


anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(
    values=st.dictionaries(
        st.sampled_from(["weight", "weight_total", "by_header", "by_header_value", "by_header_pattern", "by_cookie"]),
        st.text(max_size=30),
        min_size=1,
    ),
    headers=st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=3),
)
def test_no_annotation_and_no_header_breaks_the_gateway(values: dict[str, str], headers: dict[str, str]) -> None:
    counted = decisions(main_and(canary(**values)), headers=headers, draws=5)
    assert set(counted) <= {"v1", "v2"}


@settings(max_examples=100, deadline=None)
@given(spec=st.dictionaries(st.sampled_from(["rules", "defaultBackend", "tls"]), anything), extra=anything)
def test_a_malformed_ingress_takes_nothing_from_the_others(spec: dict[str, Any], extra: Any) -> None:
    broken = {"metadata": {"name": "broken", "namespace": "default"}, "spec": {**spec, "ingressClassName": "nginx"}}
    odd = ingress("odd", "v9", host="odd.example.com", created=LATE)
    odd["spec"]["rules"][0]["http"]["paths"].append(extra)
    counted = decisions([broken, odd, ingress("main", "v1", created=EARLY)], draws=3)
    assert counted == {"v1": 3}
