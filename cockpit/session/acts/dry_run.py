"""What a plan meets on the server before it is sent: its objects as they are, the rights, and a dry run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from cockpit.kube.errors import ApiError, Conflict, Invalid, NotFound
from cockpit.model.plan import PatchType, Plan, Request, Verb
from cockpit.model.refs import Ref
from cockpit.model.values import dataclass
from cockpit.session.acts.pruned import why_pruned
from cockpit.session.facts.cluster import Cluster
from cockpit.session.facts.diff import differences


@dataclass(frozen=True, slots=True)
class Trial:
    """The result of a dry run: a line for each request, what would change, and why the plan cannot be sent."""

    checks: tuple[str, ...]
    diff: tuple[str, ...]
    blocked: str = ""
    outdated: bool = False  # the server refused it because the objects changed since they were read


async def read_objects(place: Cluster, refs: Iterable[Ref]) -> dict[Ref, Mapping[str, Any] | None]:
    """The objects as the server has them (None: does not exist), asked for at once. Raises KubeError."""
    wanted = tuple(dict.fromkeys(refs))
    found = await asyncio.gather(*(read_one(place, ref) for ref in wanted))
    return dict(zip(wanted, found, strict=True))


async def read_one(cluster: Cluster, ref: Ref) -> Mapping[str, Any] | None:
    """The object, or None if it does not exist. Raises KubeError."""
    try:
        return await cluster.api.get(ref)
    except NotFound:
        return None


async def review(place: Cluster, requests: Iterable[Request]) -> None:
    """Have the rights to all requests reviewed at once; the answers are kept for `try_out`."""
    rights = dict.fromkeys((request.verb.value, request.ref, request.subresource) for request in requests)
    await asyncio.gather(*(place.api.allowed(*right) for right in rights))


async def try_out(place: Cluster, plan: Plan, objects: Mapping[Ref, Mapping[str, Any] | None]) -> Trial:
    """Check the permissions of each request and dry-run it on the server. Raises KubeError."""
    if not plan.requests:
        return Trial((), (), blocked="nothing to send: it is already set")
    checks: list[str] = []
    diff: list[str] = []
    blocked, outdated = "", False
    for number, request in enumerate(plan.requests):
        earlier = {before.ref for before in plan.requests[:number]}
        denied = await place.api.allowed(request.verb.value, request.ref, request.subresource)
        if denied:
            checks.append(f"{plan.words(request)}: {denied}")
            blocked = blocked or denied
            continue
        if request.ref in earlier:
            checks.append(f"{plan.words(request)}: cannot be dry-run before the earlier request on the same object")
            continue
        try:
            answer = await place.sender.send(request, dry_run=True)
        except NotFound as error:
            checks.append(f"{plan.words(request)}: {error}")
            blocked = blocked or ("" if request.fleeting else str(error))
            continue
        except ApiError as error:
            checks.append(f"{plan.words(request)}: {error}")
            blocked = blocked or str(error)
            outdated = outdated or isinstance(error, Conflict) or _test_failed(request, error)
            continue
        if pruned := why_pruned(request, answer):
            checks.append(f"{plan.words(request)}: {pruned}")
            blocked = blocked or pruned
            continue
        checks.append(f"{plan.words(request)}: accepted in a dry run")
        diff += _diff(plan, request, objects.get(request.ref), answer)
    return Trial(tuple(checks), tuple(diff), blocked, outdated)


def _test_failed(request: Request, error: ApiError) -> bool:
    """Whether a JSON Patch may have been refused because one of its tests no longer holds (422)."""
    return isinstance(error, Invalid) and request.patch is PatchType.JSON


def _diff(plan: Plan, request: Request, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    match request.verb:
        case Verb.CREATE:
            return [f"{request.ref} is created"]
        case Verb.DELETE:
            return [f"{request.ref} is deleted"]
        case Verb.PATCH:
            several = len(plan.requests) > 1
            lines = differences(before or {}, after)
            return [f"{request.ref}: {line}" if several else line for line in lines]
