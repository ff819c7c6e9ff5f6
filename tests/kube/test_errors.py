"""Errors name object, cluster and next step, whatever the server said."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.kube.errors import (
    ApiError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    ServerFailure,
    TooManyRequests,
    Unauthorized,
    WebhookFailure,
    from_status,
)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, Invalid),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (410, Gone),
        (422, Invalid),
        (429, TooManyRequests),
        (500, ServerFailure),
        (503, ServerFailure),
        (302, ApiError),
    ],
)
def test_each_status_has_its_error(code: int, kind: type[ApiError]) -> None:
    error = from_status(code, b"", context="prod", what="Service shop/web")
    assert type(error) is kind
    assert error.status == code
    assert "Service shop/web in prod" in str(error)


def test_a_webhook_that_does_not_answer_is_what_has_to_be_looked_at() -> None:
    silent = 'failed calling webhook "mdeployment.kb.io": failed to call webhook: connection refused'
    for message in (silent, f"Internal error occurred: {silent}"):
        body = json.dumps({"kind": "Status", "code": 500, "reason": "InternalError", "message": message}).encode()
        error = from_status(500, body, context="lab", what="patch Deployment web")
        assert isinstance(error, WebhookFailure)
        assert "mdeployment.kb.io" in str(error)
        assert "check the pods behind the webhook" in str(error)


def test_the_words_of_the_server_are_kept() -> None:
    body = {
        "kind": "Status",
        "reason": "Conflict",
        "message": "the object has been modified",
        "details": {"retryAfterSeconds": 3, "causes": [{"reason": "X"}]},
    }
    error = from_status(409, json.dumps(body).encode(), context="prod", what="Service shop/web")
    assert error.reason == "Conflict"
    assert error.retry_after == 3
    assert error.causes == ("X",)
    assert "the object has been modified" in str(error)
    assert "plan again" in str(error)


def test_retry_after_header_wins_and_is_bounded() -> None:
    error = from_status(429, b"", context="c", what="w", retry_after="99999999")
    assert error.retry_after == 600
    assert from_status(429, b"", context="c", what="w", retry_after="soon").retry_after is None


@given(
    st.integers(300, 599),
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda t: json.dumps({"kind": "Status", "message": t}).encode()),
    st.text(max_size=50),
)
def test_hostile_answers_make_safe_sentences(code: int, body: bytes, header: str) -> None:
    error = from_status(code, body, context="c\x1b[31m", what="a\u202eb", retry_after=header)
    assert str(error).isprintable()
    assert len(str(error)) < 1200
