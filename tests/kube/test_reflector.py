"""List and watch: each rule of the reflector, against scripted answers."""

from __future__ import annotations

import asyncio

import pytest

from cockpit.kube.topics import key_topic, object_topic, sync_topic
from cockpit.model.refs import INGRESSES, PODS
from cockpit.model.view import Sync

# 1. List


async def test_first_list_comes_from_the_cache_in_pages(server, follow, pod):
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


async def test_nothing_is_shown_of_a_list_that_breaks_off(server, follow, pod):
    server.then(server.page(pod("a"), token="t"), server.cuts(), server.cuts())
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert followed.names() == []
    assert not followed.store.known(PODS)


async def test_410_while_paging_restarts_the_list_from_the_newest(server, follow, pod):
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


async def test_list_that_is_always_too_old_is_not_asked_in_a_circle(server, follow, clock):
    server.then(*(server.fails(410, "Expired") for _ in range(2)))
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert len(server.asked) == 2


TOO_LARGE = {"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]}


async def test_version_of_the_future_is_listed_anew_from_the_newest(server, follow, pod, clock):
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


async def test_later_list_starts_from_the_last_version(server, follow, pod, gone, clock):
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


# 2. Replace


async def test_relist_reports_only_the_difference(server, follow, pod, gone, clock):
    server.then(
        server.page(pod("same", "1"), pod("changed", "2"), pod("left", "3"), pod("again", "4", uid="old")),
        server.streams(end="release"),
        server.streams(gone, end="close"),
        server.page(pod("same", "1"), pod("changed", "9"), pod("again", "8", uid="new"), pod("came", "7")),
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
    assert followed.store.get(PODS, "default", "again").metadata.uid == "new"


async def test_store_is_never_empty_between_two_lists(server, follow, pod, gone, clock):
    sizes = []
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
    await server.signal.until(lambda: sizes.append(len(followed.names())) or len(server.asked) >= 5)
    assert set(sizes) == {2}


# 3. Watch


async def test_watch_asks_for_bookmarks_and_an_end_at_random(server, follow, pod):
    server.then(server.page(pod("a")))
    follow()
    await server.requests(2)
    query = server.asked[1].query
    assert query["allowWatchBookmarks"] == "true"
    assert 300 <= int(query["timeoutSeconds"]) <= 600
    assert server.asked[1].path == "/api/v1/pods"


async def test_namespace_is_part_of_the_path(server, follow, pod):
    server.then(server.page(pod("a")))
    follow(namespace="shop")
    await server.requests(2)
    assert {asked.path for asked in server.asked} == {"/api/v1/namespaces/shop/pods"}


async def test_events_fold_into_the_store_and_a_normal_end_goes_on_at_once(server, follow, pod, event, bookmark):
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
    assert followed.store.get(PODS, "default", "b").metadata.uid == "second"
    assert followed.sync.relists == 0
    assert followed.states == ["syncing", "live"]


async def test_a_change_names_what_it_was_and_what_it_is(server, follow, pod, event):
    server.then(server.page(pod("a", app="old")), server.streams(event("MODIFIED", pod("a", "12", app="new"))))
    followed = follow()
    await followed.until(lambda: followed.store.keyed(PODS, "default", "app=new"))
    topics = followed.changes[-1].topics
    assert {key_topic(PODS, "default", "app=old"), key_topic(PODS, "default", "app=new")} <= topics


# 4. Version


async def test_bookmark_moves_the_version(server, follow, pod, bookmark):
    server.then(server.page(pod("a")), server.streams(bookmark("77"), end="close"))
    followed = follow()
    await server.requests(3)
    assert server.asked[2].query["resourceVersion"] == "77"
    assert followed.sync.last_event is not None


async def test_version_is_opaque(server, follow, pod, event):
    server.then(server.page(pod("a"), version="zz"), server.streams(event("MODIFIED", pod("a", "aa")), end="close"))
    follow()
    await server.requests(3)
    assert [asked.query["resourceVersion"] for asked in server.asked[1:]] == ["zz", "aa"]


async def test_with_unset_version_first_objects_do_not_move_it(server, follow, pod, event):
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


# 5. Errors


async def test_error_event_410_lists_again(server, follow, pod, event, gone, clock):
    server.then(
        server.page(pod("a")),
        server.streams(end="release"),
        server.streams(event("ADDED", pod("b", "11")), gone),
        server.page(pod("c"), version="50"),
    )
    followed = follow()
    await server.requests(2)
    await clock.advance(60)
    server.released.set()
    await server.requests(5)
    assert server.asked[3].query == {"resourceVersion": "11"}
    assert followed.names() == ["c"]


async def test_410_right_after_a_list_waits(server, follow, pod, gone):
    server.then(server.page(pod("a")), server.streams(gone), server.page(pod("b")))
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert len(server.asked) == 2
    await followed.retry()
    await server.requests(4)
    assert followed.names() == ["b"]


async def test_error_event_500_keeps_the_version_and_lists_only_after_a_while(server, follow, pod, event, clock):
    failure = {"type": "ERROR", "object": {"kind": "Status", "code": 500, "message": "etcd is away"}}
    server.then(server.page(pod("a")), *(server.streams(failure) for _ in range(50)))
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert "etcd is away" in followed.sync.error
    while not any(not asked.watch for asked in server.asked[1:]):
        count = len(server.asked)
        await followed.retry()
        await server.requests(count + 1)
    assert {asked.query["resourceVersion"] for asked in server.asked[1:-1]} == {"10"}
    assert 60 <= clock.monotonic() < 150


async def test_forbidden_is_a_state_and_slow(server, follow, clock):
    forbidden = 'ingresses is forbidden: User "jane" cannot list resource "ingresses"'
    server.then(
        server.fails(403, "Forbidden", forbidden),
        server.says({"kind": "APIResourceList", "resources": [{"name": "ingresses"}]}),
        server.page(version="5"),
    )
    followed = follow(INGRESSES)
    await followed.until(lambda: followed.sync.state is Sync.FORBIDDEN)
    assert "jane" in followed.sync.error
    assert "test" in followed.sync.error
    assert not followed.store.known(INGRESSES)
    assert await followed.retry() >= 60
    await followed.until(lambda: followed.sync.state is Sync.LIVE)
    assert followed.store.known(INGRESSES)


async def test_forbidden_kind_that_is_not_served_is_absent(server, follow):
    server.then(server.fails(403, "Forbidden"), server.fails(404, "NotFound"))
    followed = follow(INGRESSES)
    await followed.until(lambda: followed.sync.state is Sync.ABSENT)
    assert server.asked[1].path == "/apis/networking.k8s.io/v1"


async def test_kind_that_is_taken_away_loses_its_objects(server, follow, pod, clock):
    server.then(server.page(pod("a")), server.streams(end="release"), server.fails(404, "NotFound"))
    followed = follow()
    await server.requests(2)
    await clock.advance(60)
    assert followed.names() == ["a"]
    server.released.set()
    await followed.until(lambda: followed.sync.state is Sync.ABSENT)
    assert followed.names() == []


class Renewable:
    """Credentials whose second token is the good one."""

    tls = None

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.renewals = 0

    async def headers(self):
        return (("Authorization", self.tokens[0]),)

    async def renew(self, used):
        self.renewals += 1
        if len(self.tokens) < 2:
            return False
        del self.tokens[0]
        return True


async def test_401_renews_once_and_goes_on(server, follow, pod):
    credentials = Renewable("old", "new")
    server.then(server.fails(401, "Unauthorized"), server.page(pod("a")))
    followed = follow(credentials=credentials)
    await server.requests(3)
    assert [asked.headers["Authorization"] for asked in server.asked] == ["old", "new", "new"]
    assert credentials.renewals == 1
    assert followed.states == ["syncing", "live"]


async def test_401_that_stays_is_shown_and_slow(server, follow):
    credentials = Renewable("old", "also bad")
    server.then(server.fails(401, "Unauthorized"), server.fails(401, "Unauthorized"))
    followed = follow(credentials=credentials)
    await followed.until(lambda: followed.sync.state is Sync.REFUSED)
    assert "also bad" not in followed.sync.error
    assert len(server.asked) == 2
    assert await followed.retry() >= 60


# 6. 429, refused


async def test_429_waits_as_told_and_keeps_the_version(server, follow, pod, event):
    server.then(
        server.page(pod("a")),
        server.streams(event("MODIFIED", pod("a", "11")), end="close"),
        server.fails(429, "TooManyRequests", headers={"Retry-After": "7"}),
    )
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert await followed.retry() == 7
    await server.requests(4)
    assert server.asked[3].watch
    assert server.asked[3].query["resourceVersion"] == "11"
    assert followed.sync.relists == 0


async def test_unreachable_keeps_the_objects_and_says_since_when(server, follow, pod, event, clock):
    server.then(server.page(pod("a")), server.streams(end="release"), server.cuts(), server.cuts(), server.streams())
    followed = follow()
    await server.requests(2)
    await clock.advance(60)
    server.released.set()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert followed.names() == ["a"]
    assert followed.sync.since == clock.now()
    assert followed.sync.retry_at > clock.now()
    assert server.url in followed.sync.error
    await followed.retry()
    await followed.until(lambda: followed.sync.state is Sync.LIVE)
    assert followed.sync.error == ""
    assert followed.sync.retry_at is None


# 7. Backoff


async def test_empty_watch_that_ends_at_once_is_a_failure(server, follow, pod):
    server.then(server.page(pod("a")), server.streams(end="close"), server.streams(end="close"), server.streams())
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    waits = [await followed.retry()]
    await followed.until(lambda: len(server.asked) == 3 and followed.clock.deadlines)
    waits.append(await followed.retry())
    await server.requests(4)
    assert 0.8 <= waits[0] < 1.6 <= waits[1] < 3.2


# 8. Stall


async def test_silent_stream_is_cut_and_resumed_without_alarm(server, follow, pod, event):
    server.then(server.page(pod("a")), server.streams(event("MODIFIED", pod("a", "11"))), server.streams())
    followed = follow(stall=0.05)
    await server.requests(3)
    assert server.asked[2].query["resourceVersion"] == "11"
    assert followed.states == ["syncing", "live"]


async def test_server_that_hangs_before_the_answer_is_a_failure(server, follow, pod):
    server.then(server.page(pod("a")), server.hangs())
    followed = follow(stall=0.05)
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert followed.names() == ["a"]


# Hostile answers


async def test_line_that_is_cut_off_is_not_read(server, follow, pod, event, clock):
    server.then(server.page(pod("a")), server.streams(event("MODIFIED", pod("a", "11")), end="drop"))
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    await followed.retry()
    await server.requests(3)
    assert server.asked[2].query["resourceVersion"] == "11"
    assert followed.names() == ["a"]


async def test_line_of_five_mebibytes(server, follow, pod, event):
    big = event("ADDED", pod("big", "11"))
    big["object"]["metadata"]["managedFields"] = "x" * (5 << 20)
    server.then(server.page(), server.streams(big, event("ADDED", pod("small", "12"))))
    followed = follow()
    await followed.until(lambda: followed.names() == ["big", "small"])


@pytest.mark.parametrize("body", [b"<html>502 Bad Gateway</html>", b"[1]", b"{", b"\xff\xfe", b'{"items": 3}', b""])
async def test_garbage_in_place_of_a_list(server, follow, pod, body):
    server.then(server.says(body), server.page(pod("a")))
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert "pods in test" in followed.sync.error
    await followed.retry()
    await followed.until(lambda: followed.names() == ["a"])


async def test_proxy_page_in_place_of_a_watch(server, follow, pod):
    page = b"<html>\n<h1>502 Bad Gateway</h1>\n</html>"
    server.then(server.page(pod("a")), server.says(page, 502), server.says(page), server.streams())
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    await followed.retry()
    await followed.until(lambda: len(server.asked) == 3 and followed.clock.deadlines)
    await followed.retry()
    await followed.until(lambda: followed.sync.state is Sync.LIVE)
    assert followed.names() == ["a"]
    assert server.asked[3].query["resourceVersion"] == "10"


async def test_an_object_that_does_not_fit_is_named_and_loses_nobody_else(server, follow, pod, event):
    odd = pod("odd", "12")
    odd["spec"] = {"containers": "\x1b[31mnone"}
    server.then(
        server.page(pod("a"), odd, pod("b")),
        server.streams(event("ADDED", pod("c", "13")), event("MODIFIED", {**odd, "spec": 7}), end="release"),
        server.streams(event("MODIFIED", pod("odd", "15"))),
    )
    followed = follow()
    await followed.until(lambda: followed.names() == ["a", "b", "c"])
    assert followed.sync.dropped == 1
    assert sync_topic(PODS) in followed.changes[-1].topics | followed.changes[-2].topics
    assert "Pod default/odd cannot be read" in followed.sync.error
    assert followed.sync.state is Sync.LIVE
    server.released.set()
    await followed.until(lambda: "odd" in followed.names())
    assert server.asked[2].query["resourceVersion"] == "12"
    assert followed.sync.dropped == 0


# 10. Surface, cancellation


async def test_cancelling_closes_the_stream(server, follow, pod):
    server.then(server.page(pod("a")), server.streams())
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.LIVE and len(server.asked) == 2)
    followed.task.cancel()
    await asyncio.wait([followed.task])
    await server.signal.until(lambda: server.gone == 2)


async def test_each_new_state_is_reported(server, follow, pod):
    server.then(server.page(pod("a")))
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.LIVE)
    assert sum(sync_topic(PODS) in change.topics for change in followed.changes) >= 2
    assert followed.sync.objects == 1
