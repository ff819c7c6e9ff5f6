"""A rollout from an operator's view: versions, lanes, shares, findings, acts."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from cockpit.model.awaited import Awaited
from cockpit.model.checks import Check, Said
from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.plan import Act, ActState
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.real_traffic import RealTraffic
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.values import dataclass

# The name of the row for pods, backends and answers that belong to no version.
OTHERS = "others"
# The name of the row for requests that no version answered.
NOBODY = "no version"


class Phase(StrEnum):
    """The phase of a rollout, the same words for every system."""

    AT_REST = "at rest"  # one version receives all traffic and nothing changes
    CANARY = "canary"  # traffic is split by hand
    PROGRESSING = "progressing"  # a controller is changing it
    WAITING = "waiting"  # waits for approval
    PAUSED = "paused"
    DEGRADED = "degraded"
    ABORTED = "aborted"


# How a release ends that does not go on by itself.
LOST = frozenset({Phase.DEGRADED, Phase.ABORTED})


class Role(StrEnum):
    STABLE = "stable"
    CANARY = "canary"
    ACTIVE = "active"
    PREVIEW = "preview"
    OLD = "old"
    NEW = "new"
    TRIAL = "experiment"  # runs beside the versions for a while; no act is about it
    OTHERS = "others"  # belongs to no version of the rollout but receives requests


class PodState(StrEnum):
    READY = "ready"
    STARTING = "starting"
    FAILING = "failing"
    LEAVING = "leaving"


class Verdict(StrEnum):
    """Whether the observed split matches the written one."""

    ON = "on"
    OFF = "off"
    DOUBTFUL = "doubtful"  # something speaks against the written split, not yet for certain
    NOT_YET = "not-yet"  # too few answers
    UNKNOWN = "unknown"


class Followed(StrEnum):
    """Whether requests follow a split that was written lately, or still the previous one."""

    YES = "yes"
    PARTLY = "partly"  # some of the gateways do
    NOT_YET = "not-yet"


class Severity(StrEnum):
    """`info` is good to know, `warning` needs attention, `critical` affects users now."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class PodCell:
    """One pod. `node` is "" until it is scheduled, `created` is RFC 3339, `ready` counts containers.

    `held_up` is what Kubernetes says of a pod that waits for something outside it: a node, a readiness gate. `since` is
    when a pod that is not ready began to be so (RFC 3339), and `patience` how many seconds its own probes allow it.
    """

    name: str
    uid: str
    state: PodState
    reason: str = ""
    restarts: int = 0
    node: str = ""
    created: str = ""
    ready: int = 0
    containers: int = 0
    held_up: str = ""
    since: str = ""
    patience: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """The pods of one template.

    `name` is unique in its rollout and for display; `identity` identifies it: uids of ReplicaSets or workloads, after
    that of a ReplicaSet the hash of its template as KEY=HASH.
    `marks` are the texts that name it in an answer (label values, image tag, workload names). `context` is the
    cluster where it runs, if that is not the rollout's. `born` is when it was first rolled out (RFC 3339), "" if that
    is not known. `templates` are the hashes of the templates of its ready pods: others once its workload is
    changed in place.
    """

    name: str
    role: Role
    images: tuple[str, ...]
    workload: Ref | None
    ready: int
    desired: int
    pods: tuple[PodCell, ...] = ()
    identity: tuple[str, ...] = ()
    marks: frozenset[str] = frozenset()
    context: str = ""
    born: str = field(default="", compare=False)
    templates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Observed:
    """Probe results of one version in one lane: shares are fractions of 1, times are in milliseconds.

    `samples` is the number of answers in the lane that name a version, plus those that name none where others do, plus
    the requests that no version answered where these are told (`Lane.unanswered`); `share` is this version's part of
    them, `errors` this version's errors.
    """

    share: float
    low: float
    high: float
    samples: int
    errors: int = 0
    p50_ms: float | None = None
    p99_ms: float | None = None

    @property
    def answers(self) -> int:
        """Number of answers from this version."""
        return round(self.share * self.samples)

    @property
    def error_rate(self) -> float | None:
        """Error rate among its own answers; None if there are none."""
        return min(self.errors / self.answers, 1.0) if self.answers else None


@dataclass(frozen=True, slots=True)
class Share:
    """Declared, written and observed share of one version in one lane; fractions of 1, None if unknown.

    `declared` is what the rollout specifies, `written` what the routing object contains. `others` is true for the
    row of requests that go to no version. `real` is what a Prometheus says of real users' requests, which it does not
    tell apart by lane: it is that of all lanes, in the default lane only.
    """

    version: str
    declared: float | None
    written: float | None
    observed: Observed | None = None
    others: bool = False
    real: RealTraffic | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """A class of requests with its own split. The default lane has the name `DEFAULT_LANE` and no match.

    `headers` put a request into the lane; None if no example can be derived (a pattern).
    `derived` is true if shares follow from pod counts instead of a written split. `followed` is judged after a
    change. `awaited_since` is when this split was written, or first looked at (UTC seconds), while gateways may still
    be about to follow it: None once it was ON, or where answers agree with no split before it. `p_value` is the
    largest chance that a split that is followed looks as bad as this at some time until now. `missing` is about how
    many more answers a verdict needs; None if it has one or none would help. `sticky` is the lane of a probe's client
    that keeps its cookies beside the lane of the same requests without, or one in which an address stays on one pod:
    its split is not judged. `unanswered` are the requests that no version answered, None while they are no part to
    speak of; `unanswered_note` is the status or failure of most of them.
    """

    name: str
    match: str
    shares: tuple[Share, ...]
    headers: tuple[tuple[str, str], ...] | None = ()
    derived: bool = False
    verdict: Verdict = Verdict.UNKNOWN
    samples: int = 0
    errors: int = 0
    unknown: int = 0
    p_value: float | None = None
    followed: Followed = Followed.YES
    awaited_since: float | None = None
    missing: int | None = None
    sticky: bool = False
    unanswered: Observed | None = None
    unanswered_note: str = ""

    @property
    def rows(self) -> tuple[Share, ...]:
        """The shares, and one more for the requests that no version answered: what a table of the lane shows."""
        if self.unanswered is None:
            return self.shares
        name = f"{NOBODY}: {self.unanswered_note}" if self.unanswered_note else NOBODY
        return (*self.shares, Share(name, None, None, self.unanswered, others=True))


