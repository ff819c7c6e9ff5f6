"""Kruise Rollouts 0.6: Rollouts, BatchReleases, advanced Deployments and their webhooks."""

from __future__ import annotations

from cockpit.demo.controllers.kruise import advanced, batchrelease, rollout
from cockpit.demo.controllers.kruise.validation import admit_rollout
from cockpit.demo.controllers.kruise.webhook import admit_workload
from cockpit.demo.controllers.runtime import Controller
from cockpit.demo.store.admission import Hook

__all__ = ["HOOKS", "controllers"]

HOOKS: list[Hook] = [admit_workload, admit_rollout]


def controllers() -> list[Controller]:
    """The controllers of one cluster."""
    return [rollout.controller(), batchrelease.CONTROLLER, advanced.CONTROLLER]
