"""Fleets as an operator meets them, for pictures: every reason to look, many rollouts, several clusters, any script."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.health import AnswerHealth, Health, Level, RolloutHealth
from cockpit.model.plan import Act, ActState
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Finding, Lane, Phase, Role, Severity, Share, Step, Verdict
from cockpit.model.view import Entry, FleetView, KindSync, RolloutView, Stage, Sync, Undoing
from cockpit.session.facts.groups import groups_of
from tests.tui.fake import (
    ARGO_STEPS,
    CONTROLLED,
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

NOW = START + 300
FAILS = "v2 fails 21% of its requests, v1 none; v2 takes 254 ms, v1 24 ms"


def placed(view: RolloutView, namespace: str, context: str = "", born: str = "2025-12-29T10:00:00Z") -> RolloutView:
    """The same rollout in a namespace, and maybe another cluster; its versions were first rolled out at `born`."""
    key = replace(view.rollout.key, namespace=namespace, context=context or view.rollout.key.context)
    versions = tuple(replace(each, born=born) for each in view.rollout.versions)
    return replace(view, rollout=replace(view.rollout, key=key, versions=versions, created=born))


def hurt(name: str = "pay") -> RolloutView:
    """A canary that fails some of its requests and is slow."""
    found = Finding("errors", Severity.CRITICAL, FAILS, "26 of 121 answers", "v2 default")
    known = (
        AnswerHealth("default", "v2", 121.0, 26.0, NOW, Level.ALARM, Level.ALARM, Level.ALARM, "v1", 254.0, 24.0),
        AnswerHealth("default", "v1", 359.0, 0.0, NOW, p50_ms=24.0),
    )
    slower = Finding("slower", Severity.WARNING, "v2 takes 254 ms for half of its requests, v1 24 ms")
    split = lane(0.25, 0.26, 0.04, 480, errors=26)
    times = zip(split.shares, (24.0, 254.0), strict=True)
    seen = [replace(share, observed=share.observed and replace(share.observed, p50_ms=ms)) for share, ms in times]
    split = replace(split, shares=tuple(seen))
    shown = rollout(name, "ingress", Phase.CANARY, (split,), findings=(found, slower))
    return RolloutView(shown, probing(health=known, errors=26), health=RolloutHealth(Health.HURT, FAILS))


def waiting(name: str = "cart") -> RolloutView:
    """An Argo Rollout in front of an approval, since 14 minutes."""
    shown = rollout(
        name, "argo", Phase.WAITING, (lane(0.2, 0.2, 0.03, 900),), steps=ARGO_STEPS, message="CanaryPauseStep",
        step=Step(2, 6, 0.2, "pause", asks=True), acts=(*CONTROLLED, ActState(Act.APPROVE, True)),
        since="2025-12-31T23:51:00Z",
    )  # fmt: skip
    return RolloutView(replace(shown, router="ingress"), probing(), health=FINE)


def moving(name: str = "podinfo") -> RolloutView:
    """Flagger on its way, with long version names."""
    versions = (version("podinfo-6.0.3", Role.STABLE, 2, 2), version("podinfo-6.1.0", Role.CANARY, 2, 2))
    shares = tuple(
        Share(each.name, share, share, observed(share, 0.02, 700))
        for each, share in zip(versions, (0.72, 0.28), strict=True)
    )
    split = Lane("default", "", shares, verdict=Verdict.ON, samples=700)
    shown = rollout(
        name, "flagger", Phase.PROGRESSING, (split,), versions=versions, step=Step(3, 3, 0.3, "30%"), acts=CONTROLLED,
        since="2026-01-01T00:04:20Z",
    )  # fmt: skip
    return RolloutView(replace(shown, router="gateway-api"), probing(), health=FINE)


def unmeasured(name: str = "rollouts-demo") -> RolloutView:
    """A timed pause, with nowhere to send requests to."""
    split = lane(0.3, None, verdict=Verdict.UNKNOWN)
    step = Step(4, 6, 0.3, "pause 10m", "2026-01-01T00:09:30Z")
    shown = rollout(name, "argo", Phase.PAUSED, (split,), steps=ARGO_STEPS, step=step, acts=CONTROLLED)
    return RolloutView(shown, QUIET, health=NOWHERE)


def resting(name: str = "demo-service", health: RolloutHealth = FINE) -> RolloutView:
    """Everyone on v1, with v2 ready behind it."""
    shares = (Share("v1", 1.0, 1.0, observed(1.0, 0.01, 400)), Share("v2", 0.0, 0.0, observed(0.0, 0.01, 400)))
    versions = (version("v1", Role.ACTIVE, 3, 3), version("v2", Role.PREVIEW, 3, 3))
    shown = rollout(
        name, "service", Phase.AT_REST, (Lane("default", "", shares, verdict=Verdict.ON, samples=400),),
        versions=versions, acts=acts(Act.FLIP, Act.FINISH, why="everyone is on v1, and no other version came before"),
    )  # fmt: skip
    return RolloutView(shown, probing(), health=health)


def plain_at_rest(name: str, number: int = 0) -> RolloutView:
    """A Deployment at rest that nobody samples."""
    names = f"v{number % 7 + 1}"
    split = Lane("default", "", (Share(names, 1.0, 1.0),), derived=True)
    one = (version(names, Role.STABLE, 3, 3),)
    shown = rollout(name, "deployment", Phase.AT_REST, (split,), versions=one, acts=acts(why="no earlier revision"))
    found = (Finding("f", Severity.WARNING, f"{name} has a warning"),) if number % 9 == 4 else ()
    return RolloutView(replace(shown, findings=found), QUIET, health=NOWHERE)


def usual() -> FleetView:
    """One of each, over several namespaces."""
    views = (
        placed(resting(), "shop"),
        placed(moving(), "flagger", born="2026-01-01T00:01:00Z"),
        placed(unmeasured(), "argo"),
        replace(placed(hurt(), "payments", born="2026-01-01T00:01:00Z"), undoing=Undoing("v2 10% -> 25%")),
        placed(waiting(), "argo-canary"),
        *(placed(plain_at_rest(name, n), space) for n, (name, space) in enumerate(_PLAIN)),
    )
    entries = (
        Entry("1", START + 120, "ann", views[3].rollout.key, "set-weight", "v2 10% -> 25%", Stage.VERIFIED),
    )  # fmt: skip
    return replace(fleet(), rollouts=views, journal=entries, clusters=(cluster(namespace=None),))


_PLAIN = (("api", "shop"), ("api", "billing"), ("web", "shop"), ("search", "shop"), ("mail", "mail"))


def many(count: int, moves: int = 7) -> FleetView:
    """So many rollouts, of which every `moves`-th is not at rest."""
    kinds = (hurt, waiting, moving, unmeasured)
    views = []
    for n in range(count):
        view = plain_at_rest(f"service-{n:03}", n)
        if n % moves == 0:
            view = kinds[n // moves % 4](f"release-{n:03}")
        views.append(placed(view, f"team-{n % 5}"))
    return replace(fleet(), rollouts=tuple(views), journal=(), clusters=(cluster(namespace=None),))


def two_clusters() -> FleetView:
    """Rollouts of two clusters, one of them in both; one cluster is stale."""
    views = [placed(each, "shop", context) for context in ("eu-1", "us-2") for each in (hurt(), plain_at_rest("api"))]
    views += [placed(waiting(), "shop", "eu-1"), placed(resting("only-here"), "shop", "us-2")]
    lost = cluster(Sync.RETRYING, "us-2", message="connection refused", stale_since=START + 60)
    return replace(
        fleet(), rollouts=tuple(views), journal=(), clusters=(cluster(context="eu-1"), lost), groups=groups_of(views)
    )


def long_names() -> FleetView:
    """Names that no column holds, alike at both ends."""
    views = []
    for n, view in enumerate((hurt(), waiting(), moving(), unmeasured(), resting(), plain_at_rest("x"))):
        name = f"checkout-backend-for-the-mobile-apps-{n}-of-the-european-shops"
        key = RolloutKey("prod", f"team-of-the-european-checkout-{n}", name, view.rollout.key.system)
        views.append(replace(view, rollout=replace(view.rollout, key=key)))
    return replace(fleet(), rollouts=tuple(views), journal=(), clusters=(cluster(namespace=None),))


def chinese() -> FleetView:
    """Wide characters in every name."""
    names = ("支付", "购物车", "商品详情页", "推荐服务", "演示服务", "接口")
    views = []
    for name, view in zip(
        names, (hurt(), waiting(), moving(), unmeasured(), resting(), plain_at_rest("x")), strict=True
    ):
        key = replace(view.rollout.key, name=name, namespace="商城生产环境")
        views.append(replace(view, rollout=replace(view.rollout, key=key)))
    return replace(fleet(), rollouts=tuple(views), journal=(), clusters=(cluster(namespace=None),))


def no_rows(state: Sync, message: str = "", *, stale: bool = False, kinds: tuple[KindSync, ...] = ()) -> FleetView:
    """A cluster in this state, without rollouts."""
    found = cluster(state, message=message, stale_since=START + 60 if stale else None)
    found = replace(found, kinds=kinds or found.kinds)
    return replace(fleet(), rollouts=(), journal=(), clusters=(found,))


PAGES = (
    KindSync("Pod", Sync.SYNCING, START, read=4200, expected=10_000),
    KindSync("Deployment", Sync.LIVE, START, objects=900),
    KindSync("ReplicaSet", Sync.SYNCING, START),
)


def stale() -> FleetView:
    """Rows that may be old."""
    lost = cluster(Sync.RETRYING, namespace=None, message="connection refused", stale_since=START + 60)
    return replace(usual(), clusters=(lost,))


PICTURED: dict[str, FleetView] = {
    "usual": usual(),
    "loading": no_rows(Sync.SYNCING, kinds=PAGES),
    "empty": no_rows(Sync.LIVE),
    "forbidden": no_rows(Sync.FORBIDDEN, "no permission to read Pod, Deployment, ReplicaSet"),
    "stale": stale(),
    "sixty": many(60),
    "five hundred": many(500, 25),
    "two clusters": two_clusters(),
    "long names": long_names(),
    "chinese": chinese(),
}
