"""A canary Ingress whose Service does not exist: its main takes its share, so nobody is hurt."""

from __future__ import annotations

import pytest

from cockpit.model.rollout import Finding, Phase, Severity
from cockpit.routers.ingress.written import ingress_split
from tests.objects import Cluster
from tests.routers.ingresses import read

WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"


@pytest.fixture
def dangling(weight_story: Cluster) -> Cluster:
    return weight_story.use_class("nginx").remove("Service", "http-server-v2").balance()


def told(cluster: Cluster) -> Finding:
    [found] = [each for each in read(cluster).findings if each.id == "dangling-canary"]
    return found


def test_it_is_a_warning_and_nothing_is_degraded(dangling: Cluster) -> None:
    """Users got 200 in 40 of 40."""
    assert (read(dangling).phase, told(dangling).severity) == (Phase.AT_REST, Severity.WARNING)


def test_one_that_asks_for_no_requests_is_a_note(dangling: Cluster) -> None:
    dangling.doc("Ingress", "route2")["metadata"]["annotations"][WEIGHT] = "0"
    assert told(dangling).severity is Severity.INFO
    assert "asks for no requests" in told(dangling).text


def test_one_of_a_controller_is_told_too(dangling: Cluster) -> None:
    found = ingress_split(dangling, "default", "route1", "http-server-v1", "http-server-v2")
    assert ([each.id for each in found.problems], found.unserved_shares) == (["dangling-canary"], ())
    assert found.problems[0].text.endswith("the release needs that Service, create it again")


def test_a_gateway_of_which_this_is_not_known_is_called_degraded(dangling: Cluster) -> None:
    dangling.use_class("alb")
    for name in ("route1", "route2"):
        notes = dangling.doc("Ingress", name)["metadata"].setdefault("annotations", {})
        notes |= {key.replace("nginx.ingress", "alb.ingress"): value for key, value in notes.items()}
    assert read(dangling).phase is Phase.DEGRADED
    assert "some gateways answer 404" in told(dangling).text
