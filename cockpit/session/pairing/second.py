"""Second persons in one context: reads proposals, proposes, confirms, withdraws, and holds acts back."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace

from cockpit.kube.errors import Conflict, Forbidden, Invalid, KubeError, NotFound
from cockpit.kube.store import ChangeSet
from cockpit.model.clock import Clock
from cockpit.model.objects import Lease
from cockpit.model.pairing import ControlsAnswer
from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import LEASES, RolloutKey
from cockpit.model.second import ContextSecond, Proposal, ProposalState, Second
from cockpit.model.view import Prepared, Sync
from cockpit.pairing import proposal_marks as marks
from cockpit.pairing import second_words as words
from cockpit.pairing.plan_hash import kinds_of
from cockpit.pairing.proposal_lease import (
    ProposalLease,
    can_be_proposed,
    confirmed,
    ended,
    proposed,
    read_proposal,
    removed,
)
from cockpit.session.facts.cluster import Cluster
from cockpit.session.pairing.access import ClusterLeases
from cockpit.session.pairing.following import leases_followed
from cockpit.session.pairing.lock import Locks
from cockpit.session.pairing.server_says import ServerSays
from cockpit.session.second import Digest

log = logging.getLogger(__name__)

# Seconds between looks at whether a proposal expired.
_LOOK_SECONDS = 5.0

Remark = Callable[[str, RolloutKey, str, str, str], Awaitable[None]]
Prepare = Callable[[RolloutKey, Ask], Awaitable[Prepared | Refused]]


class ContextSecondPerson:
    """Implements SecondPerson for one cluster. `needs` are the plans that need one; `lasts` is for how many seconds.

    `remark` writes a line into the journal: who, the rollout, what it is about, what, why.
    """

    def __init__(
        self,
        cluster: Cluster,
        needs: frozenset[Second],
        namespace: str,
        lasts: float,
        clock: Clock,
        rng: random.Random,
        touch: Callable[[], None],
        remark: Remark,
    ) -> None:
        self._cluster = cluster
        self._needs = needs
        self._namespace = namespace
        self._lasts = lasts
        self._clock = clock
        self._rng = rng
        self._touch = touch
        self._remark = remark
        self._access = ClusterLeases(cluster.api, cluster.sender)
        self._locks = Locks(cluster.api, cluster.sender, namespace)
        self._server = ServerSays(self._access, clock)
        self._store, self._reflector = leases_followed(
            cluster, namespace, marks.SELECTOR, self._changed, clock=clock, rng=rng
        )
        self._user = ""
        self._read: tuple[ProposalLease, ...] = ()
        self._shown: tuple[Proposal, ...] = ()
        self._timed = False  # whether the server's time was known when it was last said how the proposals stand
        self._listed = False  # whether the first list is in: what it brings is no news
        self._notes: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Follow the proposals until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._reflector.run())
            await self._me()
            while True:
                await self._clock.sleep(_LOOK_SECONDS)
                if going := [each for each in self._shown if not each.over]:
                    await self._server.learn_time(self._home(going[0].rollout), await self._me())
                    self._show()

    async def _me(self) -> str:
        """This user as the API server knows them."""
        self._user = await self._cluster.api.who_am_i()
        return self._user

    # What is seen

    def _changed(self, _: ChangeSet) -> None:
        leases = (each for each in self._store.everywhere(LEASES) if isinstance(each, Lease))
        found = (read_proposal(each, self._cluster.context, self._namespace) for each in leases)
        self._read = tuple(sorted((each for each in found if each), key=lambda each: each.ref))
        self._show()
        if not self._listed:
            self._listed = True
            self._touch()

    def _show(self) -> None:
        """Say how the proposals stand by now; the journal hears of what changed while this session looked."""
        before = self._shown
        user, now = self._user or self._cluster.api.user, self._server.time()
        self._shown = tuple(each.seen(user, now) for each in self._read)
        if self._shown == before:
            return
        for proposal in words.news(before, self._shown) if self._listed else ():
            # What expired before this session knew the time is not news of now.
            if proposal.state is not ProposalState.EXPIRED or self._timed:
                self._note(proposal)
        self._timed = now is not None
        self._touch()

    def _note(self, proposal: Proposal) -> None:
        who = {
            ProposalState.OPEN: proposal.proposer,
            ProposalState.CONFIRMED: proposal.confirmer,
            ProposalState.WITHDRAWN: proposal.ended_by or proposal.proposer,
        }.get(proposal.state, proposal.proposer)
        why = f"why: {proposal.why}" if proposal.why and proposal.state is ProposalState.OPEN else ""
        by = f"{who}@{self._cluster.context}"
        task = asyncio.ensure_future(self._remark(by, proposal.rollout, "second", words.told(proposal), why))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    def proposals(self) -> tuple[Proposal, ...]:
        """Every proposal, those that are over too, until another one takes their place."""
        return self._shown

    def context(self) -> ContextSecond:
        """How it stands here."""
        sync = self._reflector.sync
        problem = sync.error if sync.state in (Sync.FORBIDDEN, Sync.ABSENT) else ""
        return ContextSecond(self._cluster.context, self._needs, self._server.locked, problem, self._listed)

    # SecondPerson

    def holds(self, kind: Second) -> bool:
        return kind in self._needs

    def concerns(self, plan: Plan) -> bool:
        return bool(kinds_of(plan) & self._needs)

    async def ask_of(self, key: RolloutKey, ask: Ask) -> Ask:
        try:
            me, lease = await self._me(), await self._current(key)
        except KubeError:
            return ask
        if lease is None or lease.proposer != me or lease.proposal.rollout != key or lease.proposal.over:
            return ask
        mine = lease.proposal.ask
        return mine if mine and replace(mine, at=ask.at) == ask else ask

    async def why_not(self, plan: Plan, digest: Digest) -> str:
        key, kinds = plan.rollout, kinds_of(plan) & self._needs
        if not kinds:
            return ""
        try:
            me = await self._me()
            await self._server.learn(self._home(key), me)
            lease = await self._current(key)
            now = await self._server.time_now(self._home(key), me)
            plan_now = await digest()
        except KubeError as error:
            return f"{words.needed(key, kinds)}; proposals cannot be read or made: {error}"
        proposal = lease.seen(me, now) if lease else None
        sure = words.surety(self._server.locked)
        if lease is None or proposal is None or proposal.state in (ProposalState.WITHDRAWN, ProposalState.SENT):
            return f"{words.needed(key, kinds)} ({sure})"
        if proposal.state is ProposalState.EXPIRED:
            return words.expired(proposal)
        if not plan_now or proposal.plan != plan_now:
            return words.changed(proposal)
        if not proposal.mine:
            return words.of_another(proposal)
        if proposal.state is ProposalState.OPEN or lease.confirmer == lease.proposer:
            return f"{words.waits(proposal)} ({sure})"
        return ""

    async def sent(self, plan: Plan) -> None:
        if not self.concerns(plan):
            return
        try:
            lease = await self._current(plan.rollout)
            if lease and not lease.proposal.over:
                await self._access.write(ended(lease, marks.SENT, await self._me()))
                await self._locks.close(plan.rollout)
        except KubeError as error:
            log.warning("the proposal for %s is not marked as sent: %s", plan.rollout, error)

    # What a person wants

    async def propose(self, key: RolloutKey, prepared: Prepared, ask: Ask, why: str) -> ControlsAnswer:
        """Store a plan for somebody else to confirm."""
        if not can_be_proposed(ask):
            return _no(words.NOT_PROPOSED)
        if not prepared.digest:
            return _no("this plan cannot be compared with another cockpit's, so that nobody could confirm it")
        try:
            me = await self._me()
            if problem := await self._room(key, me):
                return _no(problem)
            request = proposed(
                key,
                self._namespace,
                id=f"{self._rng.getrandbits(64):016x}",
                user=me,
                ask=ask,
                title=prepared.plan.title,
                plan=prepared.digest,
                why=why,
                lasts=self._lasts,
            )
            await self._access.write(request)
        except Conflict:
            return _no(f"somebody else proposed something for {words.name_of(key)} at the same moment; look at it")
        except KubeError as error:
            return _no(str(error))
        return ControlsAnswer(True, f"proposed for {words.lasting(self._lasts)}; somebody else confirms it")

    async def _room(self, key: RolloutKey, me: str) -> str:
        """Take away what is over; why there is no room for another proposal, or "". Raises KubeError."""
        lease = await self._current(key)
        if lease is None:
            return ""
        proposal = lease.seen(me, await self._server.time_now(self._home(key), me))
        # Who proposes again means the new one; another's that is open is theirs to withdraw, or to decline.
        if not proposal.over and not proposal.mine:
            return words.in_the_way(proposal)
        await self._access.write(removed(lease))
        return ""

    async def confirm(self, key: RolloutKey, shown: Prepared, id: str, prepare: Prepare) -> ControlsAnswer:
        """Confirm what somebody else proposed, if it is what this cockpit would send as well, now and as shown."""
        try:
            me = await self._me()
            lease = await self._current(key)
            now = await self._server.time_now(self._home(key), me)
            proposal = lease.seen(me, now) if lease else None
            if lease is None or proposal is None or proposal.id != id:
                return _no(f"this is not proposed any more for {words.name_of(key)}; look again")
            if why := _why_not_confirmed(proposal):
                return _no(why)
            now_planned = await prepare(proposal.rollout, proposal.ask) if proposal.ask else None
            if not isinstance(now_planned, Prepared) or not shown.digest == now_planned.digest == proposal.plan:
                return _no(words.changed(proposal))
            await self._access.write(confirmed(lease, me))
            if proposal.ask and proposal.ask.act is not Act.DISARM:  # that writes to nothing that a lock holds
                await self._locks.open(key, lease.proposer, me)
        except (Conflict, NotFound):
            return _no(f"the proposal for {words.name_of(key)} changed meanwhile; look again")
        except (Forbidden, Invalid) as error:
            return _no(str(error))
        except KubeError as error:
            return _no(str(error))
        return ControlsAnswer(True, f"confirmed: {proposal.proposer} can send it now")

    async def withdraw(self, key: RolloutKey, id: str) -> ControlsAnswer:
        """Withdraw one's own proposal, or decline another's."""
        try:
            me = await self._me()
            lease = await self._current(key)
            if lease is None or lease.proposal.over or (id and lease.proposal.id != id):
                return _no(f"nothing is proposed any more for {words.name_of(key)}")
            await self._access.write(ended(lease, marks.WITHDRAWN, me))
            await self._locks.close(key)
        except (Conflict, NotFound):
            return _no(f"the proposal for {words.name_of(key)} changed meanwhile; look again")
        except KubeError as error:
            return _no(str(error))
        done = "withdrawn" if lease.proposer == me else "declined"
        return ControlsAnswer(True, f"{done}: {lease.proposal.title}")

    async def close(self) -> None:
        """Let the journal take what was noted."""
        await asyncio.gather(*self._notes, return_exceptions=True)

    async def _current(self, key: RolloutKey) -> ProposalLease | None:
        """The proposal as the server has it. Raises KubeError."""
        found = await self._access.read(marks.proposal_ref(key, self._namespace))
        return read_proposal(found, self._cluster.context, self._namespace) if found else None

    def _home(self, key: RolloutKey) -> str:
        """The namespace of the Lease."""
        return self._namespace or key.namespace


def _why_not_confirmed(proposal: Proposal) -> str:
    if proposal.state is ProposalState.EXPIRED:
        return words.expired(proposal)
    if proposal.state is not ProposalState.OPEN:
        return words.state_words(proposal)
    return "nobody confirms their own proposal: somebody else has to, in their own name" if proposal.mine else ""


def _no(why: str) -> ControlsAnswer:
    return ControlsAnswer(False, why)
