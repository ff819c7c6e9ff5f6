"""What an http route of a VirtualService does to requests and answers, beside choosing who gets them.

Source: istio, pilot/pkg/networking/core/route/route.go (ApplyRedirect, applyHTTPRouteDestination): a rewrite of the
uri replaces the prefix that was matched, or the whole path where another match or none was asked for.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from cockpit.demo.gateway.decisions import Decision, Forward, HeaderChange, Redirect, url
from cockpit.demo.gateway.istio_rules import items, mapping, texts
from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.rules import Upstream

Action = Mapping[str, Any]
MOVED = 301


def own_answer(action: Action, request: Request, rng: random.Random) -> Redirect | int | None:
    """What the proxy answers itself: a redirect, a direct response, an injected abort."""
    if isinstance(action.get("redirect"), Mapping):
        return _redirect(action["redirect"], request)
    if isinstance(action.get("directResponse"), Mapping):
        return _status(action["directResponse"].get("status"), 200)
    abort = mapping(mapping(action.get("fault")).get("abort"))
    share = mapping(abort.get("percentage")).get("value", 0)
    if abort.get("httpStatus") and isinstance(share, int | float) and rng.random() * 100 < share:
        return _status(abort.get("httpStatus"), 503)
    return None


def sent(
    action: Action,
    leg: Mapping[str, Any],
    block: Mapping[str, Any],
    request: Request,
    upstream: Upstream,
    mirrored: Callable[[Mapping[str, Any]], Upstream | None],
    rng: random.Random,
) -> Decision:
    """The request as the pods get it; `leg` is the destination that was drawn, `block` the match that was met."""
    uri = mapping(action.get("rewrite")).get("uri")
    path = _rewritten(request.path, uri, block) if isinstance(uri, str) and uri else ""
    changes = [_change(mapping(mapping(part.get("headers")).get("response"))) for part in (action, leg)]
    headers = HeaderChange(
        {**changes[0].set, **changes[1].set},
        {**changes[0].add, **changes[1].add},
        changes[0].remove | changes[1].remove,
    )
    found = Forward(upstream, "" if path == request.path else path, headers, _mirrors(action, mirrored, rng))
    return found if found != Forward(upstream) else upstream


def _redirect(wish: Mapping[str, Any], request: Request) -> Redirect:
    uri, port = wish.get("uri"), wish.get("port")
    scheme, host = str(wish.get("scheme") or ""), str(wish.get("authority") or "")
    if not isinstance(port, int):
        port = None if scheme or host else request.port
    path = uri if isinstance(uri, str) and uri.startswith("/") else request.path
    status = _status(wish.get("redirectCode"), MOVED)
    return Redirect(status, url(request, path, scheme=scheme, host=host, port=port))


def _rewritten(path: str, uri: str, block: Mapping[str, Any]) -> str:
    prefix = mapping(block.get("uri")).get("prefix")
    whole = uri + path[len(prefix) :] if isinstance(prefix, str) and prefix else uri
    return whole if whole.startswith("/") else f"/{whole}"


def _mirrors(
    action: Action, mirrored: Callable[[Mapping[str, Any]], Upstream | None], rng: random.Random
) -> tuple[Upstream, ...]:
    wishes = [(mapping(one.get("destination")), one.get("percentage")) for one in items(action.get("mirrors"))]
    if isinstance(action.get("mirror"), Mapping):
        wishes.append((action["mirror"], action.get("mirrorPercentage")))
    found: list[Upstream] = []
    for destination, percentage in wishes:
        share = mapping(percentage).get("value", 100)
        upstream = mirrored(destination)
        if upstream and isinstance(share, int | float) and (share >= 100 or rng.random() * 100 < share):
            found.append(upstream)
    return tuple(found)


def _change(wish: Mapping[str, Any]) -> HeaderChange:
    """Headers of an answer that are set, added and removed."""
    parts = [{str(name): str(value) for name, value in mapping(wish.get(key)).items()} for key in ("set", "add")]
    return HeaderChange(parts[0], parts[1], frozenset(name.lower() for name in texts(wish.get("remove"))))


def _status(value: Any, usual: int) -> int:
    return value if isinstance(value, int) and 200 <= value < 600 else usual
