"""What keeps an act from being sent before a second person confirmed it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from cockpit.model.plan import Ask, Plan
from cockpit.model.refs import RolloutKey
from cockpit.model.second import Second

# The hash of a plan by the objects as they are by then; it may raise KubeError.
Digest = Callable[[], Awaitable[str]]


class SecondPerson(Protocol):
    """Asked for every plan. Reasons are sentences; "" means that nothing speaks against it."""

    def holds(self, kind: Second) -> bool:
        """Whether plans of this kind need somebody else."""
        ...

    async def ask_of(self, key: RolloutKey, ask: Ask) -> Ask:
        """The ask to plan: that of this person's own proposal, if it is for the same. It never raises."""
        ...

    def concerns(self, plan: Plan) -> bool:
        """Whether somebody else has to confirm this plan."""
        ...

    async def why_not(self, plan: Plan, digest: Digest) -> str:
        """Why a plan must not be sent before somebody else confirmed it. It never raises a KubeError.

        `digest` is asked for only where somebody has to.
        """
        ...

    async def sent(self, plan: Plan) -> None:
        """It was sent, as far as it got: what was confirmed is used up. It never raises."""
        ...


class NobodyElse:
    """Implements SecondPerson where no plan needs one: nothing is asked, nothing refused."""

    def holds(self, kind: Second) -> bool:
        return False

    async def ask_of(self, key: RolloutKey, ask: Ask) -> Ask:
        return ask

    def concerns(self, plan: Plan) -> bool:
        return False

    async def why_not(self, plan: Plan, digest: Digest) -> str:
        return ""

    async def sent(self, plan: Plan) -> None: ...


NO_SECOND = NobodyElse()
