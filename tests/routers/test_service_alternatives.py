"""Which workloads a Service could select instead of the one that it selects."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.model.plan import Act, Ask, Plan
from cockpit.model.refs import SERVICES
from cockpit.model.rollout import Rollout
from cockpit.routers.service.adapter import ServiceRouter
from tests.objects import Cluster

ROUTER = ServiceRouter()
Labels = dict[str, str]


def deployment(name: str, labels: Labels, image: str) -> dict[str, Any]:
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": template},
    }


def service(name: str, selector: Labels) -> dict[str, Any]:
    spec = {"selector": selector, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def cluster(
    selector: Labels, one: Labels, two: Labels, *others: dict[str, Any], images: tuple[str, str] = ("node:1", "node:2")
) -> Cluster:
    """A Service, the workload that it selects, and one that it might."""
    found = Cluster([service("web", selector), *others, deployment("one", one, images[0])])
    found.add(deployment("two", two, images[1]), created="2026-01-02T00:00:00Z")
    return found.run("one").run("two")


def read(objects: Cluster) -> Rollout | None:
    found = objects.get(SERVICES, "default", "web")
    assert found is not None
    return next(iter(ROUTER.read(found, objects)), None)


APP = {"app": "node"}
BLUE, GREEN = {**APP, "env": "blue"}, {**APP, "env": "green"}


def test_the_key_by_which_the_selector_tells_them_apart_names_the_versions() -> None:
    rollout = read(cluster(BLUE, {**BLUE, "version": "v1.0"}, {**GREEN, "version": "v2.0"}))
    assert rollout is not None
    assert [(v.name, v.ready) for v in rollout.versions] == [("blue", 2), ("green", 2)]
    assert [(s.version, s.written) for s in rollout.lanes[0].shares] == [("blue", 1.0), ("green", 0.0)]


def test_a_flip_changes_every_key_that_differs_and_back() -> None:
    objects = cluster({**BLUE, "track": "a"}, {**BLUE, "track": "a"}, {**GREEN, "track": "b"})
    rollout = read(objects)
    assert rollout is not None
    plan = ROUTER.plan(rollout, Ask(Act.FLIP), objects)
    assert isinstance(plan, Plan), plan
    before = objects.plain()
    objects.send_all(plan.requests)
    assert objects.doc("Service", "web")["spec"]["selector"] == {**GREEN, "track": "b"}
    objects.send_all(plan.inverse)
    assert objects.plain() == before


@pytest.mark.parametrize(
    ("selector", "one", "two"),
    [
        ({"app": "node", "colour": "blue"}, {"app": "node", "colour": "blue"}, {"app": "node", "colour": "green"}),
        ({"app": "node", "env": "x"}, {"app": "node", "env": "x"}, {"app": "node", "env": "y"}),
        ({"tier": "web", "version": "1"}, {"tier": "web", "version": "1"}, {"tier": "web", "version": "2"}),
    ],
)
def test_any_key_may_tell_versions_apart(selector: Labels, one: Labels, two: Labels) -> None:
    assert read(cluster(selector, one, two)) is not None


@pytest.mark.parametrize(
    ("selector", "one", "two"),
    [
        ({"app": "shop", "env": "prod"}, {"app": "shop", "env": "prod"}, {"app": "cart", "env": "prod"}),
        ({"app": "shop", "env": "prod"}, {"app": "shop", "env": "prod"}, {"app": "cart", "env": "test"}),
        ({"env": "blue", "x": "1"}, {"env": "blue", "x": "1"}, {"env": "blue", "x": "2"}),
        ({"app": "s", "component": "api"}, {"app": "s", "component": "api"}, {"app": "s", "component": "worker"}),
        (BLUE, {**BLUE, "component": "api"}, {**GREEN, "component": "worker"}),
        (BLUE, {**BLUE, "role": "api"}, {**GREEN, "role": "worker"}),
        (BLUE, BLUE, {**APP}),
    ],
)
def test_what_shares_some_labels_is_no_version(selector: Labels, one: Labels, two: Labels) -> None:
    assert read(cluster(selector, one, two)) is None


def test_another_image_is_another_thing() -> None:
    assert read(cluster(BLUE, BLUE, GREEN, images=("node:1", "other:2"))) is None


@pytest.mark.parametrize(("values", "found"), [(("prod", "test"), False), (("blue", "green"), True)])
def test_what_has_a_service_of_its_own_is_there_for_good(values: tuple[str, str], found: bool) -> None:
    """Save where the values are those that versions take turns under: a preview has a Service, too."""
    one, two = ({"app": "node", "env": value} for value in values)
    assert (read(cluster(one, one, two, service("second", two))) is not None) is found
    assert read(cluster(one, one, two, service("both", APP))) is not None, "a Service of both is neither's own"
