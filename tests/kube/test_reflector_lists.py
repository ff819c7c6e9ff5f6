"""The reflector lists: pages, versions, and what a later list replaces."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from cockpit.kube.questions import object_topic
from cockpit.kube.sync_state import PROGRESS_SECONDS
from cockpit.model.refs import PODS
from cockpit.model.view import Sync
from cockpit.session.clock import ManualClock
from tests.kube.conftest import Follow, MakeDoc, Scripted


async def test_first_list_comes_from_the_cache_in_pages(server: Scripted, follow: Follow, pod: MakeDoc) -> None:
    server.then(server.page(pod("a"), token="t/1=+"), server.page(pod("b"), version="20"))
    followed = follow()
    await server.requests(3)
    first, second, watch = server.asked
    assert first.query == {"limit": "500", "resourceVersion": "0"}
    assert second.query == {"limit": "500", "continue": "t/1=+"}
    assert watch.watch
    assert watch.query["resourceVersion"] == "20"
    assert followed.names() == ["a", "b"]
    assert followed.store.known(PODS)
    assert followed.sync.state is Sync.LIVE


async def test_a_first_list_of_several_pages_says_twice_a_second_how_far_it_is(
    server: Scripted, follow: Follow, pod: MakeDoc, clock: ManualClock
) -> None:
    third = server.page(pod("e"), token="v", remaining=1)

    async def later(request: web.Request) -> web.StreamResponse:
        await clock.advance(PROGRESS_SECONDS)
        return await third(request)

    server.then(
        server.page(pod("a"), pod("b"), token="t", remaining=4),
        server.page(pod("c"), pod("d"), token="u", remaining=2),
        later,
        server.page(pod("f"), version="20"),
    )
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.LIVE)
    assert list(dict.fromkeys(followed.progress)) == [(0, 0), (2, 6), (5, 6)]
    assert followed.progress[-1] == (0, 0)


async def test_a_server_that_does_not_say_how_much_follows_gives_no_progress(
    server: Scripted, follow: Follow, pod: MakeDoc
) -> None:
    server.then(server.page(pod("a"), token="t"), server.page(pod("b"), version="20"))
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.LIVE)
    assert set(followed.progress) == {(0, 0)}


async def test_nothing_is_shown_of_a_list_that_breaks_off(server: Scripted, follow: Follow, pod: MakeDoc) -> None:
    server.then(server.page(pod("a"), token="t"), server.cuts(), server.cuts())
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert followed.names() == []
    assert not followed.store.known(PODS)


async def test_410_while_paging_restarts_the_list_from_the_newest(
    server: Scripted, follow: Follow, pod: MakeDoc
) -> None:
    server.then(
        server.page(pod("a"), token="t"),
        server.fails(410, "Expired"),
        server.page(pod("a"), token="u"),
        server.page(pod("b"), version="30"),
    )
    followed = follow()
    await server.requests(5)
    assert server.asked[2].query == {"limit": "500"}
    assert server.asked[3].query == {"limit": "500", "continue": "u"}
    assert followed.names() == ["a", "b"]


async def test_list_that_is_always_too_old_is_not_asked_in_a_circle(
    server: Scripted, follow: Follow, clock: ManualClock
) -> None:
    server.then(*(server.fails(410, "Expired") for _ in range(2)))
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert len(server.asked) == 2


TOO_LARGE = {"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]}


async def test_version_of_the_future_is_listed_anew_from_the_newest(
    server: Scripted, follow: Follow, pod: MakeDoc, clock: ManualClock
) -> None:
    server.then(
        server.page(pod("a"), version="900"),
        server.streams(end="release"),
        server.fails(504, "Timeout", "Too large resource version: 900, current: 5", details=TOO_LARGE),
        server.fails(504, "Timeout", "Too large resource version: 900, current: 5", details=TOO_LARGE),
        server.page(pod("b"), version="6"),
    )
    followed = follow()
    await server.requests(2)
    await clock.advance(60)
    server.released.set()
    await followed.until(lambda: followed.names() == ["b"])
    assert [asked.query.get("resourceVersion") for asked in server.asked[2:5]] == ["900", "900", None]


async def test_later_list_starts_from_the_last_version(
    server: Scripted, follow: Follow, pod: MakeDoc, gone: dict[str, Any], clock: ManualClock
) -> None:
    server.then(
        server.page(pod("a"), version="10"),
        server.streams(end="release"),
        server.streams(gone),
        server.page(version="40"),
    )
    followed = follow()
    await server.requests(2)
    await clock.advance(60)
    server.released.set()
    await server.requests(5)
    assert server.asked[3].query == {"resourceVersion": "10"}
    assert followed.names() == []
    assert followed.sync.relists == 1


async def test_relist_reports_only_the_difference(
    server: Scripted, follow: Follow, pod: MakeDoc, gone: dict[str, Any], clock: ManualClock
) -> None:
    changed = {**pod("changed", "9"), "status": {"phase": "Failed"}}
    server.then(
        server.page(pod("same", "1"), pod("changed", "2"), pod("left", "3"), pod("again", "4", uid="old")),
        server.streams(end="release"),
        server.streams(gone, end="close"),
        server.page(pod("same", "1"), changed, pod("again", "8", uid="new"), pod("came", "7")),
    )
    followed = follow()
    await server.requests(2)
    await clock.advance(60)
    followed.changes.clear()
    server.released.set()
    await server.requests(5)
    topics = frozenset().union(*(change.topics for change in followed.changes))
    assert {object_topic(PODS, "default", name) for name in ("changed", "left", "again", "came")} <= topics
    assert object_topic(PODS, "default", "same") not in topics
    assert followed.names() == ["again", "came", "changed", "same"]
    again = followed.store.get(PODS, "default", "again")
    assert again is not None
    assert again.metadata.uid == "new"


async def test_store_is_never_empty_between_two_lists(
    server: Scripted, follow: Follow, pod: MakeDoc, gone: dict[str, Any], clock: ManualClock
) -> None:
    sizes: list[int] = []

    def over() -> bool:
        sizes.append(len(followed.names()))
        return len(server.asked) >= 5

    server.then(
        server.page(pod("a"), pod("b")),
        server.streams(end="release"),
        server.streams(gone, end="close"),
        server.page(pod("a", "2"), pod("b", "2")),
    )
    followed = follow()
    await server.requests(2)
    await clock.advance(60)
    server.released.set()
    await server.signal.until(over)
    assert set(sizes) == {2}
