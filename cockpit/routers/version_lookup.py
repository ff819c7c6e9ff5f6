"""What every weighted split has: its versions by name and uid, the objects behind them, and how they are scaled."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj, Service
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.rollout import Rollout, Version
from cockpit.planning.scale import plan_scale
from cockpit.workloads.versions import Candidate


class HasVersions(Protocol):
    """Versions with what is behind each of them, in the same order."""

    @property
    def versions(self) -> tuple[Version, ...]: ...

    @property
    def candidates(self) -> tuple[Candidate, ...]: ...


class HasService(Protocol):
    """A backend or destination; its Service is None if it is missing."""

    @property
    def service(self) -> Service | None: ...


class HasSides(HasVersions, Protocol):
    """A split with its backends or destinations."""

    @property
    def sides(self) -> Sequence[HasService]: ...


class VersionLookup:
    """The versions of a split by name and by uid."""

    __slots__ = ()

    @property
    def named(self: HasVersions) -> tuple[tuple[Version, Candidate], ...]:
        """Each version with what is behind it."""
        return tuple(zip(self.versions, self.candidates, strict=True))

    def version_of(self: HasVersions, uid: str) -> Version:
        return next(v for v, c in zip(self.versions, self.candidates, strict=True) if c.uid == uid)

    def version(self: HasVersions, name: str) -> Version | None:
        return next((v for v in self.versions if v.name == name), None)

    def candidate(self: HasVersions, name: str) -> Candidate | None:
        return next((c for v, c in zip(self.versions, self.candidates, strict=True) if v.name == name), None)


def services_of(split: HasSides) -> list[Service]:
    """The Services of its backends that exist."""
    return [side.service for side in split.sides if side.service]


def owned_by(split: HasSides, *roots: Obj) -> list[Obj]:
    """The objects whose owners concern a split: its own ones, then its Services, then its workloads."""
    return [*roots, *services_of(split), *(c.workload for c in split.candidates if c.workload)]


def plan_scale_of(
    split: HasVersions, rollout: Rollout, ask: Ask, objects: Objects, also: Collection[str] = ()
) -> Plan | Refused:
    """Set pod counts. A version that takes requests keeps a pod, as do one of unknown share and those `also` named."""
    workloads = {v.name: c.workload for v, c in zip(split.versions, split.candidates, strict=True)}
    carrying = {s.version for lane in rollout.lanes for s in lane.shares if s.written or s.written is None}
    return plan_scale(rollout, ask, workloads, carrying | set(also), objects)
