"""Sixty rollouts on one budget: what a person looks at has answers at once, then what moves, the rest by turns.

Counted in requests, not in seconds: a slow machine sends all of them more slowly.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cockpit.model.rollout import Phase
from cockpit.model.sampling import SampleScope
from cockpit.session.probing.choices import SampleChoices
from cockpit.session.settings import ProbeSettings
from tests.journeys.flight import Pilot, cockpit_on
from tests.places import Place

COUNT, MOVING = 60, 4
RATE, BUDGET = 10.0, 50.0
Doc = dict[str, Any]
CANARY = {
    "nginx.ingress.kubernetes.io/canary": "true",
    "nginx.ingress.kubernetes.io/canary-weight": "20",
}


def version(app: str, name: str) -> list[Doc]:
    labels = {"app": app, "version": name}
    template = {
        "metadata": {"labels": labels, "annotations": {"demo.cockpit/ready-delay": "0s"}},
        "spec": {"containers": [{"name": app, "image": f"example/{app}:{name}", "ports": [{"containerPort": 8080}]}]},
    }
    deployment: Doc = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": f"{app}-{name}"},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }
    service: Doc = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"{app}-{name}"},
        "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    return [deployment, service]


def ingress(app: str, backend: str, annotations: dict[str, str]) -> Doc:
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": backend, "port": {"number": 80}}}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": f"{app}{'-canary' * bool(annotations)}", "annotations": annotations},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": f"{app}.example", "http": {"paths": [path]}}]},
    }


def many(place: Place) -> None:
    names = []
    for number in range(COUNT):
        app = f"web-{number:02}"
        place.apply(*version(app, "v1"), ingress(app, f"{app}-v1", {}))
        names.append(f"{app}-v1")
        if number < MOVING:
            place.apply(*version(app, "v2"), ingress(app, f"{app}-v2", CANARY))
            names.append(f"{app}-v2")
    place.ready(*names)


async def test_the_selected_one_of_sixty_has_answers_at_once(place: Place, tmp_path: Path) -> None:
    if place.real:
        pytest.skip("sixty rollouts are too many for a shared cluster")
    many(place)
    settings, all_of_them = ProbeSettings(rate=RATE, budget=BUDGET), SampleChoices(given=SampleScope.ALL)
    journal = tmp_path / "journal.jsonl"
    async with cockpit_on(place.kubeconfig, place.namespace, journal, probe=settings, choices=all_of_them) as cockpit:
        pilot = Pilot(cockpit, place)

        def answers() -> dict[str, int]:
            return {shown.rollout.key.name: shown.probe.strip_total for shown in cockpit.view().rollouts}

        await pilot.until("answers of some", lambda: len(answers()) == COUNT and sum(answers().values()) >= 150)
        moving = [s.rollout.key.name for s in cockpit.view().rollouts if s.rollout.phase is not Phase.AT_REST]
        assert len(moving) == MOVING
        assert min(answers()[name] for name in moving) > 0
        waiting = next(s for s in reversed(cockpit.view().rollouts) if not s.probe.strip_total)
        assert waiting.health.reason == "waits for its turn to be sampled"
        name, before = waiting.rollout.key.name, sum(answers().values())
        cockpit.select([waiting.rollout.key])
        await pilot.until_seen(name, lambda shown: shown.probe.strip_total >= RATE)
        # A second's worth: its own answers, and what the budget leaves to the others; twice that for a slow machine.
        assert sum(answers().values()) - before <= 2 * BUDGET
