"""A bench for Argo Rollouts: one Rollout named web, and what a person does to it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cockpit.demo.patches.patching import merged
from cockpit.demo.schemas.customkinds import ARGO_ROLLOUTS
from cockpit.demo.schemas.kinds import INGRESSES, REPLICASETS, SERVICES, by_kind
from tests.demo.conftest import Bench
from tests.stories.argo import PAUSE, ingress, service, weight
from tests.stories.argo import rollout as story_rollout

HASH = "rollouts-pod-template-hash"
__all__ = ["PAUSE", "ArgoBench", "rollout", "routed", "services", "weight"]


def rollout(image: str = "example/web:v1", replicas: int = 4, **spec: Any) -> dict[str, Any]:
    """A Rollout named web; `canary` and `blueGreen` are its strategy, other words its spec."""
    strategy = {key: spec.pop(key) for key in ("canary", "blueGreen") if key in spec}
    made = story_rollout(image, replicas, **strategy)
    made["spec"] |= spec
    return made


def services(*names: str) -> list[dict[str, Any]]:
    return [service(name) for name in names]


def routed(*steps: dict[str, Any], router: dict[str, Any] | None = None, **canary: Any) -> list[dict[str, Any]]:
    """A canary with both Services and a router: the nginx Ingress web, unless another is given."""
    rules = {
        "canaryService": "web-canary",
        "stableService": "web-stable",
        "trafficRouting": router or {"nginx": {"stableIngress": "web"}},
        "scaleDownDelaySeconds": 3,
        "abortScaleDownDelaySeconds": 3,
        "steps": list(steps),
        **canary,
    }
    doors = [] if router else [ingress("web", "web-stable")]
    return [*services("web-stable", "web-canary"), *doors, rollout(canary=rules)]


class ArgoBench:
    """The Rollout `web` on a bench."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def create(self, *docs: dict[str, Any]) -> None:
        for doc in docs:
            kind = by_kind(doc["apiVersion"], doc["kind"])
            assert kind is not None
            self.bench.storage.create(kind, {**doc, "metadata": {**doc["metadata"], "namespace": "default"}})

    def begin(self, *docs: dict[str, Any]) -> None:
        """Create everything and wait until the first version stands."""
        self.create(*docs)
        self.until(lambda status: status.get("phase") == "Healthy")

    @property
    def rollout(self) -> dict[str, Any]:
        return self.bench.storage.get(ARGO_ROLLOUTS, "default", "web")

    @property
    def status(self) -> dict[str, Any]:
        return dict(self.rollout.get("status") or {})

    @property
    def spec(self) -> dict[str, Any]:
        return dict(self.rollout["spec"])

    def until(self, test: Callable[[dict[str, Any]], object]) -> None:
        """Let time pass until the status, which has to be about the spec as it is, fulfils the test."""
        for _ in range(2000):
            self.bench.settle()
            found = self.rollout
            status = found.get("status") or {}
            if status.get("observedGeneration") == str(found["metadata"]["generation"]) and test(status):
                return
            self.bench.clock.advance(0.1)
        raise AssertionError(f"never seen; the status is {self.status}")

    def until_paused(self, step: int) -> None:
        self.until(lambda status: status.get("currentStepIndex") == step and bool(status.get("pauseConditions")))

    def change(self, edit: Callable[[dict[str, Any]], Any]) -> None:
        """Edit the spec, and let the controller look."""
        stored = self.rollout
        edit(stored["spec"])
        self.bench.storage.update(ARGO_ROLLOUTS, stored)
        self.bench.settle()

    def set_image(self, version: str) -> None:
        self.change(lambda spec: spec["template"]["spec"]["containers"][0].update(image=f"example/web:{version}"))

    def patch(self, patch: dict[str, Any]) -> None:
        """A merge patch of the status."""
        self.bench.storage.update(ARGO_ROLLOUTS, merged(self.rollout, patch), subresource="status")
        self.bench.settle()

    def approve(self) -> None:
        self.patch({"status": {"pauseConditions": None}})

    def sets(self) -> list[dict[str, Any]]:
        return self.bench.storage.list(REPLICASETS, labels=lambda labels: HASH in labels)

    @staticmethod
    def version(rs: dict[str, Any]) -> str:
        return str(rs["spec"]["template"]["spec"]["containers"][0]["image"].rpartition(":")[2])

    def sizes(self) -> dict[str, int]:
        return {self.version(rs): rs["spec"]["replicas"] for rs in self.sets()}

    def revisions(self) -> dict[str, int]:
        return {self.version(rs): int(self._annotations(rs)["rollout.argoproj.io/revision"]) for rs in self.sets()}

    def annotation(self, version: str, key: str) -> str:
        return next(self._annotations(rs).get(key, "") for rs in self.sets() if self.version(rs) == version)

    @staticmethod
    def _annotations(rs: dict[str, Any]) -> dict[str, str]:
        return dict(rs["metadata"].get("annotations") or {})

    def selected(self, service: str) -> str:
        """The version that a Service selects."""
        selector = self.bench.storage.get(SERVICES, "default", service)["spec"]["selector"]
        return next(
            (self.version(rs) for rs in self.sets() if rs["metadata"]["labels"][HASH] == selector.get(HASH)), ""
        )

    def written(self) -> str:
        """The weight in the canary Ingress."""
        found = self.bench.storage.get(INGRESSES, "default", "web-web-canary")
        return str(found["metadata"]["annotations"]["nginx.ingress.kubernetes.io/canary-weight"])

    def told(self) -> list[str]:
        return self.bench.events("web")

    @contextmanager
    def errors(self) -> Iterator[list[str]]:
        """What the controllers' loop logs as failures meanwhile."""
        found: list[str] = []

        class Collect(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                found.append(self.format(record))

        handler, logger = Collect(logging.ERROR), logging.getLogger("cockpit.demo.controllers.runtime")
        logger.addHandler(handler)
        try:
            yield found
        finally:
            logger.removeHandler(handler)
