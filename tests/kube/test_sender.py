"""Writes: each at most once, never in a read-only session, and never a doubt about what became of one."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from cockpit.kube.api import KubeApi
from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.credentials import FixedCredentials, Headers
from cockpit.kube.errors import (
    ApiError,
    ConfigError,
    Conflict,
    Forbidden,
    Invalid,
    ReadOnly,
    ServerFailure,
    TooManyRequests,
    Unauthorized,
    UnknownOutcome,
    Unreachable,
)
from cockpit.kube.sender import Sender
from cockpit.kube.transport import Transport
from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import DEPLOYMENTS, SERVICES, Ref
from cockpit.session.clock import ManualClock
from tests.kube.conftest import MakeApi, Scripted

WEB = Ref(SERVICES, "shop", "web")
FLIP = Request(
    Verb.PATCH,
    WEB,
    [{"op": "test", "path": "/spec/selector/version", "value": "v1"}],
    patch=PatchType.JSON,
)
OK = {"kind": "Service", "metadata": {"name": "web"}}


@pytest.fixture
def sender(api: KubeApi) -> Sender:
    return Sender(api, read_only=False)


@pytest.mark.parametrize(
    ("request_", "method", "path", "content_type"),
    [
        (FLIP, "PATCH", "/api/v1/namespaces/shop/services/web", "application/json-patch+json"),
        (
            Request(Verb.PATCH, WEB, {"metadata": {"resourceVersion": "1"}}, patch=PatchType.MERGE),
            "PATCH",
            "/api/v1/namespaces/shop/services/web",
            "application/merge-patch+json",
        ),
        (
            Request(Verb.PATCH, Ref(DEPLOYMENTS, "shop", "v1"), {"spec": {}}, PatchType.MERGE, subresource="scale"),
            "PATCH",
            "/apis/apps/v1/namespaces/shop/deployments/v1/scale",
            "application/merge-patch+json",
        ),
        (Request(Verb.CREATE, WEB, OK), "POST", "/api/v1/namespaces/shop/services", "application/json"),
        (
            Request(Verb.DELETE, WEB, {"preconditions": {"uid": "u"}}),
            "DELETE",
            "/api/v1/namespaces/shop/services/web",
            "application/json",
        ),
    ],
)
async def test_each_verb_is_one_request_of_its_type(
    server: Scripted, sender: Sender, request_: Request, method: str, path: str, content_type: str | None
) -> None:
    server.then(server.says(OK))
    assert await sender.send(request_) == OK
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.headers["Content-Type"]) == (method, path, content_type)
    assert asked.json == request_.body
    assert asked.query == ({} if method == "DELETE" else {"fieldManager": "cockpit"})


async def test_texts_are_written_as_the_api_server_writes_them(server: Scripted, sender: Sender) -> None:
    """It compares them byte by byte in the tests of a JSON Patch."""
    server.then(server.says(OK))
    value = "a && b <c> \u2028 é"
    await sender.send(replace(FLIP, body=[{"op": "test", "path": "/metadata/annotations/rule", "value": value}]))
    (asked,) = server.asked
    assert rb"a \u0026\u0026 b \u003cc\u003e \u2028 " + "é".encode() in asked.body
    assert asked.json[0]["value"] == value


async def test_dry_run_says_so(server: Scripted, sender: Sender) -> None:
    server.then(server.says(OK))
    await sender.send(FLIP, dry_run=True)
    assert server.asked[0].query == {"dryRun": "All", "fieldManager": "cockpit"}


async def test_dry_run_of_a_delete_says_so_where_the_api_server_listens(server: Scripted, sender: Sender) -> None:
    server.then(server.says(OK))
    await sender.send(Request(Verb.DELETE, WEB, {"preconditions": {"uid": "u"}}), dry_run=True)
    assert server.asked[0].json == {"preconditions": {"uid": "u"}, "dryRun": ["All"]}


async def test_read_only_sends_dry_runs_only(server: Scripted, api: KubeApi) -> None:
    sender = Sender(api, read_only=True)
    server.then(server.says(OK))
    for request in (FLIP, Request(Verb.CREATE, WEB, OK), Request(Verb.DELETE, WEB, {})):
        with pytest.raises(ReadOnly, match=r"Service shop/web in test: not sent"):
            await sender.send(request)
    assert server.asked == []
    assert await sender.send(FLIP, dry_run=True) == OK


@pytest.mark.parametrize(
    ("status", "kind"), [(409, Conflict), (422, Invalid), (429, TooManyRequests), (403, Forbidden)]
)
async def test_a_no_is_final(server: Scripted, sender: Sender, status: int, kind: type[ApiError]) -> None:
    server.then(server.fails(status, "Reason", headers={"Retry-After": "1"}))
    with pytest.raises(kind) as caught:
        await sender.send(FLIP)
    assert "Service shop/web in test" in str(caught.value)
    assert len(server.asked) == 1


async def test_connection_lost_after_sending_is_unknown_and_not_repeated(server: Scripted, sender: Sender) -> None:
    delete = Request(Verb.DELETE, WEB, {"preconditions": {"uid": "u"}})
    server.then(server.says(OK), server.cuts())
    await sender.send(delete)  # HTTP libraries repeat a DELETE on a connection that was used before
    with pytest.raises(UnknownOutcome, match="may or may not have happened"):
        await sender.send(delete)
    assert len(server.asked) == 2


async def test_no_answer_in_time_is_unknown(server: Scripted, make_api: MakeApi) -> None:
    server.then(server.hangs())
    with pytest.raises(UnknownOutcome, match="no response in time"):
        await Sender(make_api(timeout=0.05), read_only=False).send(FLIP)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (502, b"<html>Bad Gateway</html>"),
        (504, b'{"kind":"Status","reason":"Timeout","message":"request did not complete"}'),
        (503, b"<html>no backend</html>"),
        (500, b'{"kind":"Status","reason":"InternalError","message":"etcdserver: request timed out"}'),
        (500, b'{"kind":"Status","reason":"InternalError","message":"etcdserver: leader changed"}'),
        (500, b'{"kind":"Status","reason":"InternalError","message":"EOF"}'),
        (503, b'{"kind":"Status","reason":"ServiceUnavailable","message":"apiserver is shutting down"}'),
        (200, b"<html>Please log in</html>"),
    ],
)
async def test_failures_and_answers_from_something_in_between_are_unknown(
    server: Scripted, sender: Sender, status: int, body: bytes
) -> None:
    server.then(server.says(body, status))
    with pytest.raises(UnknownOutcome):
        await sender.send(FLIP)
    assert len(server.asked) == 1


async def test_webhook_that_fails_is_a_definite_no(server: Scripted, sender: Sender) -> None:
    server.then(server.fails(500, "InternalError", "failed calling webhook: refused"))
    with pytest.raises(ServerFailure, match="webhook"):
        await sender.send(FLIP)


async def test_lost_dry_run_is_only_unreachable(server: Scripted, sender: Sender) -> None:
    server.then(server.cuts())
    with pytest.raises(Unreachable):
        await sender.send(FLIP, dry_run=True)


async def test_refused_connection_sent_nothing(clock: ManualClock) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    target = ConnectTarget("test", f"http://127.0.0.1:{port}", "u", "default")
    api = KubeApi(target, Transport(target, FixedCredentials()), clock)
    with pytest.raises(Unreachable) as caught:
        await Sender(api, read_only=False).send(FLIP)
    assert not caught.value.sent
    assert str(port) in str(caught.value)
    await api.close()


class Renewed:
    """Credentials that always have another token."""

    tls = None
    number = 0

    async def headers(self) -> Headers:
        return (("Authorization", str(self.number)),)

    async def renew(self, used: Headers) -> bool:
        self.number += 1
        return True


async def test_401_is_never_answered_by_a_second_write(server: Scripted, make_api: MakeApi) -> None:
    sender = Sender(make_api(Renewed()), read_only=False)
    server.then(server.fails(401, "Unauthorized"), server.fails(401, "Unauthorized"), server.says(OK))
    with pytest.raises(Unauthorized):
        await sender.send(FLIP)
    assert len(server.asked) == 1
    assert await sender.send(FLIP, dry_run=True) == OK
    assert [asked.headers["Authorization"] for asked in server.asked] == ["0", "1", "2"]


async def test_redirects_are_not_followed(server: Scripted, sender: Sender) -> None:
    server.then(server.says(b"", 307, {"Location": f"{server.url}/elsewhere"}))
    with pytest.raises(Exception, match="307"):
        await sender.send(FLIP)
    assert len(server.asked) == 1


@pytest.mark.parametrize("name", ["", "..", "../secrets/x", "a/b", "a%2fb"])
async def test_names_that_lead_elsewhere_are_not_sent(server: Scripted, sender: Sender, name: str) -> None:
    with pytest.raises(ConfigError, match="Nothing was sent"):
        await sender.send(Request(Verb.DELETE, Ref(SERVICES, "shop", name), {}))
    assert server.asked == []


async def test_odd_names_are_quoted(server: Scripted, sender: Sender) -> None:
    server.then(server.says(OK))
    await sender.send(Request(Verb.DELETE, Ref(SERVICES, "shop", "a?dryRun=All#b"), {}))
    assert server.asked[0].path == "/api/v1/namespaces/shop/services/a?dryRun=All#b"
    assert server.asked[0].query == {}
