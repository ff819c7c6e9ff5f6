"""Answers that no API server gives do the reflector no harm."""

from __future__ import annotations

import pytest

from cockpit.kube.questions import progress_topic
from cockpit.model.refs import PODS
from cockpit.model.view import Sync
from cockpit.session.clock import ManualClock
from tests.kube.conftest import Follow, MakeDoc, Scripted


async def test_line_that_is_cut_off_is_not_read(
    server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc, clock: ManualClock
) -> None:
    server.then(server.page(pod("a")), server.streams(event("MODIFIED", pod("a", "11")), end="drop"))
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    await followed.retry()
    await server.requests(3)
    assert server.asked[2].query["resourceVersion"] == "11"
    assert followed.names() == ["a"]


async def test_line_of_five_mebibytes(server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc) -> None:
    big = event("ADDED", pod("big", "11"))
    big["object"]["metadata"]["managedFields"] = "x" * (5 << 20)
    server.then(server.page(), server.streams(big, event("ADDED", pod("small", "12"))))
    followed = follow()
    await followed.until(lambda: followed.names() == ["big", "small"])


@pytest.mark.parametrize("body", [b"<html>502 Bad Gateway</html>", b"[1]", b"{", b"\xff\xfe", b'{"items": 3}', b""])
async def test_garbage_in_place_of_a_list(server: Scripted, follow: Follow, pod: MakeDoc, body: bytes) -> None:
    server.then(server.says(body), server.page(pod("a")))
    followed = follow()
    await followed.until(lambda: followed.sync.state is Sync.RETRYING)
    assert "pods in test" in followed.sync.error
    await followed.retry()
    await followed.until(lambda: followed.names() == ["a"])


async def test_proxy_page_in_place_of_a_watch(server: Scripted, follow: Follow, pod: MakeDoc) -> None:
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


async def test_an_object_that_does_not_fit_is_named_and_loses_nobody_else(
    server: Scripted, follow: Follow, pod: MakeDoc, event: MakeDoc
) -> None:
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
    assert progress_topic(PODS) in followed.changes[-1].topics | followed.changes[-2].topics
    assert "Pod default/odd cannot be read" in followed.sync.error
    assert followed.sync.state is Sync.LIVE
    server.released.set()
    await followed.until(lambda: "odd" in followed.names())
    assert server.asked[2].query["resourceVersion"] == "12"
    assert followed.sync.dropped == 0
