"""Analysis runs, experiments and step plugins of a Rollout."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers.argo.context import Context
from cockpit.demo.controllers.argo.plan import Step


def reconcile(context: Context) -> None:
    """Start and end what the step asks for."""


def reconcile_plugin(context: Context) -> None:
    """Run a plugin step."""


def tell(context: Context, new: dict[str, Any]) -> None:
    """Put the runs into the status about to be written."""


def step_is_over(context: Context, step: Step) -> bool:
    """Whether an analysis, experiment or plugin step has succeeded."""
    return False


def experiment_weights(context: Context) -> list[dict[str, Any]]:
    """The weights of the running experiment's versions."""
    return []


def post_promotion_succeeded(context: Context) -> bool:
    """Whether the analysis after a blue-green switch has succeeded."""
    return False


def pre_promotion_succeeded(context: Context) -> bool:
    """Whether the analysis before a blue-green switch has succeeded, or there is none."""
    return not (context.plan.blue_green or {}).get("prePromotionAnalysis")
