"""Stories of Argo Rollouts about the Services and VirtualServices that it writes, and those that it refuses to."""

from __future__ import annotations

from typing import Any

from tests.stories.argo import (
    FLAPPING,
    PAUSE,
    ROLLOUTS,
    abort,
    approve,
    begin,
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
from tests.stories.argo_corners import COURSE, QUIET, VIRTUALSERVICES, routes, virtual_service
from tests.stories.story import Hand, Obj, Story, Watched, status

# Without Services: while an aborted version has pods its Service is switched to and fro, and that never ends.
UNSTEADY = tuple(watch for watch in COURSE if watch.kind != "Service")
ROUTES = Watched(VIRTUALSERVICES, {"routes": routes})


def invalid(text: str) -> Any:
    """Refused by the controller, for a reason with these words in it."""

    def test(obj: Obj) -> bool:
        message = str(status(obj).get("message", ""))
        return observed(obj) and message.startswith("InvalidSpec") and text in message

    return test


def _ping_pong(hand: Hand) -> None:
    """Two Services that change roles with each release."""
    served = virtual_service()
    served["spec"]["http"][0]["route"] = [
        {"destination": {"host": f"web-{name}"}, "weight": share} for name, share in (("ping", 100), ("pong", 0))
    ]
    rules = {
        "pingPong": {"pingService": "web-ping", "pongService": "web-pong"},
        "trafficRouting": {"istio": {"virtualService": {"name": "web"}}},
        "scaleDownDelaySeconds": 3,
        "abortScaleDownDelaySeconds": 3,
        "steps": [weight(25), PAUSE],
    }
    begin(hand, service("web-ping"), service("web-pong"), served, rollout(canary=rules))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    approve(hand)
    hand.until(ROLLOUTS, "web", healthy)
    set_image(hand, "v3")
    hand.until(ROLLOUTS, "web", paused_at(1))
    abort(hand)
    hand.until(ROLLOUTS, "web", drained)


def _routes(hand: Hand) -> None:
    """Routes that are not listed though there are several, one that does not exist, one without the canary."""
    served = virtual_service()
    both = served["spec"]["http"][0]["route"]
    served["spec"]["http"] = [
        {"name": "api", "match": [{"uri": {"prefix": "/api"}}], "route": both},
        {"name": "help", "match": [{"uri": {"prefix": "/help"}}], "route": both[:1]},
        {"name": "main", "route": both},
    ]
    router: Obj = {"istio": {"virtualService": {"name": "web"}}}
    docs = [doc for doc in routed(weight(25), PAUSE, trafficRouting=router) if doc["kind"] != "Ingress"]
    hand.apply(served, *docs)
    hand.until(ROLLOUTS, "web", invalid("exactly one route"))
    _list(hand, "gone")
    hand.until(ROLLOUTS, "web", invalid("'gone'"))
    _list(hand, "help")
    hand.until(ROLLOUTS, "web", invalid("web-canary"))
    _list(hand, "main")
    hand.until(ROLLOUTS, "web", healthy)
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))


def _list(hand: Hand, *names: str) -> None:
    rules = {"virtualService": {"name": "web", "routes": list(names)}}
    hand.merge(ROLLOUTS, "web", {"spec": {"strategy": {"canary": {"trafficRouting": {"istio": rules}}}}})


def dynamic(*steps: Obj) -> list[Obj]:
    """A canary behind nginx whose stable version shrinks as the new one grows."""
    docs = routed(*steps, dynamicStableScale=True)
    canary = docs[-1]["spec"]["strategy"]["canary"]
    for delay in ("scaleDownDelaySeconds", "abortScaleDownDelaySeconds"):
        canary.pop(delay)
    return docs


def _dynamic_all(hand: Hand) -> None:
    """A step of 100 where the stable version shrinks: it keeps no pod, and its Service stays with it."""
    begin(hand, *dynamic(weight(50), PAUSE, weight(100), PAUSE))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    hand.until(ROLLOUTS, "web", lambda obj: status(obj).get("replicas") == 4)
    approve(hand)
    hand.until(ROLLOUTS, "web", paused_at(3))
    hand.until(ROLLOUTS, "web", lambda obj: status(obj).get("replicas") == 4)


def _dynamic_back(hand: Hand) -> None:
    """Back to the stable version by the spec: the weight falls only as fast as its pods come."""
    begin(hand, *dynamic(weight(75), PAUSE))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    hand.until(ROLLOUTS, "web", lambda obj: status(obj).get("replicas") == 4)
    set_image(hand, "v1")
    hand.until(ROLLOUTS, "web", healthy)


def _no_stable(hand: Hand) -> None:
    """An abort where no pod of the stable version has ever been ready: nothing can take the traffic back."""
    docs = routed(weight(50), PAUSE)
    docs[-1]["spec"]["template"]["metadata"]["annotations"] = {"demo.cockpit/fate": "stuck"}
    hand.apply(*docs)
    hand.until(ROLLOUTS, "web", lambda obj: status(obj).get("stableRS") and status(obj).get("replicas") == 4)
    template = hand.get(ROLLOUTS, "web")["spec"]["template"]
    template["metadata"].pop("annotations")
    template["spec"]["containers"][0]["image"] = "example/web:v2"
    hand.edit(ROLLOUTS, "web", {"op": "replace", "path": "/spec/template", "value": template})
    hand.until(ROLLOUTS, "web", lambda obj: status(obj).get("pauseConditions"))
    abort(hand)
    hand.until(ROLLOUTS, "web", lambda obj: status(obj).get("phase") == "Degraded" and "abortedAt" in status(obj))


STORIES = (
    Story("argo-ping-pong", "Services that change roles, behind a VirtualService", _ping_pong, (*FLAPPING, ROUTES)),
    Story("argo-routes", "routes of a VirtualService that are listed and not", _routes, (*QUIET, ROUTES)),
    Story("argo-dynamic-all", "a step of 100 where the stable version shrinks", _dynamic_all, COURSE),
    Story("argo-dynamic-back", "back to a stable version that had shrunk, by the spec", _dynamic_back, COURSE),
    Story("argo-no-stable", "an abort while the stable version has no ready pod", _no_stable, UNSTEADY),
)
