"""The reflector watches: events, bookmarks, versions, and how it ends."""

from __future__ import annotations

import asyncio

from cockpit.kube.questions import key_topic, progress_topic
from cockpit.model.refs import PODS
from cockpit.model.view import Sync
from tests.kube.conftest import Follow, MakeDoc, Scripted


async def test_watch_asks_for_bookmarks_and_an_end_at_random(server: Scripted, follow: Follow, pod: MakeDoc) -> None:
    server.then(server.page(pod("a")))
    follow()
    await server.requests(2)
    query = server.asked[1].query
    assert query["allowWatchBookmarks"] == "true"
    assert 60 <= int(query["timeoutSeconds"]) <= 120
    assert server.asked[1].path == "/api/v1/pods"


async def test_the_first_watch_is_short_so_that_kinds_go_on_at_different_times_and_the_next_is_long(
    server: Scripted, follow: Follow, pod: MakeDoc, bookmark: MakeDoc
) -> None:
    """Bookmarks that all come together leave the server silent for a minute, so that it has to be asked."""
    ended = server.streams(bookmark("77"), end="close")
    server.then(server.page(pod("a")), ended, ended, server.fails(500), ended)
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    await followed.retry()
    await server.requests(6)
    seconds = [int(asked.query["timeoutSeconds"]) for asked in server.asked[1:6]]
    assert [60 <= each <= 120 for each in seconds] == [True, False, False, True, False]
    assert all(1800 <= each <= 3600 for each in seconds if each > 120)


async def test_namespace_is_part_of_the_path(server: Scripted, follow: Follow, pod: MakeDoc) -> None:
    server.then(server.page(pod("a")))
    follow(namespace="shop")
    await server.requests(2)
    assert {asked.path for asked in server.asked} == {"/api/v1/namespaces/shop/pods"}


async def test_events_fold_into_the_store_and_a_normal_end_goes_on_at_once(
    server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc, bookmark: MakeDoc
) -> None:
    server.then(
        server.page(pod("a")),
        server.streams(
            event("ADDED", pod("b", "11")),
            event("MODIFIED", pod("a", "12", app="api")),
            event("DELETED", pod("b", "13")),
            event("ADDED", pod("b", "14", uid="second")),
            end="close",
        ),
    )
    followed = follow()
    await server.requests(3)
    assert server.asked[2].query["resourceVersion"] == "14"
    assert followed.names() == ["a", "b"]
    assert followed.store.keyed(PODS, "default", "app=api")[0].metadata.name == "a"
    second = followed.store.get(PODS, "default", "b")
    assert second is not None
    assert second.metadata.uid == "second"
    assert followed.sync.relists == 0
    assert followed.states == ["syncing", "live"]


async def test_a_change_names_what_it_was_and_what_it_is(
    server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc
) -> None:
    server.then(server.page(pod("a", app="old")), server.streams(event("MODIFIED", pod("a", "12", app="new"))))
    followed = follow()
    await followed.until(lambda: followed.store.keyed(PODS, "default", "app=new"))
    topics = followed.changes[-1].topics
    assert {key_topic(PODS, "default", "app=old"), key_topic(PODS, "default", "app=new")} <= topics


async def test_bookmark_moves_the_version(server: Scripted, follow: Follow, pod: MakeDoc, bookmark: MakeDoc) -> None:
    server.then(server.page(pod("a")), server.streams(bookmark("77"), end="close"))
    followed = follow()
    await server.requests(3)
    assert server.asked[2].query["resourceVersion"] == "77"
    assert followed.sync.last_event is not None


async def test_version_is_opaque(server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc) -> None:
    server.then(server.page(pod("a"), version="zz"), server.streams(event("MODIFIED", pod("a", "aa")), end="close"))
    follow()
    await server.requests(3)
    assert [asked.query["resourceVersion"] for asked in server.asked[1:]] == ["zz", "aa"]


async def test_with_unset_version_first_objects_do_not_move_it(
    server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc
) -> None:
    server.then(
        server.page(pod("a"), version=""),
        server.streams(event("ADDED", pod("a", "9")), event("ADDED", pod("b", "3")), end="close"),
        server.page(pod("a"), pod("b"), version=""),
        server.streams(event("ADDED", pod("a", "9")), event("DELETED", pod("a", "12")), end="close"),
    )
    followed = follow()
    await server.requests(5)
    assert "resourceVersion" not in server.asked[1].query
    assert not server.asked[2].watch
    assert server.asked[4].query["resourceVersion"] == "12"
    assert followed.names() == ["b"]


async def test_silent_stream_is_cut_and_resumed_without_alarm(
    server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc
) -> None:
    server.then(server.page(pod("a")), server.streams(event("MODIFIED", pod("a", "11"))), server.streams())
    followed = follow(stall=0.05)
    await server.requests(3)
    assert server.asked[2].query["resourceVersion"] == "11"
    assert followed.states == ["syncing", "live"]


async def test_server_that_hangs_before_the_answer_is_a_failure(server: Scripted, follow: Follow, pod: MakeDoc) -> None:
    server.then(server.page(pod("a")), server.hangs())
    followed = follow(stall=0.05)
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert followed.names() == ["a"]


async def test_empty_watch_that_ends_at_once_is_a_failure(server: Scripted, follow: Follow, pod: MakeDoc) -> None:
    server.then(server.page(pod("a")), server.streams(end="close"), server.streams(end="close"), server.streams())
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    waits = [await followed.retry()]
    await followed.until(lambda: len(server.asked) == 3 and followed.clock.deadlines)
    waits.append(await followed.retry())
    await server.requests(4)
    assert 0.8 <= waits[0] < 1.6 <= waits[1] < 3.2


async def test_cancelling_closes_the_stream(server: Scripted, follow: Follow, pod: MakeDoc) -> None:
    server.then(server.page(pod("a")), server.streams())
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.LIVE and len(server.asked) == 2)
    followed.task.cancel()
    await asyncio.wait([followed.task])
    await server.signal.until(lambda: server.gone == 2)


async def test_each_new_state_is_reported(server: Scripted, follow: Follow, pod: MakeDoc) -> None:
    server.then(server.page(pod("a")))
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.LIVE)
    assert sum(progress_topic(PODS) in change.topics for change in followed.changes) >= 2
    assert followed.sync.objects == 1
