"""An armed guard that is taken away with a second person: the plan that both see, and carrying it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from cockpit.kube.errors import KubeError
from cockpit.model.plan import Act, Ask, Change, Plan, Refused
from cockpit.model.reasons import READ_ONLY
from cockpit.model.refs import RolloutKey
from cockpit.model.view import Outcome, Prepared, Stage

if TYPE_CHECKING:
    from cockpit.pairing.guard_lease import GuardLease
    from cockpit.session.facts.cluster import Cluster
    from cockpit.session.guarding.on_demand import GuardsOnDemand


class ToldGuards(Protocol):
    """The armed guards of a context, as their Leases tell of them."""

    untold: str

    async def find(self, key: RolloutKey, id: str) -> GuardLease | None: ...


class Disarming:
    """Plans and sends DISARM. `told` and `cluster` give what there is for a context; None if there is nothing."""

    def __init__(
        self,
        guards: GuardsOnDemand,
        told: Callable[[str], ToldGuards | None],
        cluster: Callable[[str], Cluster | None],
    ) -> None:
        self._guards = guards
        self._told = told
        self._cluster = cluster

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        """What would be taken away. Both sessions read it from the same Lease, so that its hash is the same."""
        cluster, found = self._cluster(key.context), await self._find(key, ask.by or "")
        if cluster is None or isinstance(found, str):
            return Refused(Act.DISARM, key, str(found))
        guard = found.guard
        plan = Plan(
            act=Act.DISARM,
            rollout=key,
            title=f"disarm the guard of {guard.person}",
            changes=(Change(f"guard of {guard.person}", guard.told.words, "none"),),
            requests=(),
            expected=(),
            undo="arm it again",
            warnings=("nothing takes users back by itself then",),
        )

        async def digest() -> str:
            return found.digest

        waits = await cluster.second.why_not(plan, digest)
        mine = guard.mine and guard.told in self._guards.armed()
        only = f"it is armed in the cockpit of {guard.person}, and only there can it be disarmed"
        off = "what others are told of it is not what it is; it is being set right: try again in a moment"
        blocked = READ_ONLY if cluster.sender.read_only else only if not guard.mine else off if not mine else waits
        return Prepared(
            plan,
            (),
            blocked=blocked,
            production=cluster.production,
            digest=found.digest,
            proposable=bool(waits) and blocked == waits,
        )

    async def _find(self, key: RolloutKey, id: str) -> GuardLease | str:
        """The Lease of a guard; why there is none."""
        told = self._told(key.context)
        if told is None:
            return f"guards are told to nobody in {key.context}: nobody else is asked there"
        try:
            found = await told.find(key, id)
        except KubeError as error:
            return f"the guard cannot be looked at: {error}"
        if found is None:
            why = f": {told.untold}" if told.untold else "; it may have ended: look again"
            return f"others know of no such armed guard of {key.namespace}/{key.name}{why}"
        return found

    async def send(self, prepared: Prepared, report: Callable[[Outcome], None]) -> Outcome:
        """Take the guard away, if it is still the one that was shown, and somebody confirmed that."""
        outcome = await self._send(prepared)
        report(outcome)
        return outcome

    async def _send(self, prepared: Prepared) -> Outcome:
        plan = prepared.plan
        cluster = self._cluster(plan.rollout.context)
        mine = next((each for each in self._guards.armed() if each.rollout == plan.rollout), None)
        if prepared.blocked or cluster is None or mine is None:
            why = prepared.blocked or "the guard has ended, or only proposes"
            return Outcome(Stage.REFUSED, f"nothing was disarmed: {why}", plan)
        again = await self.prepare(plan.rollout, Ask(Act.DISARM, by=mine.id))
        why = again.why if isinstance(again, Refused) else again.blocked
        if isinstance(again, Refused) or why or again.digest != prepared.digest:
            return Outcome(Stage.REFUSED, f"nothing was disarmed: {why or 'it is another guard by now'}", plan)
        await self._guards.disarm(plan.rollout)
        await cluster.second.sent(plan)
        return Outcome(Stage.VERIFIED, "the guard is disarmed", plan)
