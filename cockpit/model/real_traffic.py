"""What a Prometheus says of real users' requests: how many each version got, how many failed, how long they took."""

from __future__ import annotations

from cockpit.model.ages import age, utc_time
from cockpit.model.health import Level
from cockpit.model.values import dataclass

# Seconds without a new sample after which what a Prometheus says is stale.
STALE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class RealTraffic:
    """Real requests to one version in the last `seconds`; `version` is "" where the metrics do not tell which one.

    Counts are what Prometheus extrapolates from its samples, so they are not whole. `share` is a fraction of 1 of all
    requests to the rollout, None while nothing tells it. Times are in milliseconds: p50 and p99 where the histogram is
    fine enough, else None. `newest` is when the newest sample was taken (UTC seconds). `failing` is how certain it is
    that more requests fail than a service may.
    """

    version: str
    requests: float
    errors: float
    seconds: float
    share: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    mean_ms: float | None = None
    newest: float | None = None
    stale: bool = False
    failing: Level = Level.CALM

    @property
    def error_rate(self) -> float | None:
        """Errors as a fraction of the requests; None if there were none."""
        return min(self.errors / self.requests, 1.0) if self.requests > 0 else None


@dataclass(frozen=True, slots=True)
class RealView:
    """What a Prometheus says of one rollout. Times are UTC seconds.

    `source` is where it is, `gateway` whose metrics were read. `newest` is when its newest sample was taken, `read_at`
    when it was asked last. `problem` is why nothing can be said, or nothing new.
    """

    source: str
    gateway: str = ""
    newest: float | None = None
    read_at: float | None = None
    stale: bool = False
    traffic: tuple[RealTraffic, ...] = ()
    problem: str = ""

    def of(self, version: str) -> RealTraffic | None:
        """What is known of one version; "" for requests whose version the metrics do not tell."""
        return next((one for one in self.traffic if one.version == version), None)


def age_words(view: RealView) -> str:
    """How old the newest sample was when it was read, or since when none came."""
    if view.newest is None:
        return "no data yet"
    if view.stale or view.read_at is None:
        return f"stale: no data since {utc_time(view.newest)}"
    return f"newest {age(view.read_at - view.newest)} old"
