"""A rollout as an operator thinks of it: versions, lanes, shares, findings, acts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from cockpit.model.door import Door
from cockpit.model.plan import ActState
from cockpit.model.refs import Ref, RolloutKey


class Phase(StrEnum):
    """Where a rollout stands; one word for every system."""

    AT_REST = "at rest"  # one version takes all traffic and nothing moves
    CANARY = "canary"  # traffic is split by hand
    PROGRESSING = "progressing"  # a controller is moving it
    WAITING = "waiting"  # a person has to decide
    PAUSED = "paused"
    DEGRADED = "degraded"
    ABORTED = "aborted"


class Role(StrEnum):
    STABLE = "stable"
    CANARY = "canary"
    ACTIVE = "active"
    PREVIEW = "preview"
    OLD = "old"
    NEW = "new"


class PodState(StrEnum):
    READY = "ready"
    STARTING = "starting"
    FAILING = "failing"
    LEAVING = "leaving"


class Verdict(StrEnum):
    """What the observed answers say about the written split."""

    ON = "on"
    OFF = "off"
    NOT_YET = "not-yet"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """`info` is worth knowing, `warning` needs a look, `critical` hurts users now."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class PodCell:
    name: str
    uid: str
    state: PodState
    reason: str = ""
    restarts: int = 0


@dataclass(frozen=True, slots=True)
class Version:
    """Pods of one template that answer as one.

    `name` is unique in its rollout and made for display; `identity` (ReplicaSet or workload uids) tells
    it apart. `marks` are the texts that name it in an answer (label values, image tag, workload names).
    `context` is where it runs, if that is another cluster than the rollout's.
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


@dataclass(frozen=True, slots=True)
class Observed:
    """What requests saw of one version in one lane: shares are fractions of 1, times milliseconds.

    `samples` are the answers of the lane that named a version, of which `share` is this one's; `errors`
    are this version's.
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
        """Answers of this version."""
        return round(self.share * self.samples)

    @property
    def error_rate(self) -> float | None:
        """Errors among its own answers; None while it gave none."""
        return min(self.errors / self.answers, 1.0) if self.answers else None


@dataclass(frozen=True, slots=True)
class Share:
    """The three truths of one version in one lane; fractions of 1, None where nobody knows.

    `declared` is what the rollout asks for, `written` what the router object says.
    """

    version: str
    declared: float | None
    written: float | None
    observed: Observed | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """A class of requests with a split of its own. The default lane has the name "default" and no match.

    `headers` make a request fall into the lane; None where no example can be derived (a pattern).
    `derived` is true where shares follow from pod counts and nobody wrote them.
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


@dataclass(frozen=True, slots=True)
class Step:
    """The step under way, counted from 1, 0 where a plan waits for its first; a rollout at rest has none.

    `weight` is the share that it declares for the new version, as a fraction of 1. `until` is when a timed pause
    ends (RFC 3339), `asks` true where a person has to decide before it goes on.
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
    """Something an on-call wants told. `id` is stable, such as "dangling-canary"."""

    id: str
    severity: Severity
    text: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Rollout:
    """One release of one thing. Facts only: sessions add what was observed.

    `objects` are the objects that the rollout was read from and that acts touch, the root first.
    `epoch` changes when the objects that decide the split change: samples from before do not count.
    `entrance` is what a request asks for where only the way in is missing (`door` is None, `door_missing` says
    why): its `address` is "" until a user gives one, or a cluster IP, which from outside only a proxy reaches.
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
    door: Door | None = None
    entrance: Door | None = None
    door_missing: str = ""
    created: str | None = field(default=None, compare=False)

    def version(self, name: str) -> Version | None:
        """The version of that name."""
        return next((v for v in self.versions if v.name == name), None)

    @property
    def default_lane(self) -> Lane | None:
        """The lane of requests that no rule catches; the first where a rollout has none of that name."""
        return next((lane for lane in self.lanes if lane.name == "default"), next(iter(self.lanes), None))
