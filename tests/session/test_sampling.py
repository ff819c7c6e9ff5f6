import asyncio
from dataclasses import replace

from cockpit.model.view import FleetView
from cockpit.session.sampling import sampled
from tests.cli.fakes import QUIET, FakeCockpit, fleet, rollout

TURNS = 200


def aimed(view: FleetView) -> FleetView:
    """The view with the probes' doors, as a session fills them in; "closed" has none."""
    return replace(
        view,
        rollouts=tuple(
            replace(
                shown, probe=replace(QUIET, door=None if shown.rollout.key.name == "closed" else shown.rollout.door)
            )
            for shown in view.rollouts
        ),
    )


async def probed(cockpit: FakeCockpit, most: int, wanted: int) -> list[str]:
    async with sampled(cockpit, most):
        for _ in range(TURNS):
            if len(cockpit.probed) == wanted and len(cockpit.views) == 1:
                break
            await asyncio.sleep(0)
    assert all(running for _, running in cockpit.probed)
    return [key.name for key, _ in cockpit.probed]


async def test_rollouts_are_sampled_as_they_come_into_view_each_once() -> None:
    first, second = fleet([rollout("a")]), fleet([rollout("a"), rollout("closed"), rollout("b")])
    assert await probed(FakeCockpit(aimed(first), aimed(second), aimed(second)), 8, 2) == ["a", "b"]


async def test_no_more_are_sampled_than_was_said() -> None:
    view = aimed(fleet([rollout(name) for name in "abcd"]))
    assert await probed(FakeCockpit(view, view), 2, 2) == ["a", "b"]
    assert await probed(FakeCockpit(view, view), 0, 0) == []
