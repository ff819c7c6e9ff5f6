"""Stories of Argo Rollouts that take their pod template from a Deployment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.stories.argo import PAUSE, ROLLOUTS, WATCHED, approve, healthy, paused_at, rollout, weight
from tests.stories.story import Hand, Obj, Story, Watched

GENERATION = "rollout.argoproj.io/workload-generation"


def _of_rollout(obj: Obj) -> str | None:
    owners = obj["metadata"].get("ownerReferences") or []
    return str(obj["metadata"]["name"]) if any(owner["kind"] == "Rollout" for owner in owners) else None


def _lag(obj: Obj) -> bool | None:
    """Whether the controller has seen a generation of the workload that its status does not tell."""
    told = (obj.get("status") or {}).get("workloadObservedGeneration")
    return None if told is None else told != (obj["metadata"].get("annotations") or {}).get(GENERATION)


WORKLOAD = (
    *(
        replace(watch, rails={**{name: watch.rails[name] for name in ("course", "revision")}, "lag": _lag})
        for watch in WATCHED
        if watch.kind == ROLLOUTS
    ),
    *(replace(watch, track=_of_rollout) for watch in WATCHED if watch.kind == "ReplicaSet"),
    Watched("Deployment", {"size": lambda obj: obj["spec"].get("replicas", 0)}),
)


def referring(when: str, replicas: int) -> list[Obj]:
    """A Deployment and a Rollout that takes its template from it."""
    made = rollout(canary={"steps": [weight(25), PAUSE]})
    template = made["spec"].pop("template")
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": replicas, "selector": made["spec"].pop("selector"), "template": template},
    }
    made["spec"]["workloadRef"] = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "scaleDown": when}
    return [deployment, made]


def _scale(hand: Hand, replicas: int) -> None:
    hand.merge("Deployment", "web", {"spec": {"replicas": replicas}})


def _set_image(hand: Hand, version: str) -> None:
    container = {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": f"example/web:{version}"}
    hand.edit("Deployment", "web", container)


def _has(replicas: int, least: int = 1) -> Callable[[Obj], object]:
    def test(obj: Obj) -> bool:
        now = obj.get("status") or {}
        return (
            obj["spec"].get("replicas") == replicas
            and now.get("observedGeneration", 0) >= least
            and (now.get("availableReplicas") or 0) == replicas
        )

    return test


def _back(hand: Hand) -> None:
    """Somebody scales the Deployment up again: while the first revision stands it is scaled down, later never."""
    hand.apply(*referring("onsuccess", 4))
    hand.until(ROLLOUTS, "web", healthy)
    hand.until("Deployment", "web", _has(0))
    _scale(hand, 4)
    hand.until("Deployment", "web", _has(0, 4))
    _set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))
    approve(hand)
    hand.until(ROLLOUTS, "web", healthy)
    _scale(hand, 4)
    hand.until("Deployment", "web", _has(4))
    _set_image(hand, "v3")
    hand.until(ROLLOUTS, "web", paused_at(1))
    hand.until("Deployment", "web", _has(4))


def _progressively(hand: Hand) -> None:
    hand.apply(*referring("progressively", 4))
    hand.until(ROLLOUTS, "web", healthy)
    hand.until("Deployment", "web", _has(0))


def _never(hand: Hand) -> None:
    hand.apply(*referring("never", 4))
    hand.until(ROLLOUTS, "web", healthy)
    hand.until("Deployment", "web", _has(4))
    _set_image(hand, "v2")
    hand.until(ROLLOUTS, "web", paused_at(1))


STORIES = (
    Story("argo-workload-back", "a Deployment that is scaled up again", _back, WORKLOAD),
    Story("argo-workload-progressively", "a Deployment that goes as the Rollout comes", _progressively, WORKLOAD),
    Story("argo-workload-never", "a Deployment that stays beside the Rollout", _never, WORKLOAD),
)
