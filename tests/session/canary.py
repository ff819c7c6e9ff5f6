"""A system made for the tests of guards: a release is under way while the Service selects v2."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj
from cockpit.model.plan import Act, ActState, Ask, Plan, Refused
from cockpit.model.rollout import Phase, Role, Rollout
from tests.session.flip import Flip


class Canary(Flip):
    """Flip with a release that can be aborted: then the selector is v1 again. `broken` plans nothing."""

    id = "canary"

    def __init__(self, act: Act = Act.ABORT) -> None:
        self.act = act
        self.broken = ""

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        return tuple(self._release(rollout) for rollout in super().read(root, objects))

    def _release(self, rollout: Rollout) -> Rollout:
        under_way = any(s.version == "v2" and s.written for s in rollout.lanes[0].shares)
        roles = {"v1": Role.STABLE, "v2": Role.CANARY}
        acts = (
            ActState(Act.FLIP, True),
            *(ActState(a, a is self.act and under_way) for a in (Act.ABORT, Act.ROLLBACK)),
        )
        return replace(
            rollout,
            phase=Phase.PROGRESSING if under_way else Phase.AT_REST,
            versions=tuple(replace(version, role=roles[version.name]) for version in rollout.versions),
            acts=acts,
        )

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        if ask.act is not self.act:
            return super().plan(rollout, ask, objects)
        if self.broken:
            return Refused(ask.act, rollout.key, self.broken)
        plan = super().plan(rollout, Ask(Act.FLIP, version="v1"), objects)
        return plan if isinstance(plan, Refused) else replace(plan, act=ask.act, title=f"{ask.act} to v1", raises=False)
