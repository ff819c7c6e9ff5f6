"""Stories of Argo Rollouts where its sources leave room for doubt, or surprise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.stories.argo import (
    FLAPPING,
    PAUSE,
    ROLLOUTS,
    SHORT,
    WATCHED,
    abort,
    approve,
    basic,
    begin,
    blue_green_paused,
    drained,
    healthy,
    observed,
    paused_at,
    rollout,
    routed,
    service,
    set_image,
    weight,
)
from tests.stories.story import Hand, Obj, Story, Watched, status

VIRTUALSERVICES = "virtualservices.networking.istio.io/v1"
# Without conditions: whether pods that go are noticed before a pause or after it, as progress, is chance.
COURSE = tuple(
    replace(watch, rails={name: rail for name, rail in watch.rails.items() if name != "conditions"})
    for watch in FLAPPING
)
QUIET = tuple(watch for watch in WATCHED if watch.kind != "Event")


def _jump(hand: Hand) -> None:
    """To a later pause step, with and without saying that this is no approval."""
    begin(hand, *routed(weight(25), PAUSE, weight(50), PAUSE, weight(75), PAUSE))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    plain = {"pauseConditions": None, "controllerPause": False, "currentStepIndex": 4}
    hand.merge(ROLLOUTS, "web", {"status": plain}, "status")
    hand.until(ROLLOUTS, "web", paused_at(5))
    hand.merge(ROLLOUTS, "web", {"status": {"pauseConditions": None, "currentStepIndex": 1}}, "status")
    hand.until(ROLLOUTS, "web", paused_at(3))


def _steps(hand: Hand) -> None:
    """New steps in the middle of an update that take more of the traffic at once."""
    begin(hand, *routed(weight(25), PAUSE))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    steps = [weight(75), PAUSE, weight(90), PAUSE]
    hand.merge(ROLLOUTS, "web", {"spec": {"strategy": {"canary": {"steps": steps}}}})
    hand.until(ROLLOUTS, "web", paused_at(1))


def _third(hand: Hand) -> None:
    """A third version before the second has become stable, and back to the first."""
    begin(hand, *routed(weight(50), PAUSE))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    second = status(hand.get(ROLLOUTS, "web"))["currentPodHash"]
    set_image(hand, "v3")
    # For a moment the status knows the new generation and tells the pause of the version before.
    paused = paused_at(1)
    hand.until(ROLLOUTS, "web", lambda obj: paused(obj) and status(obj)["currentPodHash"] != second)
    set_image(hand, "v1")
    hand.until(ROLLOUTS, "web", healthy)


def _dynamic(hand: Hand) -> None:
    rules: dict[str, Any] = {"dynamicStableScale": True}
    docs = routed(weight(75), PAUSE, **rules)
    canary = docs[-1]["spec"]["strategy"]["canary"]
    for delay in ("scaleDownDelaySeconds", "abortScaleDownDelaySeconds"):
        canary.pop(delay)
    begin(hand, *docs)
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    hand.until(ROLLOUTS, "web", lambda obj: status(obj).get("replicas") == 4)
    abort(hand)
    hand.until(ROLLOUTS, "web", drained)


def _nothing(hand: Hand) -> None:
    """No pods at all, and a pause of no length."""
    begin(hand, basic(weight(50), {"pause": {"duration": 0}}))
    hand.merge(ROLLOUTS, "web", {"spec": {"replicas": 0}})
    hand.until(ROLLOUTS, "web", lambda obj: observed(obj) and not status(obj).get("replicas"))
    hand.merge(ROLLOUTS, "web", {"spec": {"replicas": 2}})
    hand.until(ROLLOUTS, "web", healthy)
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", healthy)


def _approved_while_paused(hand: Hand) -> None:
    """An approval that comes while the spec is paused, and the spec let go afterwards."""
    begin(hand, basic(weight(25), PAUSE, weight(50), PAUSE))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    hand.merge(ROLLOUTS, "web", {"spec": {"paused": True}})
    hand.until(ROLLOUTS, "web", lambda obj: observed(obj) and status(obj).get("message") == "manually paused")
    approve(hand)
    hand.until(ROLLOUTS, "web", lambda obj: not status(obj).get("controllerPause"))
    hand.merge(ROLLOUTS, "web", {"spec": {"paused": False}})
    hand.until(ROLLOUTS, "web", paused_at(1))


def _blue_green_abort(hand: Hand) -> None:
    rules = {
        "activeService": "web",
        "previewService": "web-preview",
        "autoPromotionEnabled": False,
        "abortScaleDownDelaySeconds": SHORT,
    }
    begin(hand, service("web"), service("web-preview"), rollout(replicas=2, blueGreen=rules))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", blue_green_paused)
    abort(hand)
    hand.until(ROLLOUTS, "web", drained)
    set_image(hand, "v1")
    hand.until(ROLLOUTS, "web", healthy)


def virtual_service() -> Obj:
    targets = [
        {"destination": {"host": f"web-{role}"}, "weight": share} for role, share in (("stable", 100), ("canary", 0))
    ]
    spec = {"hosts": ["web.story.test"], "http": [{"name": "main", "route": targets}]}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "web"},
        "spec": spec,
    }


def routes(obj: Obj) -> Any:
    """Each route's name with the weights of its destinations."""
    return [
        {"name": route.get("name")}
        | {target["destination"]["host"]: target.get("weight") for target in route.get("route") or []}
        for route in obj["spec"].get("http") or []
    ]


def _istio(hand: Hand) -> None:
    match = [{"headerName": "x-go", "headerValue": {"exact": "new"}}]
    router = {"istio": {"virtualService": {"name": "web"}}, "managedRoutes": [{"name": "by-header"}]}
    steps = [
        weight(25),
        {"setHeaderRoute": {"name": "by-header", "match": match}},
        PAUSE,
        {"setHeaderRoute": {"name": "by-header"}},
        weight(50),
        PAUSE,
    ]
    docs = [doc for doc in routed(*steps, trafficRouting=router) if doc["kind"] != "Ingress"]
    begin(hand, virtual_service(), *docs)
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(2))
    approve(hand)
    hand.until(ROLLOUTS, "web", paused_at(5))
    approve(hand)
    hand.until(ROLLOUTS, "web", healthy)


STORIES = (
    Story("argo-jump", "jumps between steps", _jump, QUIET),
    Story("argo-steps", "steps edited in the middle of an update", _steps, QUIET),
    Story("argo-third", "a third version, and back to the first, before anything has become stable", _third, QUIET),
    Story("argo-dynamic", "an abort where the stable version had shrunk", _dynamic, COURSE),
    Story("argo-nothing", "no pods, and a pause of no length", _nothing, COURSE),
    Story("argo-paused-approved", "an approval while the spec is paused", _approved_while_paused, QUIET),
    Story("argo-blue-green-abort", "a blue-green switch that is called off", _blue_green_abort, FLAPPING),
    Story(
        "argo-istio",
        "a canary by a VirtualService, testers by a header",
        _istio,
        (*QUIET, Watched(VIRTUALSERVICES, {"routes": routes})),
    ),
)
