"""Which rights each role needs, from the tables that readers, acts, probes and pairing go by."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from cockpit.model.adapter import Adapter
from cockpit.model.kinds import KINDS
from cockpit.model.refs import EVENTS, NAMESPACES, PODS, Resource
from cockpit.model.rights import Right, right, rights, undone_by
from cockpit.pairing.rights import PAIRING_RIGHTS
from cockpit.planning.act_event import TELLING_RIGHTS
from cockpit.planning.api_targets import PROXY_RIGHT
from cockpit.planning.probe_job_rights import JOB_RIGHTS
from cockpit.routers import ADAPTERS as ROUTERS
from cockpit.systems import CONTROLLERS, WORKLOADS

_ADAPTERS: tuple[Adapter, ...] = (*CONTROLLERS, *ROUTERS, *WORKLOADS)
# Who may list a kind has read all of it, so `get` gives nothing more.
_READ = ("get", "list", "watch")
# Beside the kinds of the adapters: events and logs that are looked at, and names to choose from after `-n`.
_LOOKED_AT = (*(right(verb, EVENTS) for verb in ("list", "watch")), right("get", PODS, "log"))
_CHOOSING = (right("list", NAMESPACES),)


class RoleName(StrEnum):
    """The roles: who looks, who acts, who measures from inside, and what two people on one release need besides."""

    VIEWER = "viewer"
    PILOT = "pilot"
    PROBER = "prober"
    PAIRING = "pairing"


def kinds_read() -> tuple[Resource, ...]:
    """Every kind that an adapter reads."""
    needed = {resource for adapter in _ADAPTERS for resource in adapter.needs}
    return tuple(row.resource for row in KINDS if row.resource in needed)


def writes_of_acts() -> frozenset[Right]:
    """What acts write, and what undoes them."""
    written = {each for adapter in _ADAPTERS for declared in adapter.writes.values() for each in declared}
    return frozenset(written | {undo for each in written if (undo := undone_by(each))})


def rights_of(role: RoleName) -> frozenset[Right]:
    """Everything that somebody with this role may do. Pairing comes on top of another role."""
    return frozenset(_rights_of(role))


def _rights_of(role: RoleName) -> Iterator[Right]:
    if role is RoleName.PAIRING:
        yield from PAIRING_RIGHTS
        yield from TELLING_RIGHTS
        yield from (right(verb, EVENTS) for verb in ("list", "watch"))
        return
    for verb in _READ:
        yield from rights(verb, kinds_read())
    yield from (*_LOOKED_AT, *_CHOOSING)
    if role is RoleName.PILOT:
        yield from (*writes_of_acts(), *TELLING_RIGHTS)
    if role is RoleName.PROBER:
        yield from (*JOB_RIGHTS, PROXY_RIGHT)


def cluster_scoped() -> frozenset[tuple[str, str]]:
    """Group and name of the resources that belong to no namespace."""
    return frozenset((r.group, r.plural) for r in (*kinds_read(), NAMESPACES) if not r.namespaced)
