"""What the samples of an answer say of each version of a rollout. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from cockpit.metrics.answers import LARGEST_VALUE, Sample
from cockpit.metrics.gateways import Gateway
from cockpit.metrics.handles import Handles
from cockpit.metrics.promql import PART
from cockpit.metrics.quantiles import quantile
from cockpit.model.values import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests in a stretch of time, and how many of them failed."""

    requests: float = 0.0
    errors: float = 0.0


@dataclass(frozen=True, slots=True)
class VersionReading:
    """What was read of one version ("": of requests whose version the metrics do not tell).

    `now` and `before` are two stretches of time of the same length, one after the other. `age` is how old the newest
    sample is, in seconds; None if there is none. Times are in milliseconds.
    """

    version: str
    now: Counts = Counts()
    before: Counts = Counts()
    age: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    mean_ms: float | None = None


@dataclass(slots=True)
class _Sums:
    parts: dict[str, float] = field(default_factory=dict)
    age: float | None = None
    buckets: dict[float, float] = field(default_factory=dict)

    def add(self, part: str, value: float) -> None:
        self.parts[part] = self.parts.get(part, 0.0) + max(value, 0.0)

    def seen(self, age: float) -> None:
        # A clock that is a little ahead does not make samples of the future.
        self.age = max(age, 0.0) if self.age is None else min(self.age, max(age, 0.0))


def reading(samples: Iterable[Sample], gateway: Gateway, handles: Handles) -> tuple[VersionReading, ...]:
    """The reading of each version that has samples, in the order of the versions; `""` last."""
    found: dict[str, _Sums] = {}
    for sample in samples:
        sums = found.setdefault(gateway.version(dict(sample.labels), handles), _Sums())
        match sample.labels.get(PART, ""):
            case "newest":
                sums.seen(sample.at - sample.value)
            case "buckets":
                _add_bucket(sums, sample, gateway.unit_ms)
            case part:
                sums.add(part, sample.value)
    names = [*(one.version for one in handles.versions), ""]
    return tuple(_version(name, found[name], gateway.unit_ms) for name in dict.fromkeys(names) if name in found)


def knowing(samples: Iterable[Sample], gateways: Sequence[Gateway], handles: Handles, stale: float) -> Gateway | None:
    """The gateway that knows the rollout, by the answer to `finding_query`; None if none does.

    One that tells the versions apart comes before one that does not, and one with samples younger than `stale` seconds
    before one without.
    """
    keys = {gateway.key: gateway for gateway in gateways}
    best: dict[str, tuple[bool, bool]] = {}
    for sample in samples:
        gateway = keys.get(sample.labels.get(PART, ""))
        if gateway is not None:
            tells = bool(gateway.version(dict(sample.labels), handles))
            worth = (sample.at - sample.value < stale, tells)
            best[gateway.key] = max(best.get(gateway.key, (False, False)), worth)
    ranked = sorted(best, key=lambda key: (*(not good for good in best[key]), list(keys).index(key)))
    return keys[ranked[0]] if ranked else None


def own_reading(values: Mapping[str, Mapping[str, float]], versions: Sequence[str]) -> tuple[VersionReading, ...]:
    """The readings from the user's own queries: values by part, and in it by the version's place as text.

    What a user's query counts is as old as its evaluation: no sample's age is known, so it counts as new.
    """
    found = []
    for place, version in enumerate(versions):
        own = {part: by_version[str(place)] for part, by_version in values.items() if str(place) in by_version}
        if not own:
            continue
        found.append(
            VersionReading(
                version,
                Counts(max(own.get("requests", 0.0), 0.0), max(own.get("errors", 0.0), 0.0)),
                Counts(max(own.get("requests_before", 0.0), 0.0), max(own.get("errors_before", 0.0), 0.0)),
                age=0.0,
                p50_ms=own.get("p50"),
                p99_ms=own.get("p99"),
            )
        )
    return tuple(found)


def _add_bucket(sums: _Sums, sample: Sample, unit: float) -> None:
    try:
        bound = float(sample.labels.get("le", "")) * unit
    except ValueError:
        return
    if LARGEST_VALUE < abs(bound) < math.inf:
        return
    sums.buckets[bound] = sums.buckets.get(bound, 0.0) + max(sample.value, 0.0)


def _version(name: str, sums: _Sums, unit: float) -> VersionReading:
    part = sums.parts.get
    took, count = part("time_sum", 0.0), part("time_count", 0.0)
    mean = took * unit / count if count > 0 else math.inf
    return VersionReading(
        name,
        Counts(part("requests", 0.0), part("errors", 0.0)),
        Counts(part("requests_before", 0.0), part("errors_before", 0.0)),
        sums.age,
        quantile(sums.buckets, 0.5),
        quantile(sums.buckets, 0.99),
        mean if mean <= LARGEST_VALUE else None,
    )
