"""Whether two cockpits mean the same plan: the hash of its requests and of what they expect to find. Pure.

Two cockpits plan the same ask at other moments. So what counts of an object is what people wrote into it, and its
uid; its resourceVersion, which each write of a status changes, does not. A request's own precondition on that version
is made of the same object, and stays with the request that is sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cockpit.model.pairing import controls_of
from cockpit.model.plan import Act, PatchType, Plan, Request, Verb
from cockpit.model.refs import Ref
from cockpit.model.second import Second
from cockpit.model.server_written import SERVER_WRITTEN, Path
from cockpit.pairing.marks import controls_text

Objects = Mapping[Ref, Mapping[str, Any] | None]

# Acts that take users back; what they delete is made again by the next step forward.
_WAYS_BACK = (Act.ROLLBACK, Act.ABORT)
# No path of a field that the server writes is deeper.
_DEEPEST = max(map(len, SERVER_WRITTEN))


def kinds_of(plan: Plan) -> frozenset[Second]:
    """What of a plan can need a second person; nothing for a way back that exposes nobody to more."""
    if plan.act is Act.PROBE:
        return frozenset()
    if plan.act is Act.DISARM:
        return frozenset({Second.DISARM})
    found = {
        Second.RAISE: plan.raises or plan.final,
        Second.PROMOTE: plan.everyone or plan.final,
        Second.DELETE: plan.destroys and plan.act not in _WAYS_BACK,
    }
    return frozenset(kind for kind, holds in found.items() if holds)


def is_way_back(plan: Plan) -> bool:
    """Whether a plan takes users back, and nobody forward."""
    return plan.act in _WAYS_BACK and not (plan.raises or plan.everyone or plan.final)


def plan_hash(plan: Plan, objects: Objects) -> str:
    """SHA-256 of the plan as 64 hex digits; "" for one that cannot be compared.

    `objects` are those that it was made from, as the API server has them (None: there is none).
    """
    try:
        said = {
            "rollout": controls_text(controls_of(plan.rollout)),
            "requests": [_request(request, plan.rollout.context) for request in plan.requests],
            "finds": {_place(ref): _content((), read) for ref, read in objects.items()},
        }
        return hashlib.sha256(canonical(said)).hexdigest()
    except (ValueError, TypeError, RecursionError):
        # Deeper than any schema, or no JSON: nobody can say that two of these are the same.
        return ""


def canonical(value: Any) -> bytes:
    """JSON in one spelling: sorted keys, no spaces, ASCII. Raises ValueError, TypeError, RecursionError."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def _request(request: Request, home: str) -> dict[str, Any]:
    """A request without the name of a context, which is another one on another machine."""
    return {
        "verb": str(request.verb),
        "object": _place(request.ref),
        "subresource": request.subresource or "",
        "patch": str(request.patch or ""),
        "elsewhere": request.context not in ("", home),
        "body": _unversioned(request),
    }


def _place(ref: Ref) -> str:
    return canonical([ref.resource.api_version, ref.resource.kind, ref.namespace, ref.name]).decode()


def _unversioned(request: Request) -> Any:
    """The body without the resourceVersion that it expects."""
    body = request.body
    if request.patch is PatchType.JSON and isinstance(body, list):
        test = {"op": "test", "path": "/metadata/resourceVersion"}
        return [each for each in body if not (isinstance(each, dict) and test.items() <= each.items())]
    part = "preconditions" if request.verb is Verb.DELETE else "metadata"
    if request.verb is Verb.CREATE or not isinstance(body, dict) or not isinstance(body.get(part), dict):
        return body
    return {**body, part: {name: value for name, value in body[part].items() if name != "resourceVersion"}}


def _content(path: Path, value: Any) -> Any:
    """What people wrote, and the uid."""
    if not isinstance(value, Mapping):
        return None if value is None and not path else value
    if len(path) > _DEEPEST:
        return value
    return {name: _content((*path, name), each) for name, each in value.items() if (*path, name) not in SERVER_WRITTEN}
