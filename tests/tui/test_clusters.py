"""Several clusters on the screen: one row for a rollout that is in each of them, and acts that go to one."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.plan import Act, ActState
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Phase, Severity
from cockpit.model.view import FleetView, KindSync, RolloutView, Sync
from cockpit.session.facts.groups import groups_of
from cockpit.tui.glyphs import UNICODE
from cockpit.tui.screens.rollout import RolloutScreen
from cockpit.tui.widgets.header_bar import header_line
from tests.tui.driving import press, said, screen, shown
from tests.tui.fake import QUIET, START, FakeCockpit, cluster, fleet, lane, rollout

WEB = "http-server"


def part(context: str, share: float, *enabled: Act) -> RolloutView:
    acts = tuple(
        ActState(act, act in enabled, "" if act in enabled else "not here") for act in (Act.FLIP, Act.ROLLBACK)
    )
    found = rollout(WEB, "ingress", Phase.CANARY, (lane(share, None),), message=f"v2 {share:.0%}", acts=acts)
    return RolloutView(replace(found, key=RolloutKey(context, "shop", WEB, "ingress")), QUIET)


def two(*parts: RolloutView) -> FleetView:
    other = rollout("only-here", "service", Phase.AT_REST, (lane(0.0, None),))
    views = (*parts, RolloutView(replace(other, key=RolloutKey("eu", "shop", "only-here", "service")), QUIET))
    clusters = (cluster(context="eu"), cluster(context="us"))
    return FleetView(START, clusters, views, (), False, "ann", groups_of(views))


BOTH = two(part("eu", 0.2, Act.FLIP, Act.ROLLBACK), part("us", 0.2, Act.ROLLBACK))


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("│") and (WEB in line or "only-here" in line)]


async def test_a_rollout_of_two_clusters_is_one_row_that_opens_into_its_parts() -> None:
    async with screen(FakeCockpit(BOTH)) as (app, pilot):
        assert len(rows(shown(app))) == 2
        assert f"+ {WEB} (2 parts)" in rows(shown(app))[0]
        assert "v1 → v2" in rows(shown(app))[0]
        assert "written 20%" in rows(shown(app))[0]
        await press(pilot, "enter")
        opened = rows(shown(app))
        assert f"− {WEB} (2 parts)" in opened[0]
        assert [f"  {context}:{WEB}" in line for context, line in zip(("eu", "us"), opened[1:], strict=False)] == [
            True
        ] * 2
        await press(pilot, "enter")
        assert len(rows(shown(app))) == 2


async def test_a_part_opens_its_own_screen_which_tells_of_the_other() -> None:
    async with screen(FakeCockpit(two(part("eu", 0.2), part("us", 0.5)))) as (app, pilot):
        await press(pilot, "enter", "down", "enter")
        assert isinstance(app.screen, RolloutScreen)
        assert app.screen.key.context == "eu"
        assert "in us: canary, v2 50%" in shown(app)


async def test_clusters_that_do_not_agree_are_told_to_differ() -> None:
    async with screen(FakeCockpit(two(part("eu", 0.2), part("us", 0.5)))) as (app, _):
        assert "differ" in rows(shown(app))[0]


async def test_a_finding_of_one_part_names_its_cluster() -> None:
    hurt = part("us", 0.2)
    found = Finding("errors", Severity.CRITICAL, "v2 fails 20% of its requests")
    hurt = replace(hurt, rollout=replace(hurt.rollout, findings=(found,)))
    async with screen(FakeCockpit(two(part("eu", 0.2), hurt)), (110, 24)) as (app, _):
        assert "us: v2 fails 20% of its" in shown(app)


async def test_an_act_on_the_row_asks_for_the_cluster_and_goes_to_that_one() -> None:
    fake = FakeCockpit(BOTH)
    async with screen(fake) as (app, pilot):
        await press(pilot, "r")
        assert "rollback http-server: in which cluster?" in shown(app)
        assert "eu   canary   v2 20%" in shown(app)
        await press(pilot, "down", "enter")
        assert [(key.context, ask.act) for key, ask in fake.asks] == [("us", Act.ROLLBACK)]


async def test_an_act_that_applies_in_one_cluster_goes_there() -> None:
    fake = FakeCockpit(BOTH)
    async with screen(fake) as (_, pilot):
        await press(pilot, "f")
        assert [(key.context, ask.act) for key, ask in fake.asks] == [("eu", Act.FLIP)]


async def test_what_is_of_one_cluster_says_so_and_the_probe_runs_in_all() -> None:
    fake = FakeCockpit(BOTH)
    async with screen(fake) as (app, pilot):
        await press(pilot, "y")
        assert "objects belong to one cluster; press enter and choose one of its parts" in said(app)
        await press(pilot, "o")
        assert [(key.context, running) for key, running in fake.probes] == [("eu", True), ("us", True)]


async def test_a_cluster_that_is_lost_is_named_with_its_reason_and_the_other_stays() -> None:
    lost = cluster(Sync.RETRYING, "us", message="connection refused", stale_since=START)
    fake = FakeCockpit(replace(BOTH, clusters=(cluster(context="eu"), lost)))
    async with screen(fake, (110, 24)) as (app, pilot):
        assert "us: not read since 00:00:00: connection refused  this data may be stale" in shown(app)
        await press(pilot, "enter", "down", "enter")
        assert "connection refused" not in shown(app)


def test_the_first_line_says_read_only_where_nothing_that_is_shown_takes_acts() -> None:
    both = (cluster(context="eu"), cluster(context="live", read_only=True))
    view = replace(fleet(), clusters=both)
    for seen, told in ((both, False), (both[1:], True), (both[:1], False), ((), False)):
        line = header_line(view, seen, (), 80, UNICODE, None)
        assert ("READ-ONLY" in "".join(span.text for span in line)) is told


def test_the_first_line_of_a_live_cluster_says_how_many_kinds_may_not_be_read() -> None:
    def right(*states: Sync) -> str:
        kinds = tuple(KindSync(f"Kind{number}", state, START) for number, state in enumerate(states))
        seen = (replace(cluster(), kinds=kinds), cluster(context="us"))
        return "".join(span.text for span in header_line(replace(fleet(), clusters=seen), seen, (), 80, UNICODE, None))

    assert right(Sync.LIVE, Sync.FORBIDDEN, Sync.FORBIDDEN).endswith("live · 2 kinds forbidden ")
    assert right(Sync.LIVE, Sync.FORBIDDEN).endswith("live · 1 kind forbidden ")
    assert right(Sync.LIVE, Sync.ABSENT).endswith("● live ")
