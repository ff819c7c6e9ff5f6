"""What user interfaces show: immutable, published at most ten times a second, always consistent."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from cockpit.model.counts import counted
from cockpit.model.guard import GuardView
from cockpit.model.health import NOT_MEASURED, AnswerHealth, Health, RolloutHealth
from cockpit.model.journal import ActRecord, Origin, Seen
from cockpit.model.pairing import NO_PAIRING, PairingView
from cockpit.model.plan import Act, Plan, Refused
from cockpit.model.probe_answer import PhaseTimes
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.real_traffic import RealView
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.sampling import NOT_SAMPLED, ContextSampling
from cockpit.model.values import dataclass


class Sync(StrEnum):
    """Sync state of a kind, or of a cluster (the worst of its kinds)."""

    CONNECTING = "connecting"
    SYNCING = "syncing"
    LIVE = "live"
    RETRYING = "retrying"  # data may be stale since `since`
    FORBIDDEN = "forbidden"
    ABSENT = "absent"  # the cluster does not serve the kind
    REFUSED = "refused"  # credentials rejected


@dataclass(frozen=True, slots=True)
class KindSync:
    """One kind of one cluster. Times are UTC seconds since 1970; `error` is safe text.

    `read` of `expected` objects are in of a list that takes several pages; 0 while none is being read, or if the
    server does not say how many there are.
    """

    kind: str
    state: Sync
    since: float
    error: str = ""
    retry_at: float | None = None
    last_event: float | None = None
    objects: int = 0
    relists: int = 0
    dropped: int = 0  # objects that could not be decoded
    group: str = ""  # API group
    read: int = 0
    expected: int = 0


@dataclass(frozen=True, slots=True)
class ClusterView:
    """One context; `state` is the worst of the kinds that matter, `stale_since` is set when not live.

    `aside` is a cluster that was not requested: it is read because it shares a gateway with a requested one, and
    its own rollouts are not shown. `unfinished` is how many objects still have to be read into rollouts. `asking` while
    it is not known yet what the user may do: whether probes may go through its API server, and which acts are allowed.
    """

    context: str
    server: str
    user: str
    namespace: str | None  # None: all namespaces
    production: bool
    state: Sync
    message: str
    stale_since: float | None
    kinds: tuple[KindSync, ...]
    aside: bool = False
    sampling: ContextSampling = NOT_SAMPLED
    unfinished: int = 0
    asking: bool = False
    read_only: bool = False


class CellKind(StrEnum):
    ANSWER = "answer"
    ERROR = "error"  # an answer with status 5xx, or none at all
    UNKNOWN = "unknown"  # an answer that names no version


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer in the probe strip. `note` is the status or the failure, safe and short.

    `at` is when it came, in monotonic seconds.
    """

    kind: CellKind
    version: str | None
    lane: str
    note: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Point:
    """What was observed in a lane in the time slice that begins at `at` (UTC seconds) and takes `seconds`.

    `shares` are the versions' shares of the `samples` answers that name one. `errors` are the failed requests by
    version, "" for those that no version answered; `worst` is the highest error rate, and `p50_ms` the highest median
    time, of any of the finest slices in it.
    """

    at: float
    lane: str
    shares: tuple[tuple[str, float], ...]
    samples: int
    seconds: float = 5.0
    errors: tuple[tuple[str, int], ...] = ()
    worst: tuple[tuple[str, float], ...] = ()
    p50_ms: tuple[tuple[str, float], ...] = ()

    @property
    def end(self) -> float:
        """When the slice ends (UTC seconds)."""
        return self.at + self.seconds


@dataclass(frozen=True, slots=True)
class WrittenSplit:
    """What was written for a lane from `at` (UTC seconds) on; `found`: it was so when the looking began."""

    at: float
    lane: str
    shares: tuple[tuple[str, float], ...]
    found: bool = False


@dataclass(frozen=True, slots=True)
class ProbeView:
    """The probe of one rollout. `strip`, `history` and `splits` hold the newest last, bounded; older points of the
    history are coarser.

    `idle` is why nothing is sent though nobody stopped the probe, "" if it runs or was stopped. `too_slow` says that
    the probe itself is the bottleneck, so that times are not the service's and no version is judged by them. `source`
    says who sends where it is not this machine, such as the pods of a Job.
    """

    running: bool
    probe_target: ProbeTarget | None
    rate: float  # recent answers per second
    asked_rate: float
    total: int
    errors: int
    unknown: int
    strip: tuple[Cell, ...] = ()
    strip_total: int = 0  # total cells appended, to find the new ones
    history: tuple[Point, ...] = ()
    splits: tuple[WrittenSplit, ...] = ()
    message: str = ""
    health: tuple[AnswerHealth, ...] = ()
    idle: str = ""
    phases: tuple[PhaseTimes, ...] = ()
    too_slow: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """Result of remembering a probe target: `place` is the file, "" if nothing is stored.

    `withheld` are the headers whose values are secret and were not written; `problem` is the error, if any.
    """

    place: str = ""
    withheld: tuple[str, ...] = ()
    problem: str = ""


