"""Fleets of every shape that a screen has to hold: none, many, long, wide."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.plan import Act
from cockpit.model.rollout import Finding, Lane, Phase, PlannedStep, Role, Severity, Share, Step
from cockpit.model.view import FleetView, RolloutGroup, RolloutView, Sync
from tests.tui.fake import (
    CONTROLLED,
    QUIET,
    START,
    acts,
    cluster,
    fleet,
    journal,
    lane,
    observed,
    probing,
    rollout,
    version,
)

WIDE = "金丝雀发布-ラウンドロビン-카나리아"
LONG = " ".join(f"the Service {WIDE} selects pods of both versions, word {n}" for n in range(20))


def findings(count: int, text: str = LONG) -> tuple[Finding, ...]:
    severities = list(Severity)
    return tuple(Finding(f"f{n}", severities[n % 3], f"{n} {text}", f"evidence {n} {text}") for n in range(count))


def quiet(name: str = "quiet") -> RolloutView:
    """Neither findings, nor lanes, nor versions, nor objects."""
    return RolloutView(rollout(name, "service", Phase.AT_REST, (), versions=(), objects=(), acts=()), QUIET)


def with_findings(name: str = "findings") -> RolloutView:
    """More and longer findings than any screen holds."""
    shown = rollout(name, "ingress", Phase.DEGRADED, (lane(0.3, 0.44),), findings=findings(30), message=LONG)
    return RolloutView(shown, probing(message=LONG))


def crowded(name: str = "crowded") -> RolloutView:
    """Many versions, one with many pods, in a choice of version."""
    versions = tuple(
        version(f"v{n}", Role.ACTIVE if n == 0 else Role.PREVIEW, 400 if n == 1 else n % 3, 500 if n == 1 else 3)
        for n in range(40)
    )
    shares = tuple(Share(each.name, 1 / 40, 1 / 40, observed(1 / 40, 0.01, 900)) for each in versions)
    names = tuple(each.name for each in versions)
    states = tuple(
        replace(state, versions=names) if state.act is Act.FLIP else state
        for state in acts(Act.FLIP, Act.SET_WEIGHT, Act.SCALE)
    )
    return RolloutView(
        rollout(name, "istio", Phase.PROGRESSING, (Lane("default", "", shares),), versions=versions, acts=states),
        probing(cells=900),
    )  # fmt: skip


def laned(name: str = "laned") -> RolloutView:
    """A lane for each of many headers."""
    lanes = [lane(0.2, 0.19)]
    lanes += [lane(1.0, 1.0, name=f"x-{n}", match=f"x-{n}: {WIDE * 3}") for n in range(12)]
    return RolloutView(rollout(name, "istio", Phase.CANARY, tuple(lanes), findings=findings(1, "short")), probing())


def stepped(name: str = "stepped") -> RolloutView:
    """A plan of many steps, some with wide titles."""
    steps = tuple(PlannedStep(f"{n}% {WIDE}" if n % 7 == 0 else f"{n}%", n / 100) for n in range(1, 91))
    shown = rollout(
        name, "argo", Phase.PAUSED, (lane(0.3, None),), steps=steps, acts=CONTROLLED,
        step=Step(40, 90, 0.4, "pause 10m", "2026-01-01T00:12:30Z"), findings=findings(2),
    )  # fmt: skip
    return RolloutView(shown, QUIET)


def wide(name: str = "wide") -> RolloutView:
    """Names of two columns a character."""
    base = laned(name)
    key = replace(base.rollout.key, name=f"{name}-{WIDE}", namespace=WIDE)
    versions = tuple(replace(each, name=f"{each.name}{WIDE}") for each in base.rollout.versions)
    shown = replace(base.rollout, key=key, versions=versions, findings=findings(5), router=WIDE, message=WIDE * 9)
    return replace(base, rollout=shown, acting=WIDE * 3)


KINDS = (quiet, with_findings, crowded, laned, stepped, wide)


def fleet_of(*views: RolloutView, **parts: object) -> FleetView:
    """A fleet with an entry of the journal for each of the first rollouts."""
    entries = tuple(
        replace(entry, id=f"{entry.id}-{view.rollout.key.name}", why=LONG) for view in views[:9]
        for entry in journal(view.rollout.key)
    )  # fmt: skip
    start = replace(fleet(), rollouts=views, journal=entries)
    return replace(start, **parts)  # type: ignore[arg-type]


def many() -> FleetView:
    """More rollouts than lines on any screen, in three clusters that are not all read."""
    views = []
    for n in range(240):
        view = KINDS[n % len(KINDS)](f"{n}")
        context = f"cluster-{n % 3}"
        views.append(replace(view, rollout=replace(view.rollout, key=replace(view.rollout.key, context=context))))
    states = (Sync.LIVE, Sync.RETRYING, Sync.FORBIDDEN)
    clusters = tuple(
        cluster(state, f"cluster-{n}", message=LONG, stale_since=START, production=True)
        for n, state in enumerate(states)
    )  # fmt: skip
    return fleet_of(*views, clusters=clusters, read_only=False)


def grouped() -> FleetView:
    """One rollout in two clusters, which is a row with parts."""
    one = with_findings("web")
    parts = [
        replace(one, rollout=replace(one.rollout, key=replace(one.rollout.key, context=context)))
        for context in ("east", "west")
    ]
    whole = replace(one, rollout=replace(one.rollout, key=replace(one.rollout.key, context="")))
    group = RolloutGroup(whole, tuple(part.rollout.key for part in parts))
    return fleet_of(*parts, quiet(), clusters=(cluster(context="east"), cluster(context="west")), groups=(group,))


FLEETS: dict[str, FleetView] = {
    "usual": fleet(),
    "empty": fleet_of(),
    "no cluster": fleet_of(clusters=()),
    "all kinds": fleet_of(*(kind() for kind in KINDS)),
    "many": many(),
    "grouped": grouped(),
    **{kind.__name__: fleet_of(kind()) for kind in KINDS},
}
