"""The AnalysisTemplates that a Rollout names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.demo.controllers.argo.plan import Plan
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.customkinds import ANALYSISTEMPLATES, CLUSTERANALYSISTEMPLATES
from cockpit.demo.schemas.objects import Object

Reference = dict[str, Any]


def analyses(plan: Plan) -> Iterator[tuple[str, Reference]]:
    """Each reference to a template with its path in the spec."""
    if plan.blue_green is not None:
        for field in ("prePromotionAnalysis", "postPromotionAnalysis"):
            for reference in (plan.blue_green.get(field) or {}).get("templates") or []:
                yield f"spec.strategy.blueGreen.{field}.templates", reference
    for number, step in enumerate(plan.steps):
        for reference in (step.get("analysis") or {}).get("templates") or []:
            yield f"spec.strategy.canary.steps[{number}].analysis.templates", reference
    for reference in ((plan.canary or {}).get("analysis") or {}).get("templates") or []:
        yield "spec.strategy.canary.analysis.templates", reference


def template_of(world: World, namespace: str, reference: Reference) -> Object | None:
    """The template that a reference leads to, or None."""
    kind = CLUSTERANALYSISTEMPLATES if reference.get("clusterScope") else ANALYSISTEMPLATES
    return world.storage.peek(kind, namespace, str(reference.get("templateName") or ""))
