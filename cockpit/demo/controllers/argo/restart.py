"""Restarts: pods older than `restartAt` are evicted, some at a time (rollout/restart.go)."""

from __future__ import annotations

from cockpit.demo.controllers.argo.context import Context


def restart_pods(context: Context) -> bool:
    """Evict pods that are due; whether any was."""
    return False
