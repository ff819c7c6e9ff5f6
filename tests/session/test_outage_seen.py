"""A plan made of objects ends no outage where the session sees that users are answered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.rollout import Finding, Rollout, Severity, Verdict
from cockpit.planning.outage import with_outage
from tests.session.acting import FLIP, prepared
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, Open
from tests.session.flip import Flip

NOBODY = Finding("no-ready-pods", Severity.CRITICAL, "no ready pods: requests fail")


class Failing(Flip):
    """The version that takes all traffic has no ready pods, as far as the objects tell."""

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        return tuple(
            replace(
                found,
                findings=(NOBODY,),
                versions=tuple(replace(v, ready=v.ready * (v.name != "v1")) for v in found.versions),
            )
            for found in super().read(root, objects)
        )

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        found = super().plan(rollout, ask, objects)
        return found if isinstance(found, Refused) else with_outage(found, rollout)


@pytest.mark.parametrize(
    ("answered", "running", "ends"),
    [
        (False, True, True),
        (True, True, False),
        (True, False, True),  # how old the answers of a probe are that was stopped nobody knows
    ],
)
async def test_answers_take_it_back(
    server: ApiServer, stage: Open, *, answered: bool, running: bool, ends: bool
) -> None:
    on = await stage(server, adapters=(Failing(),))
    await on.session.probe(KEY, True)
    await on.until(lambda view: view.rollouts[0].probe.running)
    if answered:
        on.probes[0].see(Verdict.ON, 100, v1=1.0)
        await on.until(lambda view: view.rollouts[0].rollout.lanes[0].samples)
    if not running:
        await on.session.probe(KEY, False)
        await on.until(lambda view: not view.rollouts[0].probe.running)
    plan = (await prepared(on)).plan
    assert bool(plan.ends_outage) is ends
    assert plan.exposes is not ends
    outline = await on.passing(on.session.outline(KEY, FLIP))
    assert isinstance(outline, Plan)
    assert bool(outline.ends_outage) is ends
