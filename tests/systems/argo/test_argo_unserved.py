"""Users who get no answer at the Services of a Rollout: a route that is gone, a spec that is refused."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.rollout import Phase, Severity
from tests.objects import Cluster
from tests.systems.argo.releases import (
    NGINX,
    PROMOTED,
    blue_green,
    canary,
    cluster_of,
    ids,
    ingress,
    read,
    rollout,
    routed,
    service,
    shares,
    text_of,
)

REFUSED = {"type": "InvalidSpec", "status": "True", "reason": "InvalidSpec", "message": "setWeight is 150"}
NOTHING: dict[str, Any] = {
    "phase": "Degraded",
    "message": "InvalidSpec: setWeight is 150",
    "currentPodHash": None,
    "stableRS": None,
    "currentStepIndex": None,
    "controllerPause": None,
    "pauseConditions": None,
    "conditions": [REFUSED],
}


def severity(cluster: Cluster, name: str) -> Severity:
    (found,) = [f for f in read(cluster).findings if f.id == name]
    return found.severity


@pytest.mark.parametrize("more", [{}, PROMOTED])
def test_an_ingress_that_is_deleted_leaves_its_users_without_an_answer(more: dict[str, Any]) -> None:
    """On the lab all of 60 requests got 404, in the middle of a release."""
    cluster = routed(**more)
    cluster.remove("Ingress", "web")
    assert severity(cluster, "route-missing") is Severity.CRITICAL
    assert "no other route leads to Service web-stable, and requests fail" in text_of(cluster, "route-missing")
    found = read(cluster)
    assert found.phase is Phase.DEGRADED
    assert found.message.startswith("Ingress default/web does not exist")


def test_another_way_to_the_service_makes_it_a_warning() -> None:
    cluster = routed()
    cluster.remove("Ingress", "web")
    cluster.add(ingress("another", "web-stable"))
    assert severity(cluster, "route-missing") is Severity.WARNING
    assert read(cluster).phase is Phase.WAITING


def test_before_the_first_pods_a_missing_ingress_is_no_alarm() -> None:
    cluster = cluster_of(rollout(canary(routing=NGINX)), **(NOTHING | {"phase": "Progressing", "conditions": []}))
    cluster.add(service("web-stable"), service("web-canary"))
    assert severity(cluster, "route-missing") is Severity.WARNING
    assert read(cluster).phase is Phase.PROGRESSING


def test_a_spec_that_is_refused_at_once_starts_no_pods() -> None:
    """On the lab all of 60 requests got 503, and it looked as if its first pods were starting."""
    cluster = cluster_of(rollout(canary(routing=NGINX)), **NOTHING)
    cluster.add(service("web-stable"), service("web-canary"), ingress("web", "web-stable"))
    assert severity(cluster, "main-empty") is Severity.CRITICAL
    assert read(cluster).phase is Phase.DEGRADED


@pytest.mark.parametrize("strategy", [blue_green(), canary(stableService="web-stable")])
def test_without_a_router_too(strategy: dict[str, Any]) -> None:
    cluster = cluster_of(rollout(strategy), **NOTHING)
    cluster.add(service("web-stable"), service("web-canary"))
    assert severity(cluster, "no-ready-pods") is Severity.CRITICAL
    starting = cluster_of(rollout(strategy), **(NOTHING | {"phase": "Progressing", "conditions": []}))
    starting.add(service("web-stable"), service("web-canary"))
    assert "no-ready-pods" not in ids(starting)


def test_paused_by_hand_it_declares_what_the_controller_reports() -> None:
    """The step asks for 20%, and gets no pods before somebody resumes it: nothing is off."""
    cluster = routed(0, currentStepIndex=0, pauseConditions=None, controllerPause=None, message="manually paused")
    assert shares(cluster)["v2"] == (0.2, 0.0)
    cluster.doc("Rollout", "web")["spec"]["paused"] = True
    assert read(cluster).phase is Phase.PAUSED
    assert shares(cluster) == {"v1": (1.0, 1.0), "v2": (0.0, 0.0)}
