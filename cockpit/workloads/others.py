"""Pods, endpoints and backends that receive a rollout's requests but belong to none of its versions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from cockpit.model.lanes import SHARE_TOLERANCE
from cockpit.model.lookup import Objects
from cockpit.model.objects import Pod, Service
from cockpit.model.rollout import OTHERS, Finding, Lane, Role, Rollout, Severity, Share, Version
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.workloads.endpoints import ready_endpoints
from cockpit.workloads.findings import finding, listed
from cockpit.workloads.owners import homes_of
from cockpit.workloads.versions import pod_cell

_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class Others:
    """`pods` are ready and known, `names` are any other endpoints; `through` is the object that routes to them."""

    pods: tuple[Pod, ...] = ()
    names: tuple[str, ...] = ()
    through: str = ""

    @property
    def ready(self) -> int:
        return len(self.pods) + len(self.names)

    def without(self, pods: Collection[Pod]) -> Others:
        """All but these pods."""
        return replace(self, pods=tuple(pod for pod in self.pods if pod not in pods))


NO_OTHERS = Others()


def outside(service: Service, objects: Objects, homes: Collection[str]) -> Others:
    """The ready endpoints of a Service that none of the workloads with uids `homes` owns."""
    found = ready_endpoints(service, objects)
    ready = [e.pod for e in found if e.pod is not None]
    pods = [pod for pod, home in zip(ready, homes_of(ready, objects), strict=True) if home not in homes]
    names = [f"endpoint {safe_text(e.name, 60)}" for e in found if not e.names_pod]
    what = f"Service {service.metadata.namespace}/{service.metadata.name}"
    return Others(tuple(sorted(pods, key=lambda pod: pod.metadata.name)), tuple(names), what)


def together(found: Sequence[Others]) -> Others:
    """What several Services route to, each pod once."""
    led = [one for one in found if one.ready]
    pods = {pod.metadata.uid or pod.metadata.name: pod for one in led for pod in one.pods}
    names = dict.fromkeys(name for one in led for name in one.names)
    return Others(tuple(pods.values()), tuple(names), listed(list(dict.fromkeys(one.through for one in led))))


def with_others(rollout: Rollout, others: Others, *, planned: bool = True) -> Rollout:
    """The rollout with a row for them in every lane where the written shares of its versions leave something to them.

    If `planned`, their declared share is what the declared shares of the versions leave (a controller's experiment).
    Else nothing is meant for them: declared shares follow from weights, and are of the versions alone.
    """
    if not others.ready:
        return rollout
    lanes = tuple(_with_row(lane, planned) for lane in rollout.lanes)
    if lanes == rollout.lanes:
        return rollout
    images = dict.fromkeys(c.image for pod in others.pods for c in pod.spec.containers if c.image)
    version = Version(
        name=OTHERS,
        role=Role.OTHERS,
        images=tuple(safe_text(image, 300) for image in images),
        workload=None,
        ready=others.ready,
        desired=others.ready,
        pods=tuple(map(pod_cell, others.pods)),
        identity=tuple(pod.metadata.uid for pod in others.pods),
    )
    findings = (*_reported(lanes, others), *rollout.findings)
    return replace(rollout, versions=(*rollout.versions, version), lanes=lanes, findings=findings)


def _with_row(lane: Lane, planned: bool) -> Lane:
    written = [share.written for share in lane.shares]
    known = [share for share in written if share is not None]
    rest = 1.0 - sum(known)
    if not lane.shares or len(known) < len(written) or rest <= SHARE_TOLERANCE:
        return lane
    declared = [share.declared for share in lane.shares if share.declared is not None]
    whole = sum(declared) if len(declared) == len(lane.shares) else 0.0
    if planned:
        left = max(1.0 - whole, 0.0) if whole else 0.0
        return replace(lane, shares=(*lane.shares, Share(OTHERS, left, rest, others=True)))
    shares = tuple(replace(s, declared=s.declared / whole) if whole and s.declared else s for s in lane.shares)
    return replace(lane, shares=(*shares, Share(OTHERS, 0.0, rest, others=True)))


def _reported(lanes: Sequence[Lane], others: Others) -> tuple[Finding, ...]:
    """The finding that names them; none if their share is declared."""
    rows = [share for lane in lanes for share in lane.shares if share.others]
    most = max(rows, key=lambda share: share.written or 0.0)
    if (most.written or 0.0) - (most.declared or 0.0) <= SHARE_TOLERANCE:
        return ()
    names = [*(f"Pod {pod.metadata.name}" for pod in others.pods), *others.names]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    text = (
        f"{others.through} also routes to {listed(names[:_MOST_NAMES])}{more}, which no version of this rollout owns:"
        f" {percent(most.written)} of the requests go there; change labels, selector or route to exclude them"
    )
    return (finding("others", Severity.WARNING, text),)
