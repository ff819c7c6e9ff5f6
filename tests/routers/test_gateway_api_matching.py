"""Which rule a request matches: bounded, however many matches and patterns a route has."""

from __future__ import annotations

from cockpit.routers.gateway_api.matching import MOST_MATCHES, MOST_PATTERNS, path_to, wins
from cockpit.routers.gateway_api.routes import RouteBackend, RouteMatch, RouteRule
from tests.routers.httproutes import backend, route, rule, shop
from tests.routers.test_gateway_api import read


def rules(*matches: RouteMatch) -> tuple[RouteRule, ...]:
    return (RouteRule(0, "", matches, ()), RouteRule(1, "", (RouteMatch(),), ()))


def test_a_route_with_more_matches_than_the_api_allows_is_not_compared() -> None:
    full = rules(*(RouteMatch(f"/{n}") for n in range(MOST_MATCHES - 1)))
    assert wins(full, "/x", {}) == 1
    assert wins((*full, RouteRule(2, "", (RouteMatch("/y"),), ())), "/x", {}) is None


def test_a_route_with_many_patterns_is_not_compared() -> None:
    def patterns(count: int) -> tuple[RouteRule, ...]:
        return rules(*(RouteMatch(f"/{n}[0-9]*", "RegularExpression") for n in range(count)))

    assert wins(patterns(MOST_PATTERNS), "/x", {}) == 1
    assert wins(patterns(MOST_PATTERNS + 1), "/x", {}) is None


def test_of_very_many_rules_the_split_is_shown_all_the_same() -> None:
    more = [rule(backend("shop-v2", 1), path=f"/{n}", headers={"x": str(n)}) for n in range(2 * MOST_MATCHES)]
    found = read(shop(route(rule(backend("shop-v1", 70), backend("shop-v2", 30)), *more)))
    assert {s.version: s.written for s in found.lanes[0].shares} == {"v1": 0.7, "v2": 0.3}
    assert all(lane.headers is None for lane in found.lanes)


def test_an_example_is_looked_for_in_a_few_matches_only() -> None:
    patterns = [RouteMatch(f"/a(?={n})", "RegularExpression") for n in range(MOST_PATTERNS)]
    led = (RouteBackend(0, "default", "web", 80, None),)
    assert path_to((RouteRule(0, "", (*patterns[1:], RouteMatch("/b")), led),), "web") == "/b"
    assert path_to((RouteRule(0, "", (*patterns, RouteMatch("/b")), led),), "web") == "/"
