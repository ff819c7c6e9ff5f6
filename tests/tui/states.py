"""One rollout in every state that its screen has to tell, each with a history that led there."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.checks import Check, CheckState, Measured, Metric, Said
from cockpit.model.health import Health, RolloutHealth
from cockpit.model.plan import Act
from cockpit.model.rollout import Finding, Lane, Phase, Role, Severity, Share, Step, Verdict
from cockpit.model.view import Entry, FleetView, Point, RolloutView, Stage, Sync, Undoing, WrittenSplit
from tests.tui.fake import (
    ARGO_STEPS,
    CONTROLLED,
    DOUBTFUL,
    FINE,
    NOWHERE,
    QUIET,
    START,
    acts,
    cluster,
    fleet,
    lane,
    observed,
    probing,
    rollout,
    version,
)
from tests.tui.scenes import WIDE, crowded
from tests.tui.strips import strip

NOW = 300.0
FAILS = "v2 fails 21% of its requests (26 of 121, v1 0%) and is ten times slower"
# What was written for v2, and since when.
STEPS = ((0.0, 0.05), (90.0, 0.1), (170.0, 0.25))


def way(*steps: tuple[float, float], errors: float = 0.0, noise: int = 7) -> tuple[Point, ...]:
    """Answers as written, a little apart from it, of which v2 fails a part."""
    points = []
    for number, at in enumerate(range(0, int(NOW), 5)):
        written = next(share for begin, share in reversed(steps) if begin <= at)
        share = max(written + ((number * 3) % noise - noise // 2) / 100, 0.0)
        failed = errors > 0 and share > 0 and number % 3 == 0 and at > 90
        points.append(Point(
            START + at, "default", (("v1", 1 - share), ("v2", share)), 60, 5.0, (("v2", 3),) if failed else (),
            (("v2", errors),) if failed else (), (("v1", 24.0), ("v2", 254.0 if errors else 26.0)),
        ))  # fmt: skip
    return tuple(points)


def splits(*steps: tuple[float, float]) -> tuple[WrittenSplit, ...]:
    return tuple(
        WrittenSplit(START + at, "default", (("v1", 1 - share), ("v2", share)), number == 0)
        for number, (at, share) in enumerate(steps)
    )


def followed(view: RolloutView, *steps: tuple[float, float], errors: float = 0.0, **parts: object) -> RolloutView:
    """The rollout with this way behind it."""
    steps = steps or STEPS
    probe = replace(view.probe, history=way(*steps, errors=errors), splits=splits(*steps), **parts)  # type: ignore[arg-type]
    return replace(view, probe=probe)


def canary(share: float = 0.25, seen: float = 0.26, **parts: object) -> RolloutView:
    shown = rollout("pay", "ingress", Phase.CANARY, (lane(share, seen, 0.04, 480),), **parts)
    shown = replace(shown, key=replace(shown.key, namespace="payments"))
    return RolloutView(shown, probing("pay.example", strip=strip(300), strip_total=300), health=FINE)


def fine() -> RolloutView:
    return followed(canary())


def hurt() -> RolloutView:
    found = Finding("errors", Severity.CRITICAL, FAILS, "", "v2 default")
    slow = Finding("slower", Severity.WARNING, "v2 takes 254 ms, v1 24 ms", "121 answers")
    view = canary(findings=(found, slow))
    first, second = lane(0.25, 0.26, 0.04, 480, errors=26).shares
    assert second.observed
    shares = (first, replace(second, observed=replace(second.observed, p50_ms=254.0)))
    view = replace(view, rollout=replace(view.rollout, lanes=(replace(view.rollout.lanes[0], shares=shares),)))
    view = replace(view, health=RolloutHealth(Health.HURT, FAILS))
    return followed(view, errors=0.21, strip=strip(300, 4, 13), total=480)


def waiting() -> RolloutView:
    shown = rollout(
        "cart", "argo", Phase.WAITING, (lane(0.2, 0.19),), step=Step(2, 6, 0.2, "pause", asks=True), steps=ARGO_STEPS,
        acts=CONTROLLED, message="CanaryPauseStep",
    )  # fmt: skip
    return followed(RolloutView(shown, probing("cart.example"), health=FINE), (0, 0.0), (100, 0.2))


def timed() -> RolloutView:
    view = waiting()
    step = Step(4, 6, 0.3, "pause 10m", "2026-01-01T00:12:30Z")
    growing = (version("v1", Role.STABLE, 4, 4), version("v2", Role.CANARY, 1, 3))
    return replace(view, rollout=replace(view.rollout, phase=Phase.PAUSED, step=step, versions=growing))


def doubtful() -> RolloutView:
    view = canary(0.3, 0.26)
    drawn = replace(view.rollout.lanes[0], verdict=Verdict.DOUBTFUL)
    return followed(replace(view, rollout=replace(view.rollout, lanes=(drawn,)), health=DOUBTFUL))


def measuring() -> RolloutView:
    view = canary()
    drawn = replace(lane(0.25, 0.28, 0.12, 40, Verdict.NOT_YET), missing=160)
    health = RolloutHealth(Health.NOT_MEASURED, "160 more answers needed")
    return followed(replace(view, rollout=replace(view.rollout, lanes=(drawn,)), health=health))


def unmeasured() -> RolloutView:
    view = canary(0.25, None)  # type: ignore[arg-type]
    drawn = replace(view.rollout.lanes[0], verdict=Verdict.UNKNOWN)
    return replace(view, rollout=replace(view.rollout, lanes=(drawn,)), probe=QUIET, health=NOWHERE)


def aborted() -> RolloutView:
    view = waiting()
    found = Finding("aborted", Severity.WARNING, "the analysis success-rate failed: 3 of 3 measurements below 0.95")
    shown = replace(view.rollout, phase=Phase.ABORTED, step=Step(0, 6, 0.0), lanes=(lane(0.0, 0.0),), findings=(found,),
                    message="RolloutAborted: metric success-rate assessed Failed")  # fmt: skip
    return followed(replace(view, rollout=shown), (0, 0.0), (100, 0.2), (200, 0.0))


def laned() -> RolloutView:
    view = canary()
    testers = lane(1.0, 1.0, 0.04, 90, name="x-tester", match="x-tester: always")
    return followed(replace(view, rollout=replace(view.rollout, lanes=(*view.rollout.lanes, testers))))


def four() -> RolloutView:
    names = ("v1", "v2", "v3", "v4")
    roles = (Role.STABLE, Role.CANARY, Role.CANARY, Role.OLD)
    shares = tuple(Share(n, w, w, observed(w, 0.03, 600, p50=10 + 5 * w))
                   for n, w in zip(names, (0.6, 0.25, 0.15, 0.0), strict=True))  # fmt: skip
    drawn = Lane("default", "", shares, verdict=Verdict.ON, samples=600)
    view = canary()
    versions = tuple(version(n, role, 2, 2) for n, role in zip(names, roles, strict=True))
    return followed(replace(view, rollout=replace(view.rollout, lanes=(drawn,), versions=versions)))


def renamed(old: str, new: str) -> RolloutView:
    """The fine one with other names."""
    view = fine()
    names = {"v1": old, "v2": new}

    def named(pairs: tuple[tuple[str, float], ...]) -> tuple[tuple[str, float], ...]:
        return tuple((names[name], value) for name, value in pairs)

    lanes = tuple(
        replace(each, shares=tuple(replace(s, version=names[s.version]) for s in each.shares))
        for each in view.rollout.lanes
    )
    versions = tuple(
        replace(
            each, name=names[each.name], images=(f"registry.example.com/shop/checkout-frontend:{names[each.name]}",)
        )
        for each in view.rollout.versions
    )
    probe = replace(
        view.probe,
        history=tuple(replace(p, shares=named(p.shares), p50_ms=named(p.p50_ms)) for p in view.probe.history),
        splits=tuple(replace(s, shares=named(s.shares)) for s in view.probe.splits),
        strip=tuple(replace(c, version=names[c.version or "v1"]) for c in view.probe.strip),
    )
    return replace(view, rollout=replace(view.rollout, lanes=lanes, versions=versions), probe=probe)


def long_names() -> RolloutView:
    view = renamed("release-2026.01.14-build-4711", "release-2026.01.15-build-4822")
    key = replace(view.rollout.key, namespace="payments-production-eu", name="checkout-frontend-gateway")
    return replace(view, rollout=replace(view.rollout, key=key))


def chinese() -> RolloutView:
    view = renamed("稳定版本", "金丝雀版本")
    found = Finding("owner", Severity.WARNING, f"Argo CD 应用 {WIDE} 管理此 Ingress", "每三分钟同步一次")
    return replace(view, rollout=replace(view.rollout, findings=(found,)))


def judged() -> RolloutView:
    """Two runs decide: the step's may fail no more, the one in the background could not tell."""
    view = waiting()
    values = (Measured("0.98", CheckState.SUCCESSFUL), Measured("0.91", CheckState.FAILED))
    success = Metric(
        "success-rate", CheckState.RUNNING, values, "good if result >= 0.95", "30s", 3, 5, failed=2, failure_limit=2,
    )  # fmt: skip
    p99 = Metric("p99", CheckState.INCONCLUSIVE, (Measured("410", CheckState.INCONCLUSIVE),), "", "1m", 4)
    checks = (
        Check("AnalysisRun", "web-6f9c5d7b8-2", "background", CheckState.INCONCLUSIVE, True, "", (p99,)),
        Check("AnalysisRun", "web-6f9c5d7b8-2-2", "step 3", CheckState.RUNNING, True, "", (success,)),
    )
    said = (Said("canaryStatus", "BatchRelease is at state Progressing, rollout-id , step 1"),)
    return replace(view, rollout=replace(view.rollout, checks=checks, said=said))


