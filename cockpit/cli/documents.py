"""The JSON of the command line: a stable interface; fields are only added.

Shares are fractions of 1, times are RFC 3339 in UTC, unknown values are null and never omitted.
"""

from __future__ import annotations

from typing import Any

from cockpit.cli.checks import check_document, said_document
from cockpit.cli.real_traffic import real_document, traffic_document
from cockpit.cli.times import time_text
from cockpit.model.guard import GuardView
from cockpit.model.health import AnswerHealth, RolloutHealth
from cockpit.model.plan import ActState, Plan, Request
from cockpit.model.probe_answer import phases_document
from cockpit.model.probe_target import THROUGH_API_SERVER, ProbeTarget
from cockpit.model.redact import redacted
from cockpit.model.rollout import Lane, Observed, Rollout, Step, Version
from cockpit.model.view import ClusterView, Outcome, RolloutGroup, RolloutView

Document = dict[str, Any]


def view_document(shown: RolloutView) -> Document:
    """One rollout with its health, and with what is known of each version's answers.

    `unanswered` is about requests that no version answered, by lane. `probe` is how its requests fared, `guard` the
    one of this session, `real` says where real traffic was read.
    """
    document = rollout_document(shown.rollout, shown.probe.probe_target)
    for version in document["versions"]:
        version["answers"] = _answers(shown, version["name"])
    beside: Document = {"health": health_document(shown.health), "unanswered": _answers(shown, "")}
    beside["probe"] = {"phases": phases_document(shown.probe.phases), "too_slow": shown.probe.too_slow}
    beside["real"] = real_document(shown.real)
    return {**document, **beside, "guard": guard_document(shown.guard) if shown.guard else None}


def guard_document(guard: GuardView) -> Document:
    """A guard and what it does now."""
    return {
        "state": str(guard.state),
        "words": guard.words,
        "note": guard.note,
        "armed": guard.armed,
        "conditions": [str(condition) for condition in guard.order.conditions],
        "way": guard.way.value if guard.way else None,
        "who": guard.who,
        "since": time_text(guard.since),
        "until": time_text(guard.until),
    }


def health_document(health: RolloutHealth) -> Document:
    """A health in one word, and one sentence with figures."""
    return {"state": str(health.health), "reason": health.reason}


def _answers(shown: RolloutView, version: str) -> list[Document]:
    return [_answers_of_lane(known) for known in shown.probe.health if known.version == version]


def _answers_of_lane(known: AnswerHealth) -> Document:
    """Counts weigh older answers less, so they are not whole."""
    return {
        "lane": known.lane,
        "answers": round(known.answers, 1),
        "errors": round(known.errors, 1),
        "error_rate": known.error_rate,
        "newest": time_text(known.at),
        "failing": known.failing.name.lower(),
        "worse": known.worse.name.lower(),
        "slower": known.slower.name.lower(),
        "rejecting": known.rejecting.name.lower(),
        "baseline": known.baseline or None,
        "p50_ms": known.p50_ms,
        "baseline_p50_ms": known.baseline_p50_ms,
    }


def rollout_document(rollout: Rollout, probe_target: ProbeTarget | None = None) -> Document:
    """One rollout without its health, which `view_document` adds.

    `probe_target` is the one in use, if that is not the derived one.
    """
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
            {
                "id": found.id,
                "severity": str(found.severity),
                "text": found.text,
                "evidence": found.evidence,
                "because": found.because or None,
            }
            for found in rollout.findings
        ],
        "checks": [check_document(check) for check in rollout.checks],
        "said": [said_document(said) for said in rollout.said],
        "acts": [_act(state) for state in rollout.acts],
        "owners": [{"kind": owner.kind, "name": owner.name} for owner in rollout.owners],
        "created": rollout.created,
        "labels": dict(rollout.labels),
        "annotations": dict(rollout.annotations),
        "probe_target": _probe_target(rollout, probe_target or rollout.probe_target),
    }


def _probe_target(rollout: Rollout, target: ProbeTarget | None) -> Document:
    """Where requests go: `through` is `address` or `api-server`, null if there is no target; `missing` says why."""
    return {
        "url": target.url if target else None,
        "through": None if target is None else "api-server" if target.service else "address",
        "note": THROUGH_API_SERVER if target and target.service else "",
        "missing": "" if target else rollout.probe_target_missing,
        "http2": bool(target and target.http2),
        "insecure": bool(target and target.insecure),
        "client_certificate": bool(target and target.cert_file),
        "cookies": bool(target and target.cookies),
    }


def _act(state: ActState) -> Document:
    ways = [{"id": way.id, "words": way.words, "why": way.why} for way in state.ways]
    return {
        "id": str(state.act),
        "enabled": state.enabled,
        "why": state.why,
        "ways": ways,
        "versions": list(state.versions),
        "leads": state.leads,
    }


def group_document(group: RolloutGroup) -> Document:
    """One rollout in several clusters: its clusters and their common shares (null where they differ)."""
    rollout = group.view.rollout
    return {
        "namespace": rollout.key.namespace,
        "name": rollout.key.name,
        "system": rollout.key.system,
        "contexts": [part.context for part in group.parts],
        "phase": str(rollout.phase),
        "message": rollout.message,
        "health": health_document(group.view.health),
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
                "real": traffic_document(share.real),
            }
            for share in lane.shares
        ],
        "unanswered": _unanswered(lane),
        "derived": lane.derived,
        "sticky": lane.sticky,
        "samples": lane.samples,
        "errors": lane.errors,
        "unknown": lane.unknown,
        "p_value": lane.p_value,
        "followed": str(lane.followed),
    }


def _unanswered(lane: Lane) -> Document | None:
    """The requests that no version answered, and the status or failure of most of them; null while they are few."""
    found = observed_document(lane.unanswered)
    return {**found, "most": lane.unanswered_note or None} if found else None


def observed_document(observed: Observed | None) -> Document | None:
    """The observed share with its interval; null if nothing was observed yet."""
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
    """One context and the sync state of each kind."""
    return {
        "context": cluster.context,
        "server": cluster.server,
        "user": cluster.user,
        "namespace": cluster.namespace,
        "production": cluster.production,
        "read_only": cluster.read_only,
        "state": str(cluster.state),
        "message": cluster.message,
        "stale_since": time_text(cluster.stale_since),
        "kinds": [
            {
                "kind": kind.kind,
                "group": kind.group,
                "state": str(kind.state),
                "since": time_text(kind.since),
                "objects": kind.objects,
                "error": kind.error or None,
            }
            for kind in cluster.kinds
        ],
    }


def outcome_document(outcome: Outcome) -> Document:
    """The outcome of an act."""
    return {
        "outcome": str(outcome.stage),
        "why": outcome.why,
        "plan": None if outcome.plan is None else plan_document(outcome.plan),
    }


def plan_document(plan: Plan) -> Document:
    """A plan before it is sent."""
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
