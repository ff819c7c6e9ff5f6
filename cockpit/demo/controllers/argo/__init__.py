"""Argo Rollouts as it can be observed from outside: the behaviour of controller 1.8, from its sources.

Sources are named by their path in argoproj/argo-rollouts.
"""

from __future__ import annotations

from cockpit.demo.controllers.argo import analysis, controller, trials

CONTROLLERS = (controller.CONTROLLER, analysis.CONTROLLER, trials.CONTROLLER)
