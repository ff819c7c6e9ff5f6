"""What users really get, from a Prometheus's counts: shares, and how certain it is that a version fails. Pure.

The rule for errors: a version fails for certain once in two stretches of time, one after the other, the always-valid
interval of its errors lies above what is tolerated (`_ALPHA` in each); in the newest one alone it is doubtful. It stops
once in both the measured rate is tolerated. Bursts of one stretch never become an alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cockpit.metrics.readings import Counts, VersionReading
from cockpit.model.ages import ago
from cockpit.model.durations import duration_words
from cockpit.model.health import Level
from cockpit.model.lanes import DEFAULT_LANE
from cockpit.model.real_traffic import STALE_SECONDS, RealTraffic, RealView
from cockpit.model.rollout import Finding, Lane, Severity
from cockpit.model.shares import percent, rough
from cockpit.model.view import ProbeView
from cockpit.probe.stats import always_valid
from cockpit.session.facts.answers import takes_traffic
from cockpit.workloads.findings import finding

# Chance that an always-valid interval ever misses the true rate. Of one stretch that is looked at once it is far less:
# where exactly what is tolerated fails, one look in 10,000 at most exceeds it, and two stretches one in 100 million, so
# that four looks a minute for 1,000 hours raise no false alarm.
_ALPHA = 1e-3
# Seconds after which a finding says how old its newest sample is, and after which it is not shown any more.
_OLD = 30.0
FORGOTTEN_SECONDS = 600.0
# Requests to the probe without an error that are worth saying beside real errors.
_FEWEST_ANSWERS = 30


def judged(earlier: Level, now: Counts, before: Counts, tolerated: float) -> Level:
    """How certain it is that more than `tolerated` of the requests fail; `earlier` is what it was until now."""
    recently = _exceeds(now, tolerated)
    if recently and _exceeds(before, tolerated):
        return Level.ALARM
    if earlier is Level.ALARM and not (_tolerable(now, tolerated) and _tolerable(before, tolerated)):
        return Level.ALARM
    return Level.DOUBTFUL if recently else Level.CALM


def real_view(
    readings: Sequence[VersionReading], versions: Sequence[str], earlier: RealView, seconds: float, now: float,
    tolerated: float,
) -> RealView:  # fmt: skip
    """The view after a reading; `earlier` is the one before, with source and gateway. `now` is UTC seconds."""
    known = {one.version: one for one in readings}
    ages = [one.age for one in readings if one.age is not None]
    newest = _taken(now, min(ages)) if ages else earlier.newest
    stale = newest is None or now - newest > STALE_SECONDS
    total = sum(one.now.requests for one in readings)
    untold = known.get("")
    traffic = []
    for name in (*versions, ""):
        one = known.get(name)
        if one is None:
            # Where every request is told, a version without any got none.
            if not name or not readings or untold is not None:
                continue
            one = VersionReading(name)
        if not name and not one.now.requests and len(known) > 1:
            continue
        last = earlier.of(name)
        traffic.append(
            RealTraffic(
                version=name,
                requests=one.now.requests,
                errors=min(one.now.errors, one.now.requests),
                seconds=seconds,
                share=one.now.requests / total if total > 0 else None,
                p50_ms=one.p50_ms,
                p99_ms=one.p99_ms,
                mean_ms=one.mean_ms,
                newest=newest if one.age is None else _taken(now, one.age),
                stale=stale,
                failing=judged(last.failing if last else Level.CALM, one.now, one.before, tolerated),
            )
        )
    return replace(earlier, newest=newest, read_at=now, stale=stale, traffic=tuple(traffic), problem="")


def _taken(now: float, age: float) -> float:
    """When a sample of this age was taken; no clock of a target began before 1970."""
    return max(now - age, 0.0)


def aged(view: RealView, now: float) -> RealView:
    """The view at `now`, stale if no sample came since; without counts once they are forgotten."""
    if view.newest is not None and now - view.newest > FORGOTTEN_SECONDS:
        return replace(view, stale=True, traffic=())
    if view.stale or view.newest is None or now - view.newest <= STALE_SECONDS:
        return view
    return replace(view, stale=True, traffic=tuple(replace(one, stale=True) for one in view.traffic))


def with_real(lanes: Sequence[Lane], view: RealView | None) -> tuple[Lane, ...]:
    """The lanes with what is known of each version's real requests, in the default lane."""
    if view is None or not view.traffic:
        return tuple(lanes)
    chosen = next((lane.name for lane in lanes if lane.name == DEFAULT_LANE), lanes[0].name if lanes else "")
    return tuple(
        replace(lane, shares=tuple(replace(share, real=view.of(share.version)) for share in lane.shares))
        if lane.name == chosen
        else lane
        for lane in lanes
    )


def real_findings(lanes: Sequence[Lane], view: RealView | None, probe: ProbeView, now: float) -> tuple[Finding, ...]:
    """Versions whose real requests fail, or may be failing, whatever the probe sees."""
    if view is None:
        return ()
    return tuple(_fails(one, lanes, view, probe, now) for one in view.traffic if one.failing is not Level.CALM)


def _fails(one: RealTraffic, lanes: Sequence[Lane], view: RealView, probe: ProbeView, now: float) -> Finding:
    rate = percent(one.error_rate)
    certain = one.failing is Level.ALARM and not one.stale
    taking = not one.version or not lanes or any(takes_traffic(lane, one.version) for lane in lanes)
    severity = Severity.WARNING if taking else Severity.INFO
    if taking and certain:
        severity = Severity.CRITICAL
    if not taking:
        text = f"real users got {rate} errors from {one.version} when it took traffic"
    elif one.version:
        text = f"real users {'get' if certain else 'may be getting'} {rate} errors from {one.version}"
        text += "".join(f"; {other.version} {percent(other.error_rate)}" for other in _others(one, view))
    else:
        text = f"real users {'get' if certain else 'may be getting'} {rate} errors"
        text += "; the metrics do not tell from which version"
    if taking and (unseen := _probe_sees_none(one.version, probe)):
        text += f"; {unseen}"
    counts = f"{rough(round(one.errors))} of {rough(round(one.requests))} requests in {duration_words(one.seconds)}"
    evidence = f"{counts} by the metrics of {view.gateway}"
    if one.newest is not None and now - one.newest >= _OLD:
        evidence += f", the newest {ago(now - one.newest)}"
    return finding("real-errors", severity, text, evidence, about=one.version or "all versions")


def _others(one: RealTraffic, view: RealView) -> list[RealTraffic]:
    return [other for other in view.traffic if other.version not in ("", one.version) and other.error_rate is not None]


def _probe_sees_none(version: str, probe: ProbeView) -> str:
    """That the probe sees no errors where real users do; "" where it sees some or has too few answers."""
    known = [one for one in probe.health if one.version and version in ("", one.version)]
    answers = sum(one.answers for one in known)
    fails = any(one.errors >= 1 or one.failing is not Level.CALM for one in known)
    return "the probe sees no errors" if answers >= _FEWEST_ANSWERS and not fails else ""


def _exceeds(counts: Counts, tolerated: float) -> bool:
    requests, errors = _whole(counts)
    return requests > 0 and always_valid(errors, requests, _ALPHA)[0] > tolerated


def _tolerable(counts: Counts, tolerated: float) -> bool:
    requests, errors = _whole(counts)
    return errors <= tolerated * requests


def _whole(counts: Counts) -> tuple[int, int]:
    """Prometheus extrapolates counts, which are whole in truth."""
    errors = round(counts.errors)
    return max(round(counts.requests), errors), errors