@dataclass(frozen=True, slots=True)
class Step:
    """The current step, counted from 1, or 0 before the first; a rollout at rest has none.

    `weight` is the share that it declares for the new version, as a fraction of 1. `until` is the end of a timed
    pause (RFC 3339), `asks` is true if the step waits for approval.
    """

    index: int
    count: int
    weight: float | None
    title: str = ""
    until: str | None = None
    asks: bool = False


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One entry of a rollout's plan, such as ("20%", 0.2) or ("pause 10m", None)."""

    title: str
    weight: float | None = None
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that an on-call engineer needs to know. `id` is stable, such as "dangling-canary".

    `about` names the version and lane that a finding with figures is about; "" if its text alone identifies it.
    `whatever_pods` is true where no pod could take it back, although one could take back others of its id.
    `because` is the id of the finding that explains it, "" if none does (`model.finding_order`). `partly` is true where
    something else fails besides, for another reason, so that it explains nothing itself. `whatever_version` is true
    where requests fail to whichever version they are sent, although those of other findings of its id may not. `acts`
    are those that its text tells the user to do (`model.advice`).
    """

    id: str
    severity: Severity
    text: str
    evidence: str = ""
    about: str = ""
    whatever_pods: bool = False
    because: str = ""
    partly: bool = False
    whatever_version: bool = False
    acts: tuple[Act, ...] = ()

    @property
    def subject(self) -> tuple[str, str]:
        """What makes it the same finding as an earlier one, whatever its figures are now."""
        return self.id, self.about or self.text


@dataclass(frozen=True, slots=True)
class Owner:
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Rollout:
    """One release of one application. Facts only: sessions add what was observed.

    `objects` are the objects that the rollout was read from and that acts change, the root first.
    `aliases` are its other names, besides those of its objects (`is_called`).
    `epoch` changes when the objects that decide the split change: earlier samples no longer count.
    `incomplete_target` is the probe target if only the address is missing (`probe_target` is None,
    `probe_target_missing` says why): its `address` is "" until a user sets one, or a cluster IP, which from outside
    only a proxy can reach.
    `api_target` goes through the API server's Service proxy to the Service whose endpoints decide the split; None if
    something else decides it. A session uses it where `probe_target` is None and the user has the right.
    `since` is when its controller says that it came to where it stands (RFC 3339), None if it does not say.
    `labels` and `annotations` are those of its root object, by name; of the annotations only the short ones.
    `checks` are what judges the release, the worst first, `said` what its controller says in its own words, `awaited`
    what only its controllers can do next and have not done. `inside_only` is true where no route leads to its Service
    from outside, so that answers say which version is behind it and not what users get.
    """

    key: RolloutKey
    router: str
    phase: Phase
    message: str
    versions: tuple[Version, ...]
    lanes: tuple[Lane, ...]
    objects: tuple[Ref, ...]
    epoch: str
    step: Step | None = None
    steps: tuple[PlannedStep, ...] = ()
    findings: tuple[Finding, ...] = ()
    acts: tuple[ActState, ...] = ()
    owners: tuple[Owner, ...] = ()
    probe_target: ProbeTarget | None = None
    incomplete_target: ProbeTarget | None = None
    probe_target_missing: str = ""
    api_target: ProbeTarget | None = None
    created: str | None = field(default=None, compare=False)
    since: str | None = field(default=None, compare=False)
    aliases: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    annotations: tuple[tuple[str, str], ...] = ()
    checks: tuple[Check, ...] = ()
    said: tuple[Said, ...] = ()
    awaited: tuple[Awaited, ...] = ()
    inside_only: bool = False

    def is_called(self, name: str) -> bool:
        """Whether a name means this rollout: its own, or that of one of its objects or of one that routes to it."""
        refs = (*self.objects, *(v.workload for v in self.versions if v.workload))
        own = {ref.name for ref in refs if ref.namespace == self.key.namespace}
        return name == self.key.name or name in self.aliases or name in own

    def was(self, key: RolloutKey) -> bool:
        """Whether `key` can be an earlier key of this rollout: another system or name of the same application."""
        return (key.context, key.namespace) == (self.key.context, self.key.namespace) and self.is_called(key.name)

    def version(self, name: str) -> Version | None:
        """The version with that name."""
        return next((v for v in self.versions if v.name == name), None)

    def completed_by(self, current: ProbeTarget | None) -> ProbeTarget | None:
        """The target that an entered address completes: `current`, unless that goes through the API server."""
        if current and current.service is None:
            return current
        return self.incomplete_target or current

    @property
    def own_versions(self) -> tuple[Version, ...]:
        """The versions that acts can use: all except experiments and the row for requests that go to no version."""
        return tuple(version for version in self.versions if version.role not in (Role.TRIAL, Role.OTHERS))

    @property
    def default_lane(self) -> Lane | None:
        """The lane of requests that match no rule; the first lane if there is none with that name."""
        return next((lane for lane in self.lanes if lane.name == DEFAULT_LANE), next(iter(self.lanes), None))
