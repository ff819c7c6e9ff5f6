"""In which order findings are told: the worst first, and what explains another before it. Pure.

Every face takes the order from here, and tells a finding that another one explains as the evidence of that one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from cockpit.model.remedies import HINTS
from cockpit.model.rollout import Finding, Severity

_ORDER = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
# What says that a release gets no further, where it is more than a note.
STUCK = frozenset({"stuck", "stuck-step", "stuck-routing", "replica-failure", "not-observed", "waiting-pods"})
# Why no request is answered at all, with the least severity at which it means that.
ALL_LOST: Mapping[str, Severity] = {
    # Pods that start for the first time answer nobody either, nor do those that nobody wants.
    "no-ready-pods": Severity.INFO,
    "scaled-to-zero": Severity.INFO,
    "outside-name": Severity.WARNING,
    **dict.fromkeys(
        (
            *("selector-misses", "pods-without-port", "no-such-port", "main-empty", "not-accepted", "no-weight"),
            *("canary-older-than-main", "two-routes", "not-at-gateway"),
        ),
        Severity.CRITICAL,
    ),
}
# Why a part of the requests is not answered.
_PART_LOST: Mapping[str, Severity] = {
    "unresolved-refs": Severity.WARNING,
    "outside-name": Severity.WARNING,
    **dict.fromkeys(
        ("empty-backend", "invalid-backend", "empty-destination", "dangling-destination", "dangling-subset"),
        Severity.CRITICAL,
    ),
}
# What alone is no alarm: answers tell whether it hurts.
_TLS_LOST = {"tls-without-sidecar": Severity.WARNING, "tls-to-plain": Severity.INFO}
_MAY_BE_LOST = {
    **_TLS_LOST,
    "gateway-without-pods": Severity.INFO,
    "service-not-exported": Severity.WARNING,
    "http-and-grpc": Severity.WARNING,
}
# What a container declares is a hint: it explains where nothing answers at all.
_HINTS = dict.fromkeys(HINTS, Severity.INFO)
# Why a canary does not get what is written for it.
_SHARE_LOST = dict.fromkeys(
    ("canary-empty", "dangling-canary", "unattached-canary", "two-canaries", "route-not-taken"), Severity.WARNING
)
_PODS_FAIL = dict.fromkeys(("failing-pods", "replica-failure"), Severity.WARNING)
_NO_POD_COMES = {**_PODS_FAIL, "waiting-pods": Severity.INFO}
_BACKEND_FAILS = {"failing-pods": Severity.CRITICAL, "selector-misses": Severity.CRITICAL}
# What is only noticed, and what explains it. A version that answers with errors is no symptom, whatever is written.
_EXPLAINED_BY: Mapping[str, Mapping[str, Severity]] = {
    "no-answers": {**ALL_LOST, **_MAY_BE_LOST, **_HINTS},
    "nobody-answers": {**ALL_LOST, **_PART_LOST, **_MAY_BE_LOST},
    "no-version": {"gateway-without-pods": Severity.INFO},
    "split-off": {**ALL_LOST, **_PART_LOST, **_SHARE_LOST, **_TLS_LOST},
    "no-ready-pods": _NO_POD_COMES,
    "stuck": _NO_POD_COMES,
    "main-empty": _BACKEND_FAILS,
    "canary-empty": _BACKEND_FAILS,
    "empty-backend": _BACKEND_FAILS,
    "empty-destination": _BACKEND_FAILS,
    "others": {"selector-misses": Severity.WARNING},
    "answers-of-others": {"selector-misses": Severity.WARNING, "others": Severity.WARNING},
}


def worst_first(*parts: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings by severity, each behind the one that explains it, which counts as as grave; else as they came.

    Only findings of the same part explain each other: each cluster has its own reasons.
    """
    groups = [group for part in parts for group in _groups(list(part))]
    groups.sort(key=lambda group: min(_ORDER.index(found.severity) for found in group))
    return tuple(found for group in groups for found in group)


def _groups(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Each finding that none explains, followed by those that it explains, the nearest first."""
    causes = [_cause_of(each, findings) for each in findings]
    groups: dict[int, list[tuple[int, int]]] = {}
    for place in range(len(findings)):
        head, distance = place, 0
        while (cause := causes[head]) is not None:
            head, distance = cause, distance + 1
        groups.setdefault(head, []).append((distance, place))

    def told(place: int) -> Finding:
        cause = causes[place]
        because = "" if cause is None else findings[cause].id
        return findings[place] if findings[place].because == because else replace(findings[place], because=because)

    return [[told(place) for _, place in sorted(members)] for members in groups.values()]


def _cause_of(symptom: Finding, findings: Sequence[Finding]) -> int | None:
    """The place of the finding that explains another; of several, the gravest."""
    reasons = _EXPLAINED_BY.get(symptom.id, {})
    if symptom.id == "nobody-answers" and symptom.whatever_version:
        reasons = {**reasons, **_HINTS}
    ranks = [
        (_ORDER.index(each.severity), place)
        for place, each in enumerate(findings)
        if each.id in reasons and not each.partly and _ORDER.index(each.severity) <= _ORDER.index(reasons[each.id])
    ]
    return min(ranks)[1] if ranks else None


def folded(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings in which those that another explains are its evidence, and make it as grave as they are."""
    told: list[Finding] = []
    for found in findings:
        if found.because and told:
            head = told[-1]
            words = "; ".join(part for part in (head.evidence, found.text) if part)
            told[-1] = replace(head, evidence=words, severity=min(head.severity, found.severity, key=_ORDER.index))
        else:
            told.append(found)
    return tuple(told)


def leading(findings: Sequence[Finding]) -> Finding | None:
    """The critical finding that is told first, or the one that explains it."""
    return next((found for found in folded(findings) if found.severity is Severity.CRITICAL), None)


def told_for(findings: Sequence[Finding], ids: Collection[str], *, notes: bool = True) -> Finding | None:
    """What to tell for the first finding with one of these ids: itself, or what explains it.

    `notes` is whether one that is only a note counts; what explains it may be a note all the same.
    """
    heads: list[Finding] = []
    for found in findings:
        if not found.because or not heads:
            heads.append(found)
        if found.id in ids and (notes or found.severity is not Severity.INFO):
            return heads[-1]
    return None
