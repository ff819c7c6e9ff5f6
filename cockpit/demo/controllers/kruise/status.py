"""The status of a Rollout while it is worked out: sub-status and conditions."""

from __future__ import annotations

from typing import Any

from cockpit.demo.schemas.objects import Object, copied, without_nulls

Status = dict[str, Any]
PROGRESSING, SUCCEEDED, TERMINATING = "Progressing", "Succeeded", "Terminating"


def decoded(stored: Any) -> Status:
    """A copy of a stored status in which the numbers and texts of the sub-status are there, as Go decodes them."""
    status: Status = without_nulls(copied(stored or {}))
    for name in ("canaryStatus", "blueGreenStatus"):
        if name in status:
            status[name].setdefault("currentStepIndex", 0)
            status[name].setdefault("currentStepState", "")
    return status


def sub_of(status: Status) -> Status | None:
    """`canaryStatus` or `blueGreenStatus`; None before the first look at a workload."""
    return status.get("canaryStatus") or status.get("blueGreenStatus")


def names_of(blue_green: bool) -> tuple[str, str]:
    """The name of the sub-status, and the prefix of its own fields."""
    return ("blueGreenStatus", "updated") if blue_green else ("canaryStatus", "canary")


def revision_of(status: Status) -> str:
    """The newest revision that the controller has taken up."""
    sub = sub_of(status) or {}
    return str(sub.get("canaryRevision") or sub.get("updatedRevision") or "")


def set_revision(status: Status, revision: str) -> None:
    """Take up a revision."""
    if "blueGreenStatus" in status:
        status["blueGreenStatus"]["updatedRevision"] = revision
    elif "canaryStatus" in status:
        status["canaryStatus"]["canaryRevision"] = revision


def clear(status: Status) -> None:
    """Forget where the last release stood; the copies at the top stay until the next write."""
    status.pop("canaryStatus", None)
    status.pop("blueGreenStatus", None)


def condition_of(status: Status, type_: str) -> dict[str, str]:
    """One condition; empty when it is not there."""
    return next((entry for entry in status.get("conditions") or [] if entry.get("type") == type_), {})


def set_condition(status: Status, type_: str, value: str, reason: str, message: str, now: str) -> None:
    """Set a condition as a new one: both its times are now."""
    entry = {
        "type": type_,
        "status": value,
        "reason": reason,
        "message": message,
        "lastUpdateTime": now,
        "lastTransitionTime": now,
    }
    drop_condition(status, type_)
    status["conditions"] = [*(status.get("conditions") or []), entry]


def drop_condition(status: Status, type_: str) -> None:
    """Take a condition away."""
    if status.get("conditions"):
        status["conditions"] = [entry for entry in status["conditions"] if entry.get("type") != type_]


def move(status: Status, type_: str, value: str, reason: str, message: str, now: str) -> None:
    """Change a condition and keep its times, as the real controller does; a text that is empty keeps the old one."""
    known = condition_of(status, type_)
    if not known:
        set_condition(status, type_, value, reason, message, now)
        return
    entry = {**known, "status": value, "reason": reason, "message": message or known.get("message", "")}
    if entry != known:
        drop_condition(status, type_)
        status["conditions"] = [*(status.get("conditions") or []), entry]


def progress(status: Status, value: str, reason: str, message: str, now: str) -> None:
    """Change `Progressing`, and the message of the whole with it."""
    move(status, PROGRESSING, value, reason, message, now)
    status["message"] = condition_of(status, PROGRESSING)["message"]


def owner_reference(rollout: Object) -> dict[str, Any]:
    """The reference that objects made for a Rollout carry."""
    return {
        "apiVersion": "rollouts.kruise.io/v1beta1",
        "kind": "Rollout",
        "name": rollout["metadata"]["name"],
        "uid": rollout["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
