"""Stories of Argo Rollouts: what its controller does by itself, and what it makes of each thing an operator sends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.stories.story import Hand, Obj, Story, Watched, conditions, count, status, told

ROLLOUTS = "rollouts.argoproj.io/v1alpha1"
HASH = "rollouts-pod-template-hash"
# Times that a story can wait for, in seconds.
SHORT = 3


def rollout(image: str = "example/web:v1", replicas: int = 4, **strategy: Any) -> Obj:
    """A Rollout named web."""
    container = {"name": "web", "image": image, "ports": [{"containerPort": 8080}]}
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [container]},
    }
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": "web"}},
        "template": template,
        "strategy": strategy,
    }
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "web"}, "spec": spec}


def service(name: str) -> Obj:
    ports = [{"port": 80, "targetPort": 8080}]
    spec = {"selector": {"app": "web"}, "ports": ports}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def ingress(name: str, backend: str) -> Obj:
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": backend, "port": {"number": 80}}}}
    rule = {"host": "web.story.test", "http": {"paths": [path]}}
    spec = {"ingressClassName": "nginx", "rules": [rule]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": name}, "spec": spec}


# What is told


def course(obj: Obj) -> Any:
    """Where a rollout stands, as an operator reads it."""
    now = status(obj)
    pauses = [entry.get("reason") for entry in now.get("pauseConditions") or []]
    told = {
        "phase": now.get("phase"),
        "message": now.get("message"),
        "step": now.get("currentStepIndex"),
        "current": now.get("currentPodHash"),
        "stable": now.get("stableRS"),
        "pauses": pauses,
        "controllerPause": now.get("controllerPause"),
        "abort": now.get("abort"),
        "aborted": "abortedAt" in now,
        "promoteFull": now.get("promoteFull"),
    }
    return {key: value for key, value in told.items() if value is not None and value != [] and value is not False}


def weights(obj: Obj) -> Any:
    return (status(obj).get("canary") or {}).get("weights")


def selectors(obj: Obj) -> Any:
    found = status(obj).get("blueGreen") or {}
    return {key: found[key] for key in ("activeSelector", "previewSelector") if key in found} or None


def observed(obj: Obj) -> bool:
    return status(obj).get("observedGeneration") == str(obj["metadata"]["generation"])


def revision(obj: Obj) -> Any:
    annotations = obj["metadata"].get("annotations") or {}
    kept = ("revision", "revision-history", "desired-replicas")
    return {
        key: annotations[f"rollout.argoproj.io/{key}"] for key in kept if f"rollout.argoproj.io/{key}" in annotations
    }


def deadline(obj: Obj) -> bool:
    return "scale-down-deadline" in (obj["metadata"].get("annotations") or {})


def canary_annotations(obj: Obj) -> Any:
    backends = [path["backend"]["service"]["name"] for path in obj["spec"]["rules"][0]["http"]["paths"]]
    annotations = {key: value for key, value in (obj["metadata"].get("annotations") or {}).items() if "canary" in key}
    return {"backends": backends, **annotations}


def told_of_rollout(obj: Obj) -> str | None:
    return told(obj) if obj["involvedObject"].get("kind") == "Rollout" else None


WATCHED = (
    Watched(
        ROLLOUTS,
        {
            "course": course,
            "weights": weights,
            "selectors": selectors,
            "conditions": conditions,
            "revision": revision,
        },
        {
            "replicas": count("replicas"),
            "updated": count("updatedReplicas"),
            "ready": count("readyReplicas"),
            "available": count("availableReplicas"),
            "hpa": count("HPAReplicas"),
        },
    ),
    Watched(
        "ReplicaSet",
        {"revision": revision, "deadline": deadline, "size": lambda obj: obj["spec"].get("replicas", 0)},
    ),
    # While an aborted version still has pods, its Service is switched to and fro at every reconcile.
    Watched("Service", {"selector": lambda obj: obj["spec"].get("selector")}, flapping=frozenset(["selector"])),
    Watched("Ingress", {"route": canary_annotations}),
    Watched("Event", {"told": lambda obj: f"{obj['reason']}: {obj['message']}"}, track=told_of_rollout),
)
# Without Events: while a Service is switched to and fro, each switch uses up one of the few that may be sent.
FLAPPING = tuple(watch for watch in WATCHED if watch.kind != "Event")


# What an operator does


def begin(hand: Hand, *objects: Obj) -> None:
    """Everything applied, and the first version fully up."""
    hand.apply(*objects)
    hand.until(ROLLOUTS, "web", healthy)


def healthy(obj: Obj) -> bool:
    """At rest on the version that the spec asks for, the pods of others gone."""
    now, size = status(obj), obj["spec"]["replicas"]
    counts = [now.get(field) for field in ("replicas", "updatedReplicas", "availableReplicas")]
    return now.get("phase") == "Healthy" and observed(obj) and counts == [size] * 3 and done(obj)


def done(obj: Obj) -> bool:
    return conditions(obj).get("Healthy") == "True RolloutHealthy"


def paused_at(step: int) -> Callable[[Obj], bool]:
    """Paused by a pause step, the conditions told as well."""

    def test(obj: Obj) -> bool:
        now = status(obj)
        found = conditions(obj)
        return bool(
            observed(obj)
            and now.get("currentStepIndex") == step
            and now.get("pauseConditions")
            and now.get("phase") == "Paused"
            and found.get("Progressing") == "Unknown RolloutPaused"
            and found.get("Paused") == "True RolloutPaused"
        )

    return test


def set_image(hand: Hand, version: str) -> None:
    """As `kubectl argo rollouts undo` writes, by a JSON patch of the template."""
    template = hand.get(ROLLOUTS, "web")["spec"]["template"]
    template["spec"]["containers"][0]["image"] = f"example/web:{version}"
    hand.edit(ROLLOUTS, "web", {"op": "replace", "path": "/spec/template", "value": template})


def approve(hand: Hand) -> None:
    hand.merge(ROLLOUTS, "web", {"status": {"pauseConditions": None}}, "status")


def basic(*steps: Obj) -> Obj:
    return rollout(canary={"steps": list(steps)})


def weight(number: int) -> Obj:
    return {"setWeight": number}


PAUSE: Obj = {"pause": {}}


def _canary(hand: Hand) -> None:
    begin(hand, basic(weight(25), PAUSE, weight(50), PAUSE))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    approve(hand)
    hand.until(ROLLOUTS, "web", paused_at(3))
    approve(hand)
    hand.until(ROLLOUTS, "web", healthy)


def routed(*steps: Obj, **more: Any) -> list[Obj]:
    """A Rollout behind an nginx Ingress, with Services of both versions; old pods go after a few seconds."""
    canary = {
        "canaryService": "web-canary",
        "stableService": "web-stable",
        "trafficRouting": {"nginx": {"stableIngress": "web"}},
        "scaleDownDelaySeconds": SHORT,
        "abortScaleDownDelaySeconds": SHORT,
        "steps": list(steps),
        **more,
    }
    return [service("web-stable"), service("web-canary"), ingress("web", "web-stable"), rollout(canary=canary)]


def _nginx(hand: Hand) -> None:
    begin(hand, *routed(weight(25), PAUSE, weight(50), PAUSE))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    approve(hand)
    hand.until(ROLLOUTS, "web", paused_at(3))
    approve(hand)
    hand.until(ROLLOUTS, "web", healthy)


def _timed(hand: Hand) -> None:
    begin(hand, basic(weight(50), {"pause": {"duration": "2s"}}, weight(75), {"pause": {"duration": 1}}))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", healthy)


def abort(hand: Hand) -> None:
    hand.merge(ROLLOUTS, "web", {"status": {"abort": True}}, "status")


def drained(obj: Obj) -> bool:
    """Aborted, every pod of the stable version available and none of the canary left."""
    now, size = status(obj), obj["spec"]["replicas"]
    counts = [now.get(field) for field in ("replicas", "availableReplicas")]
    return now.get("phase") == "Degraded" and counts == [size] * 2 and not now.get("updatedReplicas")


def _abort_and_retry(hand: Hand) -> None:
    begin(hand, basic(weight(50), PAUSE))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    abort(hand)
    hand.until(ROLLOUTS, "web", drained)
    hand.merge(ROLLOUTS, "web", {"status": {"abort": False}}, "status")
    hand.until(ROLLOUTS, "web", paused_at(1))
    approve(hand)
    hand.until(ROLLOUTS, "web", healthy)


def _abort_behind_router(hand: Hand) -> None:
    begin(hand, *routed(weight(50), PAUSE))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    abort(hand)
    hand.until(ROLLOUTS, "web", drained)
    hand.merge(ROLLOUTS, "web", {"status": {"abort": False}}, "status")
    hand.until(ROLLOUTS, "web", paused_at(1))
    approve(hand)
    hand.until(ROLLOUTS, "web", healthy)


def _undo_while_aborted(hand: Hand) -> None:
    begin(hand, *routed(weight(50), PAUSE))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    abort(hand)
    hand.until(ROLLOUTS, "web", drained)
    set_image(hand, "v1")
    hand.until(ROLLOUTS, "web", healthy)


def _full(hand: Hand) -> None:
    begin(hand, *routed(weight(25), PAUSE, weight(50), PAUSE))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    hand.merge(ROLLOUTS, "web", {"status": {"promoteFull": True}}, "status")
    hand.until(ROLLOUTS, "web", healthy)


def _full_and_abort(hand: Hand) -> None:
    """The new version's further pods never get ready, so that the promotion can be met half-way."""
    begin(hand, *routed(weight(25), PAUSE, weight(50), PAUSE))
    template = hand.get(ROLLOUTS, "web")["spec"]["template"]
    template["metadata"]["annotations"] = {"demo.cockpit/ready-delay": "4s"}
    template["spec"]["containers"][0]["image"] = "example/web:v2"
    hand.edit(ROLLOUTS, "web", {"op": "replace", "path": "/spec/template", "value": template})
    hand.until(ROLLOUTS, "web", paused_at(1))
    hand.merge(ROLLOUTS, "web", {"status": {"promoteFull": True}}, "status")
    hand.until(ROLLOUTS, "web", lambda obj: status(obj).get("updatedReplicas") == 4)
    abort(hand)
    hand.until(ROLLOUTS, "web", lambda obj: not status(obj).get("abort"))
    hand.merge(ROLLOUTS, "web", {"status": {"promoteFull": None, "abort": True}}, "status")
    hand.until(ROLLOUTS, "web", drained)


