"""What a face may show: immutable, made at most ten times a second, never partly changed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.door import Door
from cockpit.model.plan import Plan, Refused
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout


class Sync(StrEnum):
    """How far the data of a kind (or, worst first, of a cluster) can be trusted."""

    CONNECTING = "connecting"
    SYNCING = "syncing"
    LIVE = "live"
    RETRYING = "retrying"  # what is shown may be old; `since` says since when
    FORBIDDEN = "forbidden"
    ABSENT = "absent"  # the cluster does not serve the kind
    REFUSED = "refused"  # credentials are not accepted


@dataclass(frozen=True, slots=True)
class KindSync:
    """One kind of one cluster. Times are UTC seconds since 1970; `error` is safe text."""

    kind: str
    state: Sync
    since: float
    error: str = ""
    retry_at: float | None = None
    last_event: float | None = None
    objects: int = 0
    relists: int = 0
    dropped: int = 0  # objects that could not be decoded


@dataclass(frozen=True, slots=True)
class ClusterView:
    """One context; `state` is the worst of the kinds that matter, `stale_since` is set when not live.

    `aside` is one that was not asked for: it is read because it is behind a gateway with one that was, and its own
    rollouts are not shown.
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


class CellKind(StrEnum):
    ANSWER = "answer"
    ERROR = "error"  # an answer with status 5xx, or none at all
    UNKNOWN = "unknown"  # an answer that names no version


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer in the strip. `note` is the status or the failure, safe and short."""

    kind: CellKind
    version: str | None
    lane: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """Observed share of each version in a lane over a slice of time."""

    at: float
    lane: str
    shares: tuple[tuple[str, float], ...]
    samples: int


@dataclass(frozen=True, slots=True)
class Health:
    """The newest answers of one version, and the errors among them, whatever split they were given under."""

    version: str
    answers: int
    errors: int


@dataclass(frozen=True, slots=True)
class ProbeView:
    """The probe of one rollout. `strip` and `history` hold the newest last, bounded."""

    running: bool
    door: Door | None
    rate: float  # answers per second, lately
    asked_rate: float
    total: int
    errors: int
    unknown: int
    epoch_since: float | None
    strip: tuple[Cell, ...] = ()
    strip_total: int = 0  # cells ever appended: tells how many are new
    history: tuple[Point, ...] = ()
    message: str = ""
    health: tuple[Health, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of remembering where a probe sends: `place` is the file, "" where nothing is kept.

    `withheld` names the headers whose values are secret and were not written; `problem` says why nothing was.
    """

    place: str = ""
    withheld: tuple[str, ...] = ()
    problem: str = ""


class Stage(StrEnum):
    """What became of an act, in order; `verified` and `unverified` are both after `sent`."""

    DRY_RUN = "dry-run"
    REFUSED = "refused"
    SENDING = "sending"
    SENT = "sent"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    UNKNOWN = "unknown"  # the request left, and no answer came: it may or may not have happened


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal."""

    id: str
    at: float
    who: str
    rollout: RolloutKey
    act: str
    title: str
    stage: Stage
    why: str = ""
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan that was checked against the server: `checks` says how each request fared in the dry run.

    `concerns` are what is wrong with the version that more users would get, as it was observed.
    """

    plan: Plan
    checks: tuple[str, ...]
    blocked: str = ""  # why it cannot be sent (rights, read-only, dry run refused); empty: it can
    production: bool = False
    diff: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an act ended, or how far it is. `partial` is true where some of its requests were done and one failed.

    `superseded` where a newer act ended the wait for its effect, `failed` where the release ended degraded or aborted
    instead of where the act was to bring it.
    """

    stage: Stage
    why: str
    plan: Plan | None
    refused: Refused | None = None
    partial: bool = False
    superseded: bool = False
    failed: bool = False


@dataclass(frozen=True, slots=True)
class RolloutView:
    """A rollout with what was observed, and its probe."""

    rollout: Rollout
    probe: ProbeView
    acting: str = ""  # the act under way, in words


@dataclass(frozen=True, slots=True)
class RolloutGroup:
    """The same rollout (namespace, name and system) in several clusters.

    `view` is all of it together: its key has no context, its shares are those on which the clusters agree (None where
    they differ), its phase and findings the worst. `parts` are the keys by which facts and acts are asked for.
    """

    view: RolloutView
    parts: tuple[RolloutKey, ...]


@dataclass(frozen=True, slots=True)
class FleetView:
    """Everything a face shows. Parts that did not change are the same objects as in the view before."""

    at: float
    clusters: tuple[ClusterView, ...]
    rollouts: tuple[RolloutView, ...]
    journal: tuple[Entry, ...]
    read_only: bool
    user: str
    groups: tuple[RolloutGroup, ...] = ()
