"""Why something is not done, in words that every part shares."""

from __future__ import annotations

from cockpit.model.rollout import Rollout, Severity

READ_ONLY = "this session is read-only: by --read-only or by the settings (see cockpit config)"

NOTHING_TO_UNDO = "nothing to undo: no act on it was sent from this machine, and no other cockpit told of one"

# The end of a reason that passes by itself, as long as there is a controller that works.
WAIT = "; wait a moment"

VIEW_ONLY = (
    "this session only looks (--view-only): nothing is kept on the machine that it runs on, or sent where you say"
)


def no_target(rollout: Rollout) -> str:
    """Why nothing can be asked for a rollout without a probe target."""
    return rollout.probe_target_missing or "nothing says where to send requests"


# Why a key does nothing while a recording is shown.
A_RECORDING = "this is a recording: nothing can be changed in it"


def in_vain(why: str, rollout: Rollout) -> str:
    """The reason without the advice to wait, where the controller that is waited for has been silent for too long."""
    silent = any(each.id == "not-observed" and each.severity is Severity.WARNING for each in rollout.findings)
    before, waits, after = why.rpartition(WAIT)
    return f"{before}: start it again first{after}" if silent and waits else why
