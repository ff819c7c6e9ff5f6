"""What the process answers to the shell; documented in `cockpit --help` and only ever added to."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """One number per thing that a pipeline may want to tell apart."""

    FINE = 0
    ERROR = 1
    USAGE = 2
    DEGRADED = 3
    TIMED_OUT = 4
    WAITING = 5
    SPLIT_OFF = 6
    SUPERSEDED = 7
    INTERRUPTED = 130


TEXT = (
    "Exit codes: 0 fine, 1 error, 2 usage, 3 degraded or aborted, 4 timed out, "
    "5 waiting for approval, 6 split is off, 7 superseded, 130 interrupted."
)
