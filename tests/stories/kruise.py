"""Stories of Kruise Rollouts: how its controller takes a workload through the steps, and how a release can end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.stories.kruise_rails import (
    BY_INGRESS,
    BY_MESH,
    BY_ROUTE,
    NUMBERED,
    ROLLOUTS,
    WATCHED,
    canary_rules,
    marks,
    sub,
)
from tests.stories.story import Hand, Obj, Story, conditions, status

# Seconds that the controller gives routers; seconds of a pause that ends by itself.
GRACE, SHORT = 1, 3


def template(version: str) -> Obj:
    """Pods that take a second to get ready, all the same."""
    container = {"name": "web", "image": f"example/web:{version}", "ports": [{"containerPort": 8080}]}
    return {
        "metadata": {"labels": {"app": "web"}, "annotations": {"demo.cockpit/ready-delay": "1s"}},
        "spec": {"containers": [container]},
    }


def workload(kind: str = "Deployment", replicas: int = 4, **more: Any) -> Obj:
    spec = {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template("v1"), **more}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "web"}, "spec": spec}


def service() -> Obj:
    spec = {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def ingress() -> Obj:
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
    rule = {"host": "kruise.story.test", "http": {"paths": [path]}}
    spec = {"ingressClassName": "nginx", "rules": [rule]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"}, "spec": spec}


def route() -> Obj:
    backend = {"group": "", "kind": "Service", "name": "web", "port": 80, "weight": 1}
    rule = {"matches": [{"path": {"type": "PathPrefix", "value": "/"}}], "backendRefs": [backend]}
    spec = {"hostnames": ["kruise.story.test"], "rules": [rule]}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web"},
        "spec": spec,
    }


def virtual_service() -> Obj:
    routes = [{"destination": {"host": "web"}}]
    spec = {"hosts": ["kruise.story.test"], "http": [{"route": routes}]}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "web"},
        "spec": spec,
    }


NGINX: Obj = {"service": "web", "gracePeriodSeconds": GRACE, "ingress": {"name": "web", "classType": "nginx"}}
GATEWAY: Obj = {"service": "web", "gracePeriodSeconds": GRACE, "gateway": {"httpRouteName": "web"}}

MESH: Obj = {
    "service": "web",
    "gracePeriodSeconds": GRACE,
    "customNetworkRefs": [{"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "name": "web"}],
}


def step(replicas: int | str, traffic: int | None = None, *, pause: int | None = None, header: str = "") -> Obj:
    """One step: waits for a person, or for `pause` seconds; `header` sends requests with version: HEADER."""
    result: Obj = {"replicas": replicas, "pause": {} if pause is None else {"duration": pause}}
    if traffic is not None:
        result["traffic"] = f"{traffic}%"
    if header:
        result["matches"] = [{"headers": [{"type": "Exact", "name": "version", "value": header}]}]
    return result


def rollout(
    *steps: Obj, routing: Obj | None = None, style: str = "canary", kind: str = "Deployment", **more: Any
) -> Obj:
    """A Rollout named web for the workload web."""
    plan: Obj = {"steps": list(steps), **more}
    if routing is not None:
        plan["trafficRoutings"] = [routing]
    reference = {"apiVersion": "apps/v1", "kind": kind, "name": "web"}
    return {
        "apiVersion": "rollouts.kruise.io/v1beta1",
        "kind": "Rollout",
        "metadata": {"name": "web"},
        "spec": {"workloadRef": reference, "strategy": {style: plan}},
    }


# What an operator does


def begin(hand: Hand, *objects: Obj, kind: str = "Deployment") -> None:
    """Everything applied, the first version up, and the Rollout at rest."""
    rollouts = [obj for obj in objects if obj["kind"] == "Rollout"]
    hand.apply(*(obj for obj in objects if obj["kind"] != "Rollout"))
    hand.until(kind, "web", full)
    hand.apply(*rollouts)
    hand.until(ROLLOUTS, "web", lambda obj: sub(obj).get("currentStepState") == "Completed")
    hand.until(kind, "web", lambda obj: marks(obj, "labels").get("workload-type") and full(obj))


def full(obj: Obj) -> bool:
    """All pods of the newest version, and ready."""
    now, size = status(obj), obj["spec"]["replicas"]
    counts = [now.get(field) for field in ("replicas", "updatedReplicas", "readyReplicas")]
    return now.get("observedGeneration") == obj["metadata"]["generation"] and counts == [size] * 3


def set_image(hand: Hand, version: str, kind: str = "Deployment") -> None:
    hand.merge(kind, "web", {"spec": {"template": template(version)}})


def at(index: int) -> Callable[[Obj], bool]:
    """At rest at a step, every part of the status told."""

    def test(obj: Obj) -> bool:
        found = sub(obj)
        return (
            status(obj).get("phase") == "Progressing"
            and found.get("currentStepIndex") == index
            and found.get("currentStepState") == "StepPaused"
            and f"step({index}/" in status(obj).get("message", "")
            and "upgrade" not in status(obj).get("message", "")
        )

    return test


def ended(succeeded: bool) -> Callable[[Obj], bool]:
    def test(obj: Obj) -> bool:
        found = conditions(obj).get("Succeeded") == f"{succeeded} "
        return found and status(obj).get("phase") == "Healthy"

    return test


def approve(hand: Hand, field: str = "canaryStatus") -> None:
    hand.merge(ROLLOUTS, "web", {"status": {field: {"currentStepState": "StepReady"}}}, "status")


def jump(hand: Hand, index: int) -> None:
    hand.merge(ROLLOUTS, "web", {"status": {"canaryStatus": {"nextStepIndex": index}}}, "status")


def through(hand: Hand, *steps: int, field: str = "canaryStatus") -> None:
    """Wait for each step and approve it."""
    for index in steps:
        hand.until(ROLLOUTS, "web", at(index))
        approve(hand, field)


def to_rest(hand: Hand, *, succeeded: bool, kind: str = "Deployment") -> None:
    hand.until(ROLLOUTS, "web", ended(succeeded))
    hand.until(kind, "web", full)


THREE = (step("25%", 20), step("50%", 50), step("100%"))


def _canary(hand: Hand) -> None:
    begin(hand, workload(), service(), ingress(), rollout(*THREE, routing=NGINX))
    set_image(hand, "v2")
    through(hand, 1, 2)
    to_rest(hand, succeeded=True)


def _header(hand: Hand) -> None:
    plan = (step(1, header="v2"), step("50%", 50, pause=SHORT), step("100%"))
    begin(hand, workload(), service(), ingress(), rollout(*plan, routing=NGINX))
    set_image(hand, "v2")
    through(hand, 1)
    to_rest(hand, succeeded=True)


def _batches(hand: Hand) -> None:
    begin(hand, workload(), rollout(step(1), step(2, pause=SHORT), step("100%")))
    set_image(hand, "v2")
    through(hand, 1)
    to_rest(hand, succeeded=True)


def _rollback(hand: Hand) -> None:
    begin(hand, workload(), service(), ingress(), rollout(*THREE, routing=NGINX))
    set_image(hand, "v2")
    through(hand, 1)
    hand.until(ROLLOUTS, "web", at(2))
    set_image(hand, "v1")
    to_rest(hand, succeeded=False)


def _jump(hand: Hand) -> None:
    plan = (step(1, 10), step(2, 20), step(3, 30), step("100%"))
    begin(hand, workload(), service(), ingress(), rollout(*plan, routing=NGINX))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", at(1))
    jump(hand, 3)
    hand.until(ROLLOUTS, "web", at(3))
    jump(hand, 2)
    hand.until(ROLLOUTS, "web", at(2))
    jump(hand, 4)
    to_rest(hand, succeeded=True)


def _blue_green(hand: Hand) -> None:
    plan = (step("100%", 0), step("100%", 50), step("100%", 100))
    begin(hand, workload(), service(), ingress(), rollout(*plan, routing=NGINX, style="blueGreen"))
    set_image(hand, "v2")
    through(hand, 1, 2, 3, field="blueGreenStatus")
    to_rest(hand, succeeded=True)


def _blue_green_back(hand: Hand) -> None:
    plan = (step("50%", 0), step("100%", 50), step("100%", 100))
    begin(hand, workload(), service(), ingress(), rollout(*plan, routing=NGINX, style="blueGreen"))
    set_image(hand, "v2")
    through(hand, 1, field="blueGreenStatus")
    hand.until(ROLLOUTS, "web", at(2))
    set_image(hand, "v1")
    to_rest(hand, succeeded=False)


def _disable(hand: Hand) -> None:
    begin(hand, workload(), service(), ingress(), rollout(*THREE, routing=NGINX))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", at(1))
    hand.merge(ROLLOUTS, "web", {"spec": {"disabled": True}})
    hand.until(ROLLOUTS, "web", lambda obj: status(obj).get("phase") == "Disabled")
    hand.until("Deployment", "web", full)
    hand.merge(ROLLOUTS, "web", {"spec": {"disabled": False}})
    hand.until(ROLLOUTS, "web", lambda obj: status(obj).get("phase") == "Healthy")


def _delete(hand: Hand) -> None:
    """Deleted by an operator: the finalizer holds the Rollout until the release is through."""
    begin(hand, workload(), service(), ingress(), rollout(*THREE, routing=NGINX))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", at(1))
    hand.delete(ROLLOUTS, "web")
    hand.until("Deployment", "web", lambda obj: full(obj) and not obj["spec"].get("paused"))


def _gateway(hand: Hand) -> None:
    plan = (step(1, header="v2"), step("50%", 50), step("100%"))
    begin(hand, workload(), service(), route(), rollout(*plan, routing=GATEWAY))
    set_image(hand, "v2")
    through(hand, 1, 2)
    to_rest(hand, succeeded=True)


def _mesh(hand: Hand) -> None:
    plan = (step(1, header="v2"), step("50%", 30), step("100%"))
    begin(hand, workload(), service(), virtual_service(), rollout(*plan, routing=MESH))
    set_image(hand, "v2")
    through(hand, 1, 2)
    to_rest(hand, succeeded=True)


def _extra(hand: Hand) -> None:
    plan = (step(1, 25), step(2, 50))
    made = rollout(*plan, routing=NGINX, enableExtraWorkloadForCanary=True)
    begin(hand, workload(), service(), ingress(), made)
    set_image(hand, "v2")
    through(hand, 1, 2)
    to_rest(hand, succeeded=True)


def _extra_back(hand: Hand) -> None:
    made = rollout(step(1, 25), step(2, 50), routing=NGINX, enableExtraWorkloadForCanary=True)
    begin(hand, workload(), service(), ingress(), made)
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", at(1))
    set_image(hand, "v1")
    to_rest(hand, succeeded=False)


def _continuous(hand: Hand) -> None:
    begin(hand, workload(), service(), ingress(), rollout(*THREE, routing=NGINX))
    set_image(hand, "v2")
    through(hand, 1)
    hand.until(ROLLOUTS, "web", at(2))
    set_image(hand, "v3")
    hand.until(ROLLOUTS, "web", lambda obj: sub(obj).get("currentStepIndex") == 1)
    through(hand, 1, 2)
    to_rest(hand, succeeded=True)


def _pause(hand: Hand) -> None:
    """Approved while it is paused: that takes effect when it is resumed."""
    begin(hand, workload(), service(), ingress(), rollout(*THREE, routing=NGINX))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", at(1))
    hand.merge(ROLLOUTS, "web", {"spec": {"strategy": {"paused": True}}})
    hand.until(ROLLOUTS, "web", lambda obj: conditions(obj).get("Progressing") == "True Paused")
    approve(hand)
    hand.merge(ROLLOUTS, "web", {"spec": {"strategy": {"paused": False}}})
    through(hand, 2)
    to_rest(hand, succeeded=True)


def _plan(hand: Hand) -> None:
    """The weight of the current step is edited in the plan: the step is done again."""
    begin(hand, workload(), service(), ingress(), rollout(*THREE, routing=NGINX))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", at(1))
    edited = [step("25%", 30), *THREE[1:]]
    hand.merge(ROLLOUTS, "web", {"spec": {"strategy": {"canary": {"steps": edited}}}})
    hand.until("Ingress", "web-canary", lambda obj: canary_rules(obj)[f"{NGINX_WEIGHT}"] == "30")
    through(hand, 1, 2)
    to_rest(hand, succeeded=True)


def _stateful(hand: Hand) -> None:
    made = rollout(step(1), step("50%"), step("100%"), kind="StatefulSet")
    begin(hand, workload("StatefulSet", serviceName="web"), made, kind="StatefulSet")
    set_image(hand, "v2", "StatefulSet")
    through(hand, 1, 2)
    to_rest(hand, succeeded=True, kind="StatefulSet")


NGINX_WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"
STORIES = (
    Story("kruise-canary", "weights by nginx, approved to the end", _canary, BY_INGRESS),
    Story("kruise-header", "a step for a header alone, then weights that go on by themselves", _header, BY_INGRESS),
    Story("kruise-batches", "batches of pods without any routing", _batches, WATCHED),
    Story("kruise-rollback", "the old template comes back at the second step", _rollback, BY_INGRESS),
    Story("kruise-jump", "steps are jumped over and gone back to", _jump, BY_INGRESS),
    Story("kruise-blue-green", "both versions side by side until the last approval", _blue_green, BY_INGRESS),
    Story("kruise-blue-green-back", "back to blue while half the traffic is on green", _blue_green_back, BY_INGRESS),
    Story("kruise-disable", "disabled at a step, which finishes the release, and enabled again", _disable, BY_INGRESS),
    Story("kruise-delete", "deleted at a step, which finishes the release too", _delete, BY_INGRESS),
    Story("kruise-gateway", "a header and then weights in an HTTPRoute", _gateway, BY_ROUTE),
    Story("kruise-mesh", "a header and then weights in a VirtualService", _mesh, BY_MESH),
    Story("kruise-extra", "new pods in a Deployment of their own", _extra, BY_INGRESS),
    Story("kruise-extra-back", "the old template comes back while new pods have a Deployment", _extra_back, BY_INGRESS),
    Story("kruise-continuous", "a third version comes before the second is through", _continuous, BY_INGRESS),
    Story("kruise-pause", "paused, approved meanwhile, and resumed", _pause, BY_INGRESS),
    Story("kruise-plan", "the weight of the current step is edited", _plan, BY_INGRESS),
    Story("kruise-stateful", "a StatefulSet in batches", _stateful, NUMBERED),
)
