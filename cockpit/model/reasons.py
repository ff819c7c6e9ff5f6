"""Why something is not done, in words that every part shares."""

from __future__ import annotations

from cockpit.model.rollout import Rollout

READ_ONLY = "this session is read-only: by --read-only or by the settings (see cockpit config)"

NOTHING_TO_UNDO = "nothing to undo: no act on it was sent from this machine, and no other cockpit told of one"

VIEW_ONLY = (
    "this session only looks (--view-only): nothing is kept on the machine that it runs on, or sent where you say"
)


def no_target(rollout: Rollout) -> str:
    """Why nothing can be asked for a rollout without a probe target."""
    return rollout.probe_target_missing or "nothing says where to send requests"


# Why a key does nothing while a recording is shown.
A_RECORDING = "this is a recording: nothing can be changed in it"
