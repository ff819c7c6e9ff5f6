"""Step plug-ins of the embedded cluster (rollout/stepplugin.go).

Every name is known; a step's `config` says how it goes: `takes` seconds (default 2), `result` Successful or Failed.
"""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers.argo.context import Context
from cockpit.demo.controllers.argo.durations import seconds_of
from cockpit.demo.controllers.argo.plan import current_step, is_promoted
from cockpit.demo.controllers.podstate import parse_time
from cockpit.demo.schemas.objects import copied

Entry = dict[str, Any]
TAKES = 2


def reconcile(context: Context) -> None:
    """Run the current step's plug-in; end those that run when the update is aborted or promoted."""
    told: list[Entry] = copied((context.status.get("canary") or {}).get("stepPluginStatuses") or [])
    promoted = context.status.get("promoteFull") or is_promoted(context.status)
    if context.pauses.aborted or promoted:
        _end(context, told, "Terminate" if promoted and not context.pauses.aborted else "Abort")
        context.plugins = told
        return
    step, index = current_step(context.plan, context.status)
    plugin = (step or {}).get("plugin")
    if index == 0 and not (plugin and _of(told, 0, "Run") and _of(told, 0, "Run")["phase"] == "Running"):
        told = []
    context.plugins = told
    if plugin is None or index is None or context.status.get("phase") != "Progressing":
        return
    now = context.world.clock.timestamp()
    entry = _of(told, index, "Run")
    if not entry:
        entry = {"index": index, "name": plugin["name"], "operation": "Run", "phase": "Running", "startedAt": now}
        told.append(entry)
        context.tell("StepPluginTransition", f"Step plugin {plugin['name']} (step {index + 1}) transitioned to Running")
    config = plugin.get("config") if isinstance(plugin.get("config"), dict) else {}
    length = seconds_of(config.get("takes", TAKES))
    left = parse_time(entry["startedAt"]) + length - context.now
    if entry["phase"] != "Running":
        return
    if left > 0:
        context.wakes.append(left + 0.01)
        return
    entry |= {"phase": "Failed" if config.get("result") == "Failed" else "Successful", "finishedAt": now}
    entry["updatedAt"] = now
    if entry["phase"] == "Failed":
        entry["message"] = str(config.get("message", ""))
        context.tell(
            "StepPluginTransition", f"Step plugin {plugin['name']} (step {index + 1}) transitioned to Failed", "Warning"
        )
        context.pauses.abort(f"Step Plugin {index + 1} ({plugin['name']}) failed: {entry['message']}")


def _end(context: Context, told: list[Entry], operation: str) -> None:
    now = context.world.clock.timestamp()
    for entry in [entry for entry in reversed(told) if entry["operation"] == "Run"]:
        if not _of(told, entry["index"], operation) and (operation == "Abort" or entry["phase"] == "Running"):
            ended = {**entry, "operation": operation, "phase": "Successful", "startedAt": now, "finishedAt": now}
            told.append(ended)
            word = "aborted" if operation == "Abort" else "terminated"
            text = f"Step plugin {entry['name']} (step {entry['index'] + 1}) {word} (Successful)"
            context.tell("StepPluginTransition", text)


def _of(told: list[Entry], index: int, operation: str) -> Entry:
    return next((entry for entry in told if entry["index"] == index and entry["operation"] == operation), {})


def is_over(context: Context) -> bool:
    """Whether the current step's plug-in has ended."""
    _, index = current_step(context.plan, context.status)
    return _of(context.plugins or [], index or 0, "Run").get("phase") in ("Successful", "Failed")


def tell(context: Context, new: dict[str, Any]) -> None:
    """Put the plug-ins into the status about to be written."""
    if context.plugins:
        new["canary"]["stepPluginStatuses"] = context.plugins
    elif context.plugins is not None:
        new["canary"].pop("stepPluginStatuses", None)
