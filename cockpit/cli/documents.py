"""The JSON of the command line: an interface to which fields are only ever added.

Shares are fractions of 1, times RFC 3339 in UTC, what is not known is null and never left out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cockpit.model.plan import Plan, Request
from cockpit.model.redact import redacted
from cockpit.model.rollout import Lane, Observed, Rollout, Step, Version
from cockpit.model.view import ClusterView, Outcome, RolloutGroup

Document = dict[str, Any]


def time_text(seconds: float | None) -> str | None:
    """RFC 3339 with milliseconds for UTC seconds since 1970."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def rollout_document(rollout: Rollout) -> Document:
    """ROLLOUT of the interface."""
    return {
        "context": rollout.key.context,
        "namespace": rollout.key.namespace,
        "name": rollout.key.name,
        "system": rollout.key.system,
        "router": rollout.router,
        "phase": str(rollout.phase),
        "message": rollout.message,
        "step": _step(rollout.step),
        "steps": [{"title": step.title, "weight": step.weight, "asks": step.asks} for step in rollout.steps],
        "versions": [_version(version) for version in rollout.versions],
        "lanes": [_lane(lane) for lane in rollout.lanes],
        "findings": [
            {"id": found.id, "severity": str(found.severity), "text": found.text, "evidence": found.evidence}
            for found in rollout.findings
        ],
        "acts": [{"id": str(state.act), "enabled": state.enabled, "why": state.why} for state in rollout.acts],
        "owners": [{"kind": owner.kind, "name": owner.name} for owner in rollout.owners],
        "created": rollout.created,
    }


def group_document(group: RolloutGroup) -> Document:
    """One rollout in several clusters: where it is, and the shares on which they agree (null where they differ)."""
    rollout = group.view.rollout
    return {
        "namespace": rollout.key.namespace,
        "name": rollout.key.name,
        "system": rollout.key.system,
        "contexts": [part.context for part in group.parts],
        "phase": str(rollout.phase),
        "message": rollout.message,
        "lanes": [
            {
                "name": lane.name,
                "shares": [{"version": s.version, "declared": s.declared, "written": s.written} for s in lane.shares],
            }
            for lane in rollout.lanes
        ],
    }


def _step(step: Step | None) -> Document | None:
    if step is None:
        return None
    return {
        "index": step.index,
        "count": step.count,
        "weight": step.weight,
        "title": step.title,
        "until": step.until,
        "asks": step.asks,
    }


def _version(version: Version) -> Document:
    return {
        "name": version.name,
        "role": str(version.role),
        "images": list(version.images),
        "workload": str(version.workload) if version.workload else None,
        "ready": version.ready,
        "desired": version.desired,
        "context": version.context or None,
    }


def _lane(lane: Lane) -> Document:
    return {
        "name": lane.name,
        "match": lane.match,
        "verdict": str(lane.verdict),
        "shares": [
            {
                "version": share.version,
                "declared": share.declared,
                "written": share.written,
                "observed": observed_document(share.observed),
            }
            for share in lane.shares
        ],
        "derived": lane.derived,
        "samples": lane.samples,
        "errors": lane.errors,
        "unknown": lane.unknown,
        "p_value": lane.p_value,
    }


def observed_document(observed: Observed | None) -> Document | None:
    """The observed share with its interval; null where nothing was asked yet."""
    if observed is None:
        return None
    return {
        "share": observed.share,
        "low": observed.low,
        "high": observed.high,
        "samples": observed.samples,
        "errors": observed.errors,
        "p50_ms": observed.p50_ms,
        "p99_ms": observed.p99_ms,
    }


def cluster_document(cluster: ClusterView) -> Document:
    """What is known of one context, and how far each kind was read."""
    return {
        "context": cluster.context,
        "server": cluster.server,
        "user": cluster.user,
        "namespace": cluster.namespace,
        "production": cluster.production,
        "state": str(cluster.state),
        "message": cluster.message,
        "stale_since": time_text(cluster.stale_since),
        "kinds": [
            {
                "kind": kind.kind,
                "state": str(kind.state),
                "since": time_text(kind.since),
                "objects": kind.objects,
                "error": kind.error or None,
            }
            for kind in cluster.kinds
        ],
    }


def outcome_document(outcome: Outcome) -> Document:
    """What came of an act."""
    return {
        "outcome": str(outcome.stage),
        "why": outcome.why,
        "plan": None if outcome.plan is None else plan_document(outcome.plan),
    }


def plan_document(plan: Plan) -> Document:
    """A plan as it is shown before it is sent."""
    return {
        "act": str(plan.act),
        "title": plan.title,
        "changes": [str(change) for change in plan.changes],
        "requests": [_request(request) for request in plan.requests],
        "undo": plan.undo,
        "warnings": list(plan.cautions()),
        "commands": list(plan.commands()),
    }


def _request(request: Request) -> Document:
    return {
        "verb": str(request.verb),
        "kind": request.ref.resource.kind,
        "api_version": request.ref.resource.api_version,
        "namespace": request.ref.namespace,
        "name": request.ref.name,
        "subresource": request.subresource,
        "patch": None if request.patch is None else str(request.patch),
        "body": redacted(request.body),
        "guard": request.guard,
    }
