"""The controls of the rollouts of one cluster, for one session: takes, keeps, marks and gives back their Leases.

An act is fenced by its Lease. Before its first request the Lease is written with a mark, on the version that was read:
who took it over meanwhile makes that write fail, and nothing is sent. Requests follow only for `SAFE_SECONDS` after a
write of the Lease; later it is written again first. A marked Lease of a silent holder is left alone until all that the
holder may have sent has arrived or is lost (`ACTING_SECONDS`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from cockpit.kube.errors import Conflict, KubeError, NotFound
from cockpit.model.clock import Clock
from cockpit.model.objects import Lease
from cockpit.model.pairing import Person, Pilot, PilotMode, Question
from cockpit.model.plan import Request
from cockpit.model.refs import Ref, RolloutKey
from cockpit.pairing import words
from cockpit.pairing.marks import pilot_ref
from cockpit.pairing.observed import Observed
from cockpit.pairing.pilot_lease import (
    LEASE_SECONDS,
    RENEW_SECONDS,
    PilotLease,
    created,
    given_to,
    read_pilot,
    released,
    renewed,
    taken,
)
from cockpit.session.changes import first_of
from cockpit.session.pairing.access import LeaseAccess
from cockpit.session.pairing.hold import Flight, Hold, Moment

log = logging.getLogger(__name__)

# Seconds until a write that failed is tried again, and between looks when nothing else is due.
_RETRY_SECONDS, _LOOK_SECONDS = 4.0, 60.0
# Writes on a Lease that others write at the same moment.
_ATTEMPTS = 4


class Controls:
    """`on_change` is called when what `pilots` gives may have changed. `namespace` holds the Leases, "" for each
    rollout's own."""

    def __init__(
        self,
        access: LeaseAccess,
        me: Person,
        clock: Clock,
        context: str,
        mode: PilotMode,
        namespace: str = "",
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.access = access
        self.me = me
        self.clock = clock
        self.context = context
        self.mode = mode
        self._namespace = namespace
        self._on_change = on_change
        self._holds: dict[RolloutKey, Hold] = {}
        self._flights: dict[RolloutKey, Flight] = {}
        self._shown: dict[RolloutKey, PilotLease] = {}
        self._doubts: set[RolloutKey] = set()
        self._locks: dict[RolloutKey, asyncio.Lock] = {}
        self._spawned: set[asyncio.Task[str]] = set()
        self.observed = Observed()
        self.wake = asyncio.Event()

    # An act

    async def begin(self, key: RolloutKey, title: str) -> str:
        """Take or confirm the controls for an act that is about to be sent; why it must not be sent, or "".

        In advisory mode it never refuses and never waits.
        """
        if self.mode is not PilotMode.STRICT:
            known = self._shown.get(key)
            if known is None or known.free or key in self._holds:
                self._spawn(self._secure(key, title))
            return ""
        try:
            return await self._secure(key, title)
        except KubeError as error:
            return words.not_known(key, str(error))

    async def confirm(self, key: RolloutKey) -> str:
        """Right before a request of an act: why it must not be sent any more, or ""."""
        if self.mode is not PilotMode.STRICT:
            return ""
        hold = self._holds.get(key)
        if hold is not None and hold.sure(self.clock):
            return ""
        try:
            if why := await self._secure(key, take=False):
                return why
        except KubeError as error:
            return words.not_known(key, str(error))
        # The write itself may have taken longer than it makes sure for.
        held = self._holds.get(key)
        return "" if held and held.sure(self.clock) else words.not_known(key, "the API server answers too slowly.")

    def end(self, key: RolloutKey, unknown: bool) -> None:
        """An act was sent, as far as it got; `unknown`: some of it may still arrive."""
        self.flight(key).end(unknown, self.clock)
        self.wake.set()

    def flight(self, key: RolloutKey) -> Flight:
        """What this session is sending to a rollout."""
        return self._flights.setdefault(key, Flight())

    def _spawn(self, work: object) -> None:
        task: asyncio.Task[str] = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._spawned.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[str]) -> None:
        self._spawned.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.info("the controls could not be taken: %s", error)

    async def _secure(self, key: RolloutKey, acting: str = "", take: bool = True) -> str:
        """Hold the Lease with a write of now; why somebody else has it, or "". Raises KubeError.

        `acting` marks the Lease and begins a flight. Without `take`, only a Lease that this session holds is written.
        """
        async with self.lock(key):
            for _ in range(_ATTEMPTS):
                hold, flight = self._holds.get(key), self.flight(key)
                lease = hold.lease if hold else await self.read(key)
                if lease is not None and not lease.free and lease.holder.session != self.me.session:
                    return words.refusal(key, lease.holder, self.silence(lease) >= lease.patience)
                if not take and (lease is None or lease.free):
                    return words.not_known(key, "they were given back or taken over meanwhile.")
                if await self.hold_by(key, self._claim(key, lease, acting or flight.marked(self.clock))):
                    if acting:
                        flight.begin(acting)
                    return ""
            return words.not_known(key, "its Lease changes all the time.")

    def _claim(self, key: RolloutKey, lease: PilotLease | None, mark: str) -> Request:
        now = stamp(self.clock)
        if lease is None:
            return created(self.ref(key), key, self.me, now, mark)
        return taken(lease, key, self.me, now, acting=mark) if lease.free else renewed(lease, self.me, now, mark)

    # What others use who change a Lease; each holds its lock

    def lock(self, key: RolloutKey) -> asyncio.Lock:
        """One write of a Lease at a time."""
        return self._locks.setdefault(key, asyncio.Lock())

    def ref(self, key: RolloutKey) -> Ref:
        return pilot_ref(key, self._namespace)

    def holds(self, key: RolloutKey) -> Hold | None:
        """The Lease, if this session holds it as far as it knows."""
        return self._holds.get(key)

    def silence(self, lease: PilotLease) -> float:
        """Seconds for which the holder was not heard."""
        return self.observed.silent(lease.ref, lease.heard, self.clock.monotonic())

    async def read(self, key: RolloutKey) -> PilotLease | None:
        """The Lease as the server has it. Raises KubeError."""
        found = await self.access.read(self.ref(key))
        if found is None:
            self._forget(key)
            return None
        lease = read_pilot(found, self.context)
        self.observed.note(lease.ref, lease.heard, self.clock.monotonic())
        self._show(key, lease)
        return lease

    async def secure(self, key: RolloutKey) -> str:
        """Take or keep the controls without an act; why somebody else has them, or "". Raises KubeError."""
        return await self._secure(key)

    def keep(self, key: RolloutKey, lease: PilotLease) -> None:
        """Note a Lease that was written without changing its holder; it does not count as a renewal."""
        if (hold := self._holds.get(key)) and lease.holder.session == self.me.session:
            hold.lease = lease
            hold.hear(lease.asked, self.clock.monotonic())
        self._on_change()

    async def hold_by(self, key: RolloutKey, request: Request) -> bool:
        """Become or stay the holder by a write; False if the Lease changed meanwhile. Raises KubeError."""
        written, before = Moment.of(self.clock), self._holds.get(key)
        lease = await self.write(key, request)
        if lease is None:
            return False
        hold = Hold(lease, written, before.asked if before else None, before.asked_at if before else 0.0)
        hold.hear(lease.asked, self.clock.monotonic())
        self._holds[key] = hold
        self.wake.set()
        self._on_change()
        return True

    async def write(self, key: RolloutKey, request: Request) -> PilotLease | None:
        """Write the Lease; None if it changed meanwhile, so that it has to be read again. Raises KubeError."""
        try:
            answer = await self.access.write(request)
        except (Conflict, NotFound):
            self._forget(key)
            return None
        except KubeError:
            self._doubts.add(key)
            raise
        if answer is None:
            self._forget(key)
            return None
        lease = read_pilot(answer, self.context)
        self.observed.note(lease.ref, lease.heard, self.clock.monotonic())
        self._show(key, lease)
        return lease

    def _show(self, key: RolloutKey, lease: PilotLease) -> None:
        if self._shown.get(key) != lease:
            self._shown[key] = lease
            self._on_change()

    def _forget(self, key: RolloutKey) -> None:
        """The Lease is not as this session knew it."""
        self._holds.pop(key, None)
        self._shown.pop(key, None)
        self._on_change()

    # What the watch brings

    def note(self, leases: Iterable[Lease]) -> None:
        """All Leases of pilots as the watch has them, which may be older than this session's own writes."""
        now, shown = self.clock.monotonic(), dict[RolloutKey, PilotLease]()
        for lease in (read_pilot(each, self.context) for each in leases):
            if lease.rollout is None or lease.ref != self.ref(lease.rollout):
                continue
            self.observed.note(lease.ref, lease.heard, now)
            shown[lease.rollout] = lease
        for key, hold in self._holds.items():
            seen = shown.get(key)
            if seen is None or _matters(seen) != _matters(hold.lease):
                self._doubts.add(key)
            shown[key] = hold.lease
        mine = {key for key, lease in shown.items() if lease.holder.session == self.me.session}
        self._doubts |= mine - self._holds.keys()
        self._shown = shown
        if self._doubts:
            self.wake.set()

    # What goes on by itself

    async def run(self) -> None:
        """Renew what is held, hand over what was asked for in vain, until cancelled."""
        while True:
            self.wake.clear()
            for key in [*self._holds, *(self._doubts - self._holds.keys())]:
                await self._tend(key)
            self._on_change()
            await first_of(self.wake.wait(), self.clock.sleep(self._next_look()))

    def _next_look(self) -> float:
        """Seconds until something is due."""
        due = [_RETRY_SECONDS] if self._doubts else []
        due += [max(RENEW_SECONDS - hold.written.age(self.clock), 0.5) for hold in self._holds.values()]
        others = (lease for key, lease in self._shown.items() if key not in self._holds)
        due += [left for lease in others if (left := lease.patience - self.silence(lease)) > 0]
        return min([*due, _LOOK_SECONDS])

    async def _tend(self, key: RolloutKey) -> None:
        try:
            if key in self._doubts:
                await self._look_again(key)
            hold = self._holds.get(key)
            if hold is None:
                return
            mark, question = self.flight(key).marked(self.clock), hold.unanswered(self.clock.monotonic())
            if question and not mark:
                await self.hand_over(key, question)
            elif hold.written.age(self.clock) >= RENEW_SECONDS or hold.lease.acting != mark:
                await self._secure(key, take=False)
        except KubeError as error:
            log.info("the Lease of %s is not renewed: %s", key, error)

    async def _look_again(self, key: RolloutKey) -> None:
        """Read a Lease that is not as this session left it: renewed by nobody else, annotated, or taken."""
        async with self.lock(key):
            hold = self._holds.get(key)
            lease = await self.read(key)
            self._doubts.discard(key)
            if lease is None or lease.holder.session != self.me.session:
                self._holds.pop(key, None)
                self._on_change()
                return
            if hold is None:
                # Somebody handed it over, or an answer was lost: nothing is sent before it is written once more.
                hold = self._holds[key] = Hold(lease, Moment(-LEASE_SECONDS, -LEASE_SECONDS))
            hold.lease = lease
            hold.hear(lease.asked, self.clock.monotonic())
            self._on_change()

    async def hand_over(self, key: RolloutKey, question: Question) -> bool:
        """Give the controls to who asked; False if something of this session may still arrive. Raises KubeError."""
        async with self.lock(key):
            hold = self._holds.get(key)
            if hold is None or self.flight(key).marked(self.clock):
                return False
            # From here on this session sends nothing, whether or not the write arrives.
            del self._holds[key]
            await self.write(key, given_to(hold.lease, key, question, stamp(self.clock)))
            return True

    async def release(self, key: RolloutKey) -> str:
        """Give the controls back; why not, or "". Raises KubeError."""
        async with self.lock(key):
            hold = self._holds.get(key)
            if hold is None:
                return f"you do not have the controls of {key.namespace}/{key.name}"
            if self.flight(key).marked(self.clock):
                return f"an act on {key.namespace}/{key.name} may still arrive; give them back when it is known"
            del self._holds[key]
            await self.write(key, released(hold.lease))
            return ""

    async def close(self) -> None:
        """Give everything back, as far as the cluster answers."""
        for task in list(self._spawned):
            task.cancel()
        await asyncio.gather(*self._spawned, return_exceptions=True)
        for key in list(self._holds):
            try:
                await self.release(key)
            except KubeError as error:
                log.info("the controls of %s are not given back, so they end by themselves: %s", key, error)

    # What is shown

    def pilots(self) -> tuple[Pilot, ...]:
        """Who has which controls, by rollout."""
        held = {key: hold.lease for key, hold in self._holds.items()}
        known = {**self._shown, **held}
        return tuple(self._pilot(key, lease) for key, lease in sorted(known.items()) if not lease.free)

    def _pilot(self, key: RolloutKey, lease: PilotLease) -> Pilot:
        return Pilot(
            rollout=key,
            person=lease.holder,
            since=lease.since,
            mine=key in self._holds,
            silent=self.silence(lease) >= lease.patience,
            asked=lease.asked,
            offered=lease.offered,
            declined=lease.declined,
            reason=lease.reason,
            acting=lease.acting,
        )


def _matters(lease: PilotLease) -> object:
    """What of a Lease is news to its holder; an older version of it is read again when a write finds it changed."""
    return lease.holder.session, lease.asked, lease.offered, lease.declined


def stamp(clock: Clock) -> str:
    """Now as a Kubernetes MicroTime."""
    return datetime.fromtimestamp(clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
