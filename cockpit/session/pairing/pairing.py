"""Pairing of a session in all of its contexts."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from cockpit.model.clock import Clock
from cockpit.model.pairing import (
    NO_PAIRING,
    ControlsAnswer,
    ControlsOrder,
    PairingView,
    Person,
    PilotMode,
    controls_of,
)
from cockpit.model.refs import RolloutKey
from cockpit.model.second import SecondView
from cockpit.model.view import RolloutView
from cockpit.session.facts.cluster import Cluster
from cockpit.session.pairing.settings import PairingSettings

if TYPE_CHECKING:
    from cockpit.session.pairing.armed import ArmedGuards, Own
    from cockpit.session.pairing.context import ContextPair
    from cockpit.session.pairing.second import ContextSecondPerson, Remark

log = logging.getLogger(__name__)

# Seconds at the end of a session for what has to be given back, and until pairing begins again after a bug of ours.
_CLOSE_SECONDS, _RESTART_SECONDS = 3.0, 10.0
# Guards of others that one rollout shows: who may write Leases could write any number.
_MOST_GUARDS = 5


class Pairing:
    """Who is here and who has the controls; where it is off, no request is made, and what makes them is not loaded.

    `host` names this machine to the others. `announces` is false for a session without a person who looks: it takes
    the controls for its acts and is not listed. `remark` writes into the journal what becomes of proposals. `guards`
    are this session's armed ones, of which the others are told.
    """

    def __init__(
        self,
        clusters: Mapping[str, Cluster],
        settings: PairingSettings,
        clock: Clock,
        rng: random.Random,
        touch: Callable[[RolloutKey | None], None],
        remark: Remark,
        guards: Own,
        *,
        host: str = "",
        announces: bool = False,
    ) -> None:
        self._announces = announces
        self._pairs: dict[str, ContextPair] = {}
        for context, cluster in clusters.items():
            mode = settings.mode(context)
            if mode is PilotMode.OFF or cluster.aside:
                continue
            from cockpit.session.pairing.context import ContextPair

            me = Person(cluster.api.user, host[:60], f"{rng.getrandbits(64):016x}")
            pair = ContextPair(cluster, mode, settings.namespace, me, clock, rng, lambda: touch(None))
            self._pairs[context] = cluster.fence = pair
        self._seconds: dict[str, ContextSecondPerson] = {}
        for context, cluster in clusters.items():
            if (needs := settings.needs(context)) and not cluster.aside:
                from cockpit.session.pairing.second import ContextSecondPerson

                lasts = settings.second_minutes * 60.0
                second = ContextSecondPerson(
                    cluster, needs, settings.namespace, lasts, clock, rng, lambda: touch(None), remark
                )
                self._seconds[context] = cluster.second = second
        self._armed: dict[str, ArmedGuards] = {}
        for context in {**self._pairs, **self._seconds}:
            from cockpit.session.pairing.armed import ArmedGuards

            cluster = clusters[context]
            me = Person(cluster.api.user, host[:60], f"{rng.getrandbits(64):016x}")
            self._armed[context] = ArmedGuards(cluster, settings.namespace, me, guards, clock, rng, touch)
        self._clock = clock

    async def run(self) -> None:
        """Follow, announce and keep, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for pair in self._pairs.values():
                tasks.create_task(self._kept(partial(pair.run, self._announces)))
            for second in self._seconds.values():
                tasks.create_task(self._kept(second.run))
            for armed in self._armed.values():
                tasks.create_task(self._kept(armed.run))

    async def _kept(self, run: Callable[[], Awaitable[None]]) -> None:
        """An internal error of pairing must not end the session, which can do without."""
        while True:
            try:
                await run()
            except Exception:
                log.exception("pairing failed")
            await self._clock.sleep(_RESTART_SECONDS)

    async def close(self) -> None:
        """Give back what this session holds, in a few seconds at most."""
        closing = [asyncio.ensure_future(pair.close()) for pair in self._pairs.values()]
        closing += [asyncio.ensure_future(second.close()) for second in self._seconds.values()]
        closing += [asyncio.ensure_future(armed.close()) for armed in self._armed.values()]
        if not closing:
            return
        end = asyncio.ensure_future(self._clock.sleep(_CLOSE_SECONDS))
        everything = asyncio.gather(*closing)
        await asyncio.wait((everything, end), return_when=asyncio.FIRST_COMPLETED)
        for each in (everything, end):
            each.cancel()
        await asyncio.gather(everything, end, return_exceptions=True)

    def select(self, keys: Collection[RolloutKey]) -> None:
        """The person looks at these: one rollout, in several contexts perhaps."""
        for key in keys:
            if pair := self._pairs.get(key.context):
                pair.look_at(key)

    async def order(self, key: RolloutKey, order: ControlsOrder) -> ControlsAnswer:
        """See `Cockpit.controls`."""
        pair = self._pairs.get(key.context)
        if pair is None:
            return ControlsAnswer(
                False, f"pairing is off in {key.context}: set pairing.pilot to advisory or strict, or use --pilot"
            )
        return await pair.order(key, order)

    def second(self, context: str) -> ContextSecondPerson | None:
        """Who answers for proposals in a context; None where no plan needs a second person."""
        return self._seconds.get(context)

    def armed(self, context: str) -> ArmedGuards | None:
        """Who tells of armed guards in a context; None where nobody is told."""
        return self._armed.get(context)

    def guards_changed(self) -> None:
        """This session's guards are others than before."""
        for armed in self._armed.values():
            armed.changed()

    def shown(self, view: RolloutView) -> RolloutView:
        """A rollout's view with the guards that others armed. Findings about guards are not part of its health."""
        key, armed = view.rollout.key, self._armed.get(view.rollout.key.context)
        theirs = [each for each in armed.armed() if not each.mine] if armed else []
        here = [each for each in theirs if controls_of(each.told.rollout) == controls_of(key)][:_MOST_GUARDS]
        if not here:
            return view
        from cockpit.session.guarding.findings import elsewhere_finding

        findings = (*map(elsewhere_finding, here), *view.rollout.findings)
        return replace(view, rollout=replace(view.rollout, findings=findings))

    def view(self) -> PairingView:
        """Everything as it stands."""
        if not self._pairs and not self._seconds:
            return NO_PAIRING
        second = SecondView(
            tuple(each.context() for each in self._seconds.values()),
            tuple(chain.from_iterable(each.proposals() for each in self._seconds.values())),
        )
        pairs = self._pairs.values()
        return PairingView(
            tuple(pair.context() for pair in pairs),
            tuple(chain.from_iterable(pair.here() for pair in pairs)),
            tuple(chain.from_iterable(pair.pilots() for pair in pairs)),
            second,
        )
