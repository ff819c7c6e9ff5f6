"""Alarms about what is missing, where it may only be unread: not listed yet, or not for this user. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from cockpit.model.lookup import Objects
from cockpit.model.refs import (
    DAEMONSETS,
    DEPLOYMENTS,
    DESTINATIONRULE_VERSIONS,
    ENDPOINTSLICES,
    INGRESSES,
    PODS,
    REPLICASETS,
    SERVICES,
    STATEFULSETS,
    Resource,
)
from cockpit.model.rollout import Finding, Severity

_SERVICES = frozenset({SERVICES})
_WORKLOADS = frozenset({DEPLOYMENTS, REPLICASETS, STATEFULSETS, DAEMONSETS})
_READY = _SERVICES | _WORKLOADS | {PODS, ENDPOINTSLICES}
_PODS = _READY - _SERVICES
_RULES = frozenset(DESTINATIONRULE_VERSIONS)
# What a finding says is missing, as kinds: while one of them is unread, it is not certain.
RESTS_ON: Mapping[str, frozenset[Resource]] = {
    "no-ready-pods": _READY,
    "empty-backend": _READY,
    "selector-misses": _READY,
    "empty-destination": _READY,
    "main-empty": _READY,
    "invalid-backend": _SERVICES,
    "dangling-canary": _SERVICES | {INGRESSES},
    "dangling-destination": _SERVICES | _RULES,
    "dangling-subset": _SERVICES | _WORKLOADS | _RULES | {PODS},
    "route-missing": _SERVICES | _RULES | {INGRESSES},
    "no-primary": _WORKLOADS,
    "stuck-routing": _SERVICES,
    # What is written is read from the objects that requests pass.
    "split-off": _SERVICES | _WORKLOADS | _RULES | {INGRESSES},
}


# The kinds that decide whether something is missing.
DECIDING = frozenset[Resource]().union(*RESTS_ON.values())


def rests_on(found: Finding) -> frozenset[Resource]:
    """The kinds of which an object that is not read could take a finding back; empty if none could."""
    kinds = RESTS_ON.get(found.id, frozenset())
    return kinds - _PODS if found.whatever_pods else kinds


def rests_on_unread(found: Finding, objects: Objects) -> bool:
    """Whether what a finding says is missing may only be unread."""
    return any(map(objects.unread, rests_on(found)))


def without_alarms(findings: tuple[Finding, ...], reading: Collection[Resource]) -> tuple[Finding, ...]:
    """The findings without the critical ones that may be taken back once the kinds `reading` are read."""
    return tuple(f for f in findings if f.severity is not Severity.CRITICAL or rests_on(f).isdisjoint(reading))


def with_doubts(findings: tuple[Finding, ...], unread: frozenset[Resource]) -> tuple[Finding, ...]:
    """The findings, in which what may only be unread is no alarm; of `unread` kinds there may be objects."""
    return tuple(_doubted(found, unread) for found in findings) if unread else findings


def _doubted(found: Finding, unread: frozenset[Resource]) -> Finding:
    kinds = rests_on(found) & unread
    if not kinds:
        return found
    names = " and ".join(sorted(kind.plural for kind in kinds))
    severity = Severity.WARNING if found.severity is Severity.CRITICAL else found.severity
    return replace(found, severity=severity, text=f"not certain, as {names} could not be read: {found.text}")
