"""What RBAC allows or not: a verb on a resource of an API group. Versions do not matter to RBAC."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.model.refs import PODS, Resource
from cockpit.model.values import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One right, such as `patch` on `rollouts/status` of `argoproj.io`; the core group is ""."""

    group: str
    resource: str
    verb: str

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}"


def right(verb: str, resource: Resource, subresource: str | None = None) -> Right:
    """The right to one verb on a kind, or on a subresource of it."""
    name = f"{resource.plural}/{subresource}" if subresource else resource.plural
    return Right(resource.group, name, verb)


def rights(verb: str, resources: Iterable[Resource], subresource: str | None = None) -> tuple[Right, ...]:
    """The right to the same verb on several kinds."""
    return tuple(dict.fromkeys(right(verb, resource, subresource) for resource in resources))


_INVERSE = {"create": "delete", "delete": "create"}
_MADE_ANEW = right("delete", PODS)


def undone_by(done: Right) -> Right | None:
    """The right to undo what was done by this one; None for pods, which their controllers make anew."""
    if done == _MADE_ANEW:
        return None
    return Right(done.group, done.resource, _INVERSE.get(done.verb, done.verb))
