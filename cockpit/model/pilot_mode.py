"""How much it means that somebody has the controls of a rollout."""

from __future__ import annotations

from enum import StrEnum


class PilotMode(StrEnum):
    """What the pilot of a rollout means in a context.

    With OFF no request is made and nobody is shown. With ADVISORY an act of somebody else is warned of and sent; with
    STRICT it is refused.
    """

    OFF = "off"
    ADVISORY = "advisory"
    STRICT = "strict"
