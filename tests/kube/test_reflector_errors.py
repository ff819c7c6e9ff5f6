"""What the reflector does about errors: expired versions, rights, credentials, limits, outages."""

from __future__ import annotations

from typing import Any

from cockpit.kube.credentials import Headers
from cockpit.model.refs import INGRESSES
from cockpit.model.view import Sync
from cockpit.session.clock import ManualClock
from tests.kube.conftest import Follow, MakeDoc, Scripted


async def test_error_event_410_lists_again(
    server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc, gone: dict[str, Any], clock: ManualClock
) -> None:
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


async def test_410_right_after_a_list_waits(
    server: Scripted, follow: Follow, pod: MakeDoc, gone: dict[str, Any]
) -> None:
    server.then(server.page(pod("a")), server.streams(gone), server.page(pod("b")))
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert len(server.asked) == 2
    await followed.retry()
    await server.requests(4)
    assert followed.names() == ["b"]


async def test_error_event_500_keeps_the_version_and_lists_only_after_a_while(
    server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc, clock: ManualClock
) -> None:
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


async def test_forbidden_is_a_state_and_slow(server: Scripted, follow: Follow, clock: ManualClock) -> None:
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
    assert followed.store.unread(INGRESSES)
    assert await followed.retry() >= 60
    await followed.until(lambda: followed.sync.state is Sync.LIVE)
    assert followed.store.known(INGRESSES)
    assert not followed.store.unread(INGRESSES)
    assert followed.states[-2:] == ["forbidden", "live"], "it is not read anew in between, which would look stale"


async def test_forbidden_kind_that_is_not_served_is_absent(server: Scripted, follow: Follow) -> None:
    server.then(server.fails(403, "Forbidden"), server.fails(404, "NotFound"))
    followed = follow(INGRESSES)
    await followed.until(lambda: followed.sync.state is Sync.ABSENT)
    assert not followed.store.unread(INGRESSES), "what is not served hides nothing"
    assert server.asked[1].path == "/apis/networking.k8s.io/v1"


async def test_a_kind_that_is_still_absent_is_no_news(server: Scripted, follow: Follow, clock: ManualClock) -> None:
    answers = (server.fails(403, "Forbidden"), server.fails(404, "NotFound"))
    server.then(*answers, *answers, server.page(version="5"))
    followed = follow(INGRESSES)
    await followed.until(lambda: followed.sync.state is Sync.ABSENT)
    told, again = len(followed.changes), followed.sync.retry_at
    await followed.retry()
    await server.requests(4)
    await followed.until(lambda: clock.deadlines)
    assert followed.sync.state is Sync.ABSENT
    assert followed.sync.retry_at != again
    assert len(followed.changes) == told
    await followed.retry()
    await followed.until(lambda: followed.sync.state is Sync.LIVE)
    assert len(followed.changes) > told


async def test_not_found_of_a_kind_that_is_served_is_a_failure(
    server: Scripted, follow: Follow, pod: MakeDoc, clock: ManualClock
) -> None:
    pods = server.says({"kind": "APIResourceList", "resources": [{"name": "pods"}]})
    server.then(server.says(b"404 page not found", 404), pods)
    server.then(server.fails(404, "NotFound"), server.says(b"404 page not found", 404), server.page(pod("a")))
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    await followed.retry()
    await server.requests(4)
    await followed.until(lambda: clock.deadlines)
    assert followed.sync.state is Sync.RETRYING, "no API server lacks the core group"
    assert followed.store.unread(followed.resource)
    await followed.retry()
    await followed.until(lambda: followed.sync.state is Sync.LIVE)
    assert followed.names() == ["a"]


async def test_kind_that_is_taken_away_loses_its_objects(
    server: Scripted, follow: Follow, pod: MakeDoc, clock: ManualClock
) -> None:
    none = server.says({"kind": "APIResourceList", "resources": []})
    server.then(server.page(pod("a")), server.streams(end="release"), server.fails(404, "NotFound"), none)
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

    async def headers(self) -> Headers:
        return (("Authorization", self.tokens[0]),)

    async def renew(self, used: Headers) -> bool:
        self.renewals += 1
        if len(self.tokens) < 2:
            return False
        del self.tokens[0]
        return True


async def test_401_renews_once_and_goes_on(server: Scripted, follow: Follow, pod: MakeDoc) -> None:
    credentials = Renewable("old", "new")
    server.then(server.fails(401, "Unauthorized"), server.page(pod("a")))
    followed = follow(credentials=credentials)
    await server.requests(3)
    assert [asked.headers["Authorization"] for asked in server.asked] == ["old", "new", "new"]
    assert credentials.renewals == 1
    assert followed.states == ["syncing", "live"]


async def test_401_that_stays_is_shown_and_slow(server: Scripted, follow: Follow) -> None:
    credentials = Renewable("old", "also bad")
    server.then(server.fails(401, "Unauthorized"), server.fails(401, "Unauthorized"))
    followed = follow(credentials=credentials)
    await followed.until(lambda: followed.sync.state is Sync.REFUSED)
    assert "also bad" not in followed.sync.error
    assert len(server.asked) == 2
    assert await followed.retry() >= 60


async def test_429_waits_as_told_and_keeps_the_version(
    server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc
) -> None:
    server.then(
        server.page(pod("a")),
        server.streams(event("MODIFIED", pod("a", "11")), end="close"),
        server.fails(429, "TooManyRequests", headers={"Retry-After": "7"}),
    )
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert 7 <= await followed.retry() <= 8.6
    await server.requests(4)
    assert server.asked[3].watch
    assert server.asked[3].query["resourceVersion"] == "11"
    assert followed.sync.relists == 0


async def test_unreachable_keeps_the_objects_and_says_since_when(
    server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc, clock: ManualClock
) -> None:
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
