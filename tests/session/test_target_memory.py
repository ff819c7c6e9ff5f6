"""A target that one session remembers reaches those that are open on the same machine."""

from __future__ import annotations

from pathlib import Path

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.session.probing.targets import Targets
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, Open, Stage

DOOR = ProbeTarget("127.0.0.1", 8080, "shop.example", path="/a")
OTHER = ProbeTarget("127.0.0.1", 9090, "shop.example", path="/b", headers=(("Authorization", "Bearer hush"),))


def another(on: Stage) -> Targets:
    """The targets as a command beside the screen sees them."""
    return Targets(on.journal.parent / "targets.json")


def target(on: Stage, key: RolloutKey = KEY) -> ProbeTarget | None:
    (shown,) = [shown for shown in on.session.view().rollouts if shown.rollout.key == key]
    return shown.probe.probe_target


async def test_what_another_session_remembers_and_forgets_is_noticed(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    derived = target(on)
    another(on).remember(KEY, DOOR)
    await on.until(lambda view: target(on) == DOOR)
    another(on).remember(KEY, OTHER)
    view = await on.until(lambda view: target(on) not in (DOOR, derived))
    assert view.rollouts[0].probe.message == "enter again, secret and so not remembered: Authorization"
    another(on).remember(KEY, None)
    view = await on.until(lambda view: target(on) == derived)
    assert view.rollouts[0].probe.message == ""


async def test_what_was_entered_here_stays_whatever_is_remembered_of_others(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    await on.passing(on.session.set_target(KEY, OTHER))
    another(on).remember(RolloutKey("test", "shop", "else", "manual"), DOOR)
    for _ in range(20):
        await on.clock.advance(1)
    assert target(on) == OTHER, "with the header that is not remembered"
    another(on).remember(KEY, DOOR)
    await on.until(lambda view: target(on) == DOOR)


def test_a_file_that_is_as_it_was_is_not_read(tmp_path: Path) -> None:
    targets = Targets(tmp_path / "targets.json")
    assert not targets.replaced()
    Targets(targets.path).remember(KEY, DOOR)
    assert targets.replaced()
    assert not targets.replaced()
    targets.path.unlink()
    assert not targets.replaced(), "nobody forgets a target by that"


async def test_what_is_forgotten_does_not_come_back_by_another_name(
    server: ApiServer, stage: Open, tmp_path: Path
) -> None:
    Targets(tmp_path / "state" / "targets.json").remember(RolloutKey("test", "shop", "shop", "argo"), DOOR)
    on = await stage(server)
    assert target(on) == DOOR, "the same application, as another system drove it"
    kept = await on.passing(on.session.set_target(KEY, None))
    assert kept.problem == ""
    derived = target(on)
    assert derived != DOOR
    for _ in range(20):
        await on.clock.advance(1)
        await on.until(lambda view: True)
    assert target(on) == derived
    later = await stage(server)
    assert target(later) == derived, "nor in a later session"


async def test_a_file_that_cannot_be_read_takes_no_target_away(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    another(on).remember(KEY, DOOR)
    await on.until(lambda view: target(on) == DOOR)
    path = another(on).path
    path.write_text("{")
    for _ in range(20):
        await on.clock.advance(1)
        await on.until(lambda view: True)
    assert not path.exists(), "it was put aside"
    assert target(on) == DOOR
