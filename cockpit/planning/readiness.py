"""Whether a version can answer requests, and what a plan says or refuses if it cannot: one policy for every router.

More requests are never sent to a version without a ready pod. A share that stays or sinks is written all the same:
it makes nothing worse, and refusing it would keep the requests there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from cockpit.model.counts import counted
from cockpit.model.lanes import CLOSE
from cockpit.model.objects import Service, Workload
from cockpit.model.refs import DAEMONSETS
from cockpit.model.rollout import Version
from cockpit.model.shell_line import shell_line
from cockpit.model.text import safe_text
from cockpit.planning.earlier_version import why_failing
from cockpit.workloads.endpoints import lacking_ports
from cockpit.workloads.findings import listed


def readiness(name: str, ready: int, desired: int) -> str:
    """Such as "v1: 3 of 4 pods ready"."""
    return f"{name}: {ready} of {counted(desired, 'pod')} ready"


def without_pods(version: Version, versions: Iterable[Version], place: str) -> str:
    """Why requests are not sent to a version without a ready pod, and the way out.

    `versions` are all of the rollout at `place`, its "namespace/name": as many pods as another one has are enough.
    """
    begin = f"{version.name} has no ready pods: it cannot answer requests"
    if version.desired:
        why = why_failing(version.pods, version.ready)
        pods = f"{counted(version.desired, 'pod')} not ready" + (f" ({why})" if why else "")
        return f"{begin}; look at why, or wait: {pods}"
    if version.workload is None:
        # Most often its Service is gone or selects nothing, while the pods themselves may be ready.
        return f"{version.name} has no pods behind it: check that its Service exists and selects them"
    if version.workload.resource == DAEMONSETS:
        return f"{begin}; wait until it is ready"
    count = max((other.ready for other in versions), default=0)
    command = shell_line(["cockpit", "scale", place, f"{version.name}={max(count, 1)}"])
    return f"{begin}; {safe_text(f'scale it up first: {command}', 300)}"


def without_service(version: Version, service: str) -> str:
    """Why requests are not sent to a version whose Service is gone, whatever its pods are."""
    return f"{version.name} cannot answer requests: Service {service} does not exist; create it again first"


def unanswered(version: Version, versions: Iterable[Version], place: str, why: str) -> str:
    """The same where no request gets to it; `why` is said of what leads to it, and counts if its pods are ready."""
    if version.ready and why:
        return f"{version.name} would answer nobody, though its pods are ready: {why}; correct that first"
    return without_pods(version, versions, place)


def without_port(name: str, service: Service, workload: Workload | None) -> str:
    """Why a Service would not reach the ready pods of the version `name`; "" if it would, as far as is known."""
    ports = lacking_ports(service, workload) if workload else ()
    if not ports:
        return ""
    place = f"{service.metadata.namespace}/{service.metadata.name}"
    named = listed([safe_text(port, 63) for port in ports])
    return (
        f"{name} would answer nobody: Service {place} sends to a port named {named}, which its containers do not have;"
        " name their port so, or change targetPort"
    )


def why_not_raise(
    versions: Iterable[Version],
    before: Mapping[str, float],
    after: Mapping[str, float],
    why_failing: Callable[[Version], str],
) -> str:
    """Why shares cannot become `after`, by version name: one of them rises for a version that cannot answer.

    `why_failing` says why a version cannot, with a way out; "" if it can.
    """
    raised = (v for v in versions if after.get(v.name, 0.0) > before.get(v.name, 0.0) + CLOSE)
    return next(filter(None, map(why_failing, raised)), "")
