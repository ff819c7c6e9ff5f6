"""What an API server says of itself by a dry run: what time it is there, and whether it checks who confirms.

Both are asked for by creating a Lease in a dry run, which changes nothing and goes through admission: it needs no other
right than to propose. The time is the creationTimestamp that the server sets, so that a proposal's age is counted by
one clock, whatever the machines' clocks say, and whenever a cockpit was started.
"""

from __future__ import annotations

from cockpit.kube.errors import ApiError, KubeError
from cockpit.model.ages import seconds_since_epoch
from cockpit.model.clock import Clock
from cockpit.pairing.proposal_lease import forged, honest
from cockpit.pairing.proposal_marks import POLICY
from cockpit.session.pairing.access import ClusterLeases

# Policies and clocks change seldom; what is asked for a screen is remembered for so many seconds.
_REMEMBERED_SECONDS = 60.0


class ServerSays:
    """`locked` is whether the server refused a confirmation in another's name; None while that is not known."""

    def __init__(self, access: ClusterLeases, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._time: tuple[float, float] | None = None  # UTC seconds there, and monotonic seconds here
        self._tried = float("-inf")
        self.locked: bool | None = None

    def time(self) -> float | None:
        """About what time it is there, UTC seconds; None while that is not known."""
        if self._time is None:
            return None
        there, here = self._time
        return there + self._clock.monotonic() - here

    async def time_now(self, namespace: str, user: str) -> float:
        """What time it is there, asked anew. Raises KubeError."""
        answer = await self._access.try_out(honest(namespace, user))
        there = seconds_since_epoch(answer.metadata.creation_timestamp)
        if there is None:
            raise KubeError("the API server does not say what time it is, so that no proposal's age is known")
        self._time = (there, self._clock.monotonic())
        return there

    async def learn_time(self, namespace: str, user: str) -> None:
        """Ask for the time if it is not known, or was asked for long ago; it never raises."""
        if self._time and self._clock.monotonic() - self._time[1] < _REMEMBERED_SECONDS:
            return
        try:
            await self.time_now(namespace, user)
        except KubeError:
            return

    async def learn(self, namespace: str, user: str) -> None:
        """Find out whether it checks who confirms; it never raises."""
        if self._clock.monotonic() - self._tried < _REMEMBERED_SECONDS:
            return
        self._tried = self._clock.monotonic()
        try:
            await self._access.try_out(forged(namespace, user))
        except ApiError as error:
            self.locked = True if POLICY in error.message else None
        except KubeError:
            self.locked = None
        else:
            self.locked = False
