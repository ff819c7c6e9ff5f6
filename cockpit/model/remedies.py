"""What mends a finding whose cause lies in no version, so that a roll back does not."""

from __future__ import annotations

from collections.abc import Mapping, Set

from cockpit.model.finding_kinds import FindingId
from cockpit.model.rollout import Rollout, Severity

_ITS_OWN_SERVICE = "give the canary a Service of its own, or delete it"
# A row belongs here if its requests fail whichever version the traffic is sent to.
REMEDIES: Mapping[FindingId, str] = {
    "canary-hides-main": _ITS_OWN_SERVICE,
    "canary-older-than-main": _ITS_OWN_SERVICE,
    "fault-injection": "take the fault out of the route",
    "no-such-port": "name a port of the Service in the Ingress",
    "not-accepted": "fix what the Gateway says of the route",
    "not-at-gateway": "correct the Gateway, its hosts, or exportTo of the VirtualService",
    "outside-name": "give the Service the type ClusterIP again and remove externalName",
    "selector-misses": "correct the selector of the Service",
    "service-fails": "all versions fail alike, look at what they depend on",
    "two-routes": "merge the two routes of this host and path",
    "two-virtual-services": "merge the two VirtualServices of this host",
    "undeclared-port": "correct targetPort of the Service",
}
# Findings by which a version failed when it took traffic: they count, though it takes none now.
FAILED = frozenset({"errors", "real-errors"})
# Of these only those count that say that it is so (`Finding.whatever_version`).
_IF_SAID = frozenset({"selector-misses", "undeclared-port"})
# What alone is a note, and tells why where no request is answered.
HINTS = frozenset({"undeclared-port"})
# What is measured where such a cause, or any other, keeps requests from every version.
_SYMPTOMS = frozenset({"nobody-answers", "no-answers"})


def unmended(rollout: Rollout, standing: Set[tuple[str, str]] = frozenset()) -> str:
    """What to do instead of going back where nothing that hurts is the fault of a version; "" where one may be.

    What stood before it hurt is not the cause: `standing` are those findings, by `Finding.subject`.
    """
    grave = [f for f in rollout.findings if f.severity is Severity.CRITICAL and f.subject not in standing]
    noted = {found.because for found in grave if found.id in _SYMPTOMS} & HINTS
    causes = [found for found in grave if found.id not in _SYMPTOMS and not found.because]
    causes += [found for found in rollout.findings if found.id in noted]
    names = {found.id for found in causes if found.id not in _IF_SAID or found.whatever_version}
    known = [remedy for name, remedy in REMEDIES.items() if name in names]
    return known[0] if known and all(each.id in REMEDIES and each.id in names for each in causes) else ""