def resting() -> RolloutView:
    shares = (Share("v1", 1.0, 1.0, observed(1.0, 0.01, 400)), Share("v2", 0.0, 0.0, observed(0.0, 0.01, 400)))
    drawn = Lane("default", "", shares, verdict=Verdict.ON, samples=400)
    both = (version("v1", Role.STABLE, 3, 3), version("v2", Role.OLD, 3, 3))
    view = canary(versions=both, acts=acts(Act.ROLLBACK, Act.SET_WEIGHT))
    shown = replace(view.rollout, phase=Phase.AT_REST, lanes=(drawn,), message="v1 takes all traffic")
    return followed(replace(view, rollout=shown), (0, 0.0), (60, 0.1), (120, 0.25), (220, 0.0))


def state(view: RolloutView, **parts: object) -> FleetView:
    key = view.rollout.key
    entries = (
        Entry("1", START + 88, "ann@prod-eu", key, "set-weight", "v2 5% -> 10%", Stage.SENDING),
        Entry("1", START + 95, "ann@prod-eu", key, "set-weight", "v2 5% -> 10%", Stage.VERIFIED, "users get it"),
        Entry("2", START + 168, "ann@prod-eu", key, "set-weight", "v2 10% -> 25%", Stage.SENDING),
        Entry("2", START + 180, "ann@prod-eu", key, "set-weight", "v2 10% -> 25%", Stage.VERIFIED, "users get it"),
    )
    view = replace(view, undoing=Undoing("v2 10% -> 25%"))
    return replace(fleet(), rollouts=(view,), journal=entries, **parts)  # type: ignore[arg-type]


LOST = cluster(Sync.RETRYING, message="Ingress: connection refused", stale_since=START + 200)
MADE = (
    *(
        fine,
        hurt,
        waiting,
        timed,
        doubtful,
        measuring,
        unmeasured,
        aborted,
        laned,
        four,
        long_names,
        chinese,
        resting,
        judged,
    ),
    crowded,
)
STATES: dict[str, FleetView] = {
    **{made.__name__.replace("_", "-"): state(made()) for made in MADE},
    "stale": state(fine(), clusters=(LOST,)),
}