class Stage(StrEnum):
    """Stages of an act, in order; `verified` and `unverified` both follow `sent`."""

    DRY_RUN = "dry-run"
    REFUSED = "refused"
    SENDING = "sending"
    SENT = "sent"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    UNKNOWN = "unknown"  # sent, but no response: it may or may not have happened
    PROPOSED = "proposed"  # stored for a second person to confirm; nothing was sent
    NOTED = "noted"  # no act of this cockpit: of a guard, of a person, of health, of another tool


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal. `server` is the address of the cluster, which tells clusters with the same context
    name apart; "" if it is not known. `record` is the plan as it was sent, `seen` what was seen when the line was
    written; None if it was not kept. `undoes` is the id of the act that it undoes, "" if it undoes none. `until` is
    when what it tells of ended (UTC seconds), None if that did not, or took no time.
    """

    id: str
    at: float
    who: str
    rollout: RolloutKey
    act: str
    title: str
    stage: Stage
    why: str = ""
    commands: tuple[str, ...] = ()
    server: str = ""
    origin: Origin = Origin.HERE
    record: ActRecord | None = None
    seen: Seen | None = None
    undoes: str = ""
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan that was checked against the server: `checks` are the dry run results of each request.

    `concerns` are observed problems of the version that more users would get. `digest` is the plan's hash, by which two
    cockpits see that they mean the same; "" if it cannot be compared. `proposable`: it is blocked because a second
    person has to confirm it first, and by nothing else that a proposal does not settle.
    """

    plan: Plan
    checks: tuple[str, ...]
    blocked: str = ""  # why it cannot be sent (permissions, read-only, dry run refused); empty: it can
    production: bool = False
    diff: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    digest: str = ""
    proposable: bool = False

    @property
    def asks_for_name(self) -> bool:
        """Whether the rollout's name has to be typed to send it."""
        return self.production and self.plan.decisive


@dataclass(frozen=True, slots=True)
class Counting:
    """How many answers were counted after an act, and about how many more a verdict needs."""

    answers: int
    missing: int

    def __str__(self) -> str:
        return f"{counted(self.answers, 'answer')} seen, about {self.missing} more needed to be sure"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result or current stage of an act. `partial` is true if some of its requests were done and one failed.

    `superseded` is true if a newer act ended the wait for its effect, `failed` if the release ended degraded or
    aborted instead of in the expected state, or reached it but no request is answered. `counting` is set if the act is
    verified in the objects and too few answers are in: while SENT they are still being counted, VERIFIED time was up.
    """

    stage: Stage
    why: str
    plan: Plan | None
    refused: Refused | None = None
    partial: bool = False
    superseded: bool = False
    failed: bool = False
    counting: Counting | None = None


@dataclass(frozen=True, slots=True)
class Undoing:
    """The act that an undo would reverse. `by` is who sent it, as an Event claims; "" for one of this machine."""

    title: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class RolloutView:
    """A rollout with what was observed, and its probe. `stale` says why its data may be old or incomplete, or "".

    `real` is what a Prometheus says, if it is read. `denied` says why this user cannot undo, or may not probe from
    inside the cluster. `undoing` is the last act that is known, of this machine or of another cockpit.
    """

    rollout: Rollout
    probe: ProbeView
    acting: str = ""  # the act in progress, in words
    health: RolloutHealth = NOT_MEASURED
    guard: GuardView | None = None
    real: RealView | None = None
    stale: str = ""
    denied: tuple[tuple[Act, str], ...] = ()
    undoing: Undoing | None = None

    def why_denied(self, act: Act) -> str:
        """Why this user cannot undo, or probe from inside; "" if they may, or if that is not certain."""
        return next((why for denied, why in self.denied if denied is act), "")

    @property
    def urgent(self) -> bool:
        """Whether it moves, or something speaks against it: it is sampled before what is at rest."""
        moves = self.rollout.phase is not Phase.AT_REST or bool(self.acting)
        return moves or self.health.health in (Health.HURT, Health.DOUBTFUL)


@dataclass(frozen=True, slots=True)
class RolloutGroup:
    """The same rollout (namespace, name and system) in several clusters.

    `view` is the combined view: its key has no context, its shares are those on which the clusters agree (None where
    they differ), its phase and findings are the worst. `parts` are the keys for reading and acts.
    """

    view: RolloutView
    parts: tuple[RolloutKey, ...]


@dataclass(frozen=True, slots=True)
class Playback:
    """Where a replay stands: which moment of the record is shown, and when it began and ended (UTC seconds).

    `speed` is record seconds per second. `note` is the last act or finding, `damage` where and why the file stops to
    be readable, "" if it is whole. `pressed` is the key that a person pressed a moment ago, and what it does.
    """

    at: float
    began: float
    ended: float
    speed: float = 1.0
    paused: bool = False
    note: str = ""
    damage: str = ""
    pressed: str = ""


@dataclass(frozen=True, slots=True)
class Reenactment:
    """The embedded cluster plays a record, so that somebody can act in it.

    `guess_since` is when somebody did (UTC seconds): what is shown from then on is its guess. None: it is as recorded.
    """

    guess_since: float | None = None


@dataclass(frozen=True, slots=True)
class FleetView:
    """Everything a user interface shows. Unchanged parts are the same objects as in the previous view.

    `playback` is set if it is a recording that is shown, `reenactment` if the embedded cluster plays one.
    """

    at: float
    clusters: tuple[ClusterView, ...]
    rollouts: tuple[RolloutView, ...]
    journal: tuple[Entry, ...]
    read_only: bool
    user: str
    groups: tuple[RolloutGroup, ...] = ()
    playback: Playback | None = None
    pairing: PairingView = NO_PAIRING
    reenactment: Reenactment | None = None


def successor(key: RolloutKey, views: Iterable[RolloutView]) -> RolloutView | None:
    """The rollout that `key` became when another system began to drive it; None if none did, or several may have."""
    found = [view for view in views if view.rollout.was(key)]
    return found[0] if len(found) == 1 and found[0].rollout.key != key else None
