"""Faults, clock and audit over HTTP, for tests that run the cluster as a process: POST /demo/faults, /clock, /audit."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from cockpit.demo.api.audit import Audit
from cockpit.demo.api.auth import User
from cockpit.demo.api.calls import Reply
from cockpit.demo.clock import DemoClock
from cockpit.demo.errors import BadRequest, Forbidden, MethodNotAllowed, PathNotFound
from cockpit.demo.faults import Faults


class Steering:
    """Answers the /demo paths, for the admin alone."""

    def __init__(self, faults: Faults, clock: DemoClock, audit: Audit) -> None:
        self._audit = audit
        self._faults = faults
        self._clock = clock

    def answer(self, user: User, method: str, path: str, body: bytes) -> Reply:
        """Carry out the request and return the resulting state."""
        if not user.admin:
            raise Forbidden(f'forbidden: User "{user.name}" cannot {method.lower()} path "{path}"')
        if method != "POST":
            raise MethodNotAllowed
        try:
            asked = json.loads(body or b"{}")
        except ValueError:
            raise BadRequest("the body is not JSON") from None
        if not isinstance(asked, dict):
            raise BadRequest("the body is not an object")
        try:
            if path == "/demo/faults":
                return _json(self._faults.steer(asked))
            if path == "/demo/clock":
                return _json(self._steer_clock(asked))
            if path == "/demo/audit":
                return _json(self._audit.steer(asked))
        except (TypeError, ValueError) as error:
            raise BadRequest(str(error)) from None
        raise PathNotFound

    def _steer_clock(self, asked: dict[str, Any]) -> dict[str, Any]:
        """`{"hold": true}`, `{"advance": SECONDS}`, `{"release": true}`, in this order when together."""
        if asked.get("hold"):
            self._clock.hold()
        if "advance" in asked:
            self._clock.advance(float(asked["advance"]))
        if asked.get("release"):
            self._clock.release()
        return {"now": self._clock.now(), "held": self._clock.held}


def _json(value: dict[str, Any]) -> Reply:
    return Reply(msgspec.json.encode(value))
