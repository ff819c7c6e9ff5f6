"""Exit codes of the process, documented in `cockpit --help` and in the README; codes are only added."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """One number per result that a pipeline may need to distinguish."""

    FINE = 0
    ERROR = 1
    USAGE = 2
    DEGRADED = 3
    TIMED_OUT = 4
    WAITING = 5
    SPLIT_OFF = 6
    SUPERSEDED = 7
    UNREAD = 8
    UNCONFIRMED = 9
    INTERRUPTED = 130


WORDS = {
    ExitCode.FINE: "fine",
    ExitCode.ERROR: "error",
    ExitCode.USAGE: "usage",
    ExitCode.DEGRADED: "users are hurt (a version fails or is too slow), degraded or aborted",
    ExitCode.TIMED_OUT: "timed out, or not decided in time",
    ExitCode.WAITING: "waiting for approval",
    ExitCode.SPLIT_OFF: "the observed split is off, or a declared share is not written",
    ExitCode.SUPERSEDED: "superseded",
    ExitCode.UNREAD: "something could not be read",
    ExitCode.UNCONFIRMED: "waiting for a second person",
    ExitCode.INTERRUPTED: "interrupted",
}
TEXT = f"Exit codes: {'; '.join(f'{code} {words}' for code, words in WORDS.items())}."
