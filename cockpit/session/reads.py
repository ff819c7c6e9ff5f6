"""How much a session reads of its clusters."""

from __future__ import annotations

from enum import StrEnum


class Reads(StrEnum):
    """FOLLOWING watches every kind until it ends. ONCE reads each kind once, and watches from when an act waits for
    its effect; FACTS does the same for somebody who sends nothing, and leaves out what this user may send."""

    FOLLOWING = "following"
    ONCE = "once"
    FACTS = "facts"

    @property
    def pause(self) -> float:
        """Seconds between two views: nobody sees more of them, but a command waits for each."""
        return 0.1 if self is Reads.FOLLOWING else 0.01
