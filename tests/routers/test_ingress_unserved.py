"""An Ingress that perhaps no controller serves: without class, in a cluster without a default class."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.refs import INGRESSCLASSES
from cockpit.model.rollout import Phase
from cockpit.routers.ingress.written import ingress_split
from tests.objects import Cluster
from tests.routers.ingresses import declared, findings, planned, read, written

UNKNOWN = {"v1": None, "v2": None}


def ingress_class(name: str, *, default: bool = False) -> dict[str, Any]:
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": name} | {"annotations": annotations},
    }


@pytest.fixture
def unclassed(weight_story: Cluster) -> Cluster:
    for name in ("route1", "route2"):
        doc = weight_story.doc("Ingress", name)
        doc["spec"].pop("ingressClassName", None)
        doc["metadata"].get("annotations", {}).pop("kubernetes.io/ingress.class", None)
        doc.pop("status", None)
    for name in [name for kind, _, name in weight_story.docs if kind == "IngressClass"]:
        del weight_story.docs["IngressClass", "", name]
    return weight_story.add(ingress_class("nginx"), ingress_class("alb"))


def test_what_it_asks_for_is_not_shown_as_written(unclassed: Cluster) -> None:
    rollout = read(unclassed)
    assert written(rollout) == UNKNOWN
    assert declared(rollout) == pytest.approx({"v1": 0.7, "v2": 0.3})
    assert (rollout.phase, rollout.message) == (
        Phase.CANARY,
        "perhaps no controller serves it; configured: v1 70%, v2 30%",
    )
    text = findings(unclassed)["no-ingress-class"]
    assert "perhaps no controller serves Ingress default/route1" in text
    assert "set spec.ingressClassName to one of the classes here (alb, nginx)" in text


def test_a_plan_warns_and_promises_no_share(unclassed: Cluster) -> None:
    plan = planned(unclassed, Ask(Act.SET_WEIGHT, weights=(("v2", 0.5),)))
    assert plan.expected == ()
    assert "perhaps no controller serves" in plan.warnings[0]


def test_without_any_class_the_question_is_whether_there_is_a_controller(unclassed: Cluster) -> None:
    for name in ("alb", "nginx"):
        unclassed.remove("IngressClass", name, "")
    assert "is an ingress controller installed?" in findings(unclassed)["no-ingress-class"]


@pytest.mark.parametrize("served", ["default class", "own class", "annotation", "address", "classes not read"])
def test_where_somebody_serves_it_or_nobody_knows_nothing_is_said(unclassed: Cluster, served: str) -> None:
    main = unclassed.doc("Ingress", "route1")
    match served:
        case "default class":
            unclassed.add(ingress_class("nginx", default=True))
        case "own class":
            unclassed.use_class("nginx")
        case "annotation":
            for name in ("route1", "route2"):
                unclassed.doc("Ingress", name)["metadata"].setdefault("annotations", {})[
                    "kubernetes.io/ingress.class"
                ] = "nginx"
        case "address":
            main["status"] = {"loadBalancer": {"ingress": [{"ip": "10.0.0.9"}]}}
        case _:
            unclassed = Cluster(unclassed.docs.values(), unknown=[INGRESSCLASSES])
    assert "no-ingress-class" not in findings(unclassed)
    assert written(read(unclassed)) == pytest.approx({"v1": 0.7, "v2": 0.3})


def test_a_controllers_split_is_not_known_either(unclassed: Cluster) -> None:
    found = ingress_split(unclassed, "default", "route1", "http-server-v1", "http-server-v2")
    assert found.share is None
    assert [problem.id for problem in found.problems] == ["no-ingress-class"]
