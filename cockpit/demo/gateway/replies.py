"""The answer to a request, once it is decided what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cockpit.demo.gateway.decisions import Decision, Forward, Redirect
from cockpit.demo.gateway.http1 import Reply, error_reply
from cockpit.demo.gateway.rules import Upstream


def carry_out(decision: Decision, target: str, ask: Callable[[Upstream, str], Reply]) -> Reply:
    """The answer of the chosen backend, or the gateway's own; `ask` sends a target to a Service port."""
    if isinstance(decision, int):
        return error_reply(decision)
    if isinstance(decision, Redirect):
        return replace(error_reply(decision.status), headers={"Location": decision.location})
    if isinstance(decision, Upstream):
        return ask(decision, target)
    return _forwarded(decision, decision.path or target, ask)


def _forwarded(decision: Forward, target: str, ask: Callable[[Upstream, str], Reply]) -> Reply:
    for mirror in decision.mirrors:
        ask(mirror, target)
    reply = ask(decision.upstream, target)
    return replace(reply, headers=decision.headers.applied(reply.headers))