def _paused(hand: Hand) -> None:
    begin(hand, basic(weight(25), PAUSE))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    hand.merge(ROLLOUTS, "web", {"spec": {"paused": True}})
    hand.until(ROLLOUTS, "web", lambda obj: observed(obj) and status(obj).get("message") == "manually paused")
    hand.merge(ROLLOUTS, "web", {"spec": {"paused": False}})
    hand.until(ROLLOUTS, "web", paused_at(1))
    approve(hand)
    hand.until(ROLLOUTS, "web", healthy)


def _blue_green(hand: Hand) -> None:
    rules = {
        "activeService": "web",
        "previewService": "web-preview",
        "autoPromotionEnabled": False,
        "scaleDownDelaySeconds": SHORT,
    }
    begin(hand, service("web"), service("web-preview"), rollout(replicas=2, blueGreen=rules))
    set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", blue_green_paused)
    approve(hand)
    hand.until(ROLLOUTS, "web", healthy)
    hand.until(ROLLOUTS, "web", lambda obj: status(obj).get("replicas") == 2)


def blue_green_paused(obj: Obj) -> bool:
    now = status(obj)
    return bool(
        observed(obj)
        and [entry["reason"] for entry in now.get("pauseConditions") or []] == ["BlueGreenPause"]
        and conditions(obj).get("Paused") == "True RolloutPaused"
    )


STORIES = (
    Story("argo-canary", "a basic canary with two approvals, without any router", _canary, WATCHED),
    Story("argo-nginx", "a canary behind nginx with two approvals", _nginx, WATCHED),
    Story("argo-timed", "pauses that end by themselves", _timed, WATCHED),
    Story("argo-abort", "a basic canary aborted, retried and approved", _abort_and_retry, WATCHED),
    Story("argo-abort-nginx", "a canary behind nginx aborted, retried and approved", _abort_behind_router, FLAPPING),
    Story("argo-undo", "an aborted canary whose spec goes back to the stable version", _undo_while_aborted, FLAPPING),
    Story("argo-full", "a canary promoted fully from its first pause", _full, WATCHED),
    Story("argo-full-abort", "a full promotion that an abort alone does not stop", _full_and_abort, FLAPPING),
    Story("argo-paused", "a canary paused and resumed by its spec", _paused, WATCHED),
    Story("argo-blue-green", "a blue-green switch after an approval", _blue_green, WATCHED),
)
