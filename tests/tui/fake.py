"""A cockpit without a session: it holds a view, publishes others, and notes what it is asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

from cockpit.model.door import Door
from cockpit.model.plan import Act, ActState, Ask, Change, Expected, PatchType, Plan, Refused, Request, Verb
from cockpit.model.refs import DEPLOYMENTS, INGRESSES, SERVICES, Ref, RolloutKey
from cockpit.model.rollout import (
    Finding,
    Lane,
    Observed,
    Owner,
    Phase,
    PlannedStep,
    PodCell,
    PodState,
    Role,
    Rollout,
    Severity,
    Share,
    Step,
    Verdict,
    Version,
)
from cockpit.model.view import (
    Cell,
    CellKind,
    ClusterView,
    Entry,
    FleetView,
    Kept,
    KindSync,
    Outcome,
    Point,
    Prepared,
    ProbeView,
    RolloutView,
    Stage,
    Sync,
)

START = 1_767_225_600.0  # 2026-01-01T00:00:00Z
CONTEXT, NAMESPACE = "prod-eu", "shop"
QUIET = ProbeView(False, None, 0.0, 10.0, 0, 0, 0, None)


def pods(name: str, ready: int, desired: int) -> tuple[PodCell, ...]:
    """Pods of a version, the ready ones first."""
    states = [PodState.READY] * ready + [PodState.STARTING] * (desired - ready)
    return tuple(PodCell(f"{name}-{i}", f"uid-{name}-{i}", state) for i, state in enumerate(states))


def version(name: str, role: Role, ready: int, desired: int, image: str = "") -> Version:
    ref = Ref(DEPLOYMENTS, NAMESPACE, name)
    images = (image or f"registry.example.com/shop/web:{name}",)
    return Version(name, role, images, ref, ready, desired, pods(name, ready, desired), (f"uid-{name}",))


def observed(share: float, half: float, samples: int, errors: int = 0, p50: float = 12, p99: float = 48) -> Observed:
    return Observed(share, max(share - half, 0), min(share + half, 1), samples, errors, p50, p99)


def lane(
    written: float, seen: float | None, half: float = 0.03, samples: int = 812, verdict: Verdict = Verdict.ON,
    name: str = "default", match: str = "", errors: int = 0,
) -> Lane:  # fmt: skip
    """Two versions, v2 with the share `written`, and `seen` of the answers from it."""
    n = samples if seen is not None else 0
    first = observed(1 - seen, half, n, 0) if seen is not None else None
    second = observed(seen, half, n, errors, 15, 95) if seen is not None else None
    shares = (Share("v1", 1 - written, 1 - written, first), Share("v2", written, written, second))
    return Lane(name, match, shares, (), False, verdict, n, errors, 0, 0.0004 if verdict is Verdict.OFF else None)


def acts(*enabled: Act, why: str = "does not apply at rest") -> tuple[ActState, ...]:
    usual = (Act.SET_WEIGHT, Act.HEADER, Act.FLIP, Act.PROMOTE, Act.ROLLBACK, Act.FINISH, Act.SCALE)
    return tuple(ActState(act, act in enabled, "" if act in enabled else why) for act in usual)


def rollout(name: str, system: str, phase: Phase, lanes: tuple[Lane, ...], **more: object) -> Rollout:
    both = (version("v1", Role.STABLE, 2, 2), version("v2", Role.CANARY, 1, 1))
    values: dict[str, object] = {
        "message": "",
        "versions": both,
        "objects": (Ref(INGRESSES, NAMESPACE, name), Ref(SERVICES, NAMESPACE, name)),
        "epoch": "1",
        "acts": acts(Act.SET_WEIGHT, Act.ROLLBACK, Act.HEADER, Act.PROMOTE, Act.SCALE, why="no Service to point"),
    }
    key = RolloutKey(CONTEXT, NAMESPACE, name, system)
    return Rollout(key, system, phase, lanes=lanes, **{**values, **more})  # type: ignore[arg-type]


def cluster(state: Sync = Sync.LIVE, context: str = CONTEXT, **more: object) -> ClusterView:
    kinds = (KindSync("Pod", state, START, objects=40),)
    values: dict[str, object] = {"production": False, "message": "", "stale_since": None, "namespace": NAMESPACE}
    return ClusterView(
        context=context, server="https://10.0.0.1", user="ann", state=state, kinds=kinds, **{**values, **more}
    )  # type: ignore[arg-type]


def strip(count: int, every: int = 4, errors_every: int = 0) -> tuple[Cell, ...]:
    """Answers in a fixed pattern: each `every`-th from v2, each `errors_every`-th an error of v2."""
    cells = []
    for i in range(count):
        if errors_every and i % errors_every == errors_every - 1:
            cells.append(Cell(CellKind.ERROR, "v2", "default", "500"))
        else:
            cells.append(Cell(CellKind.ANSWER, "v2" if i % every == 0 else "v1", "default"))
    return tuple(cells)


def history(*shares: float | None, samples: int = 60) -> tuple[Point, ...]:
    """One point a slice of 5 seconds, of v2 in the default lane; None is a slice without answers."""
    return tuple(
        Point(START + 5 * i, "default", (("v1", 1 - s), ("v2", s)) if s is not None else (), samples if s else 0)
        for i, s in enumerate(shares)
    )


def probing(door_host: str = "web.shop.example", cells: int = 90, **more: object) -> ProbeView:
    shares = [0.0] * 6 + [0.05, 0.08, 0.1, None, 0.12, 0.2, 0.24] + [0.28, 0.31, 0.3, 0.29] * 8
    start = ProbeView(True, Door("10.0.0.9", 80, door_host), 12.0, 12.0, 812, 0, 0, START)
    parts = {"strip": strip(cells), "strip_total": cells, "history": history(*shares), **more}
    return replace(start, **parts)  # type: ignore[arg-type]


ARGO_STEPS = (
    PlannedStep("20%", 0.2),
    PlannedStep("pause", asks=True),
    PlannedStep("30%", 0.3),
    PlannedStep("pause 10m"),
    PlannedStep("analysis success-rate"),
    PlannedStep("100%", 1.0),
)
CONTROLLED = tuple(
    ActState(act, act is not Act.RETRY, "" if act is not Act.RETRY else "it was not aborted")
    for act in (Act.APPROVE, Act.PROMOTE, Act.PAUSE, Act.ABORT, Act.RETRY, Act.JUMP, Act.ROLLBACK, Act.SET_IMAGE)
)


def fleet() -> FleetView:
    """The fleet of the examples: one rollout per phase, one whose split is not what is written."""
    off = lane(0.3, 0.44, 0.06, verdict=Verdict.OFF)
    text = "v2 answers 44% of requests, 30% is written"
    finding = Finding("split-off", Severity.CRITICAL, text, "812 samples, p<0.001")
    rest = Lane("default", "", (Share("v1", 1.0, 1.0, observed(1.0, 0.01, 400)),), verdict=Verdict.ON, samples=400)
    green = (version("v1", Role.ACTIVE, 3, 3), version("v2", Role.PREVIEW, 3, 3))
    hdr = lane(1.0, 1.0, 0.04, 90, name="x-beta", match="x-beta: always")
    git = Finding("owner", Severity.WARNING, "Argo CD app shop owns the Ingress", "syncs every 3 minutes")
    views = (
        RolloutView(rollout("http-server", "ingress", Phase.CANARY, (off,), findings=(finding, git),
                            owners=(Owner("Application", "shop"),), message="canary weight 30 of 100"), probing()),
        RolloutView(rollout("reviews", "istio", Phase.WAITING, (lane(0.2, 0.19), hdr), step=Step(2, 4, 0.2, "pause"),
                            message="waits for approval"), probing("reviews.example")),
        RolloutView(rollout("rollouts-demo", "argo", Phase.PAUSED, (lane(0.3, None, verdict=Verdict.UNKNOWN),),
                            step=Step(4, 6, 0.3, "pause 10m", "2026-01-01T00:12:30Z"), steps=ARGO_STEPS,
                            acts=CONTROLLED, message="CanaryPauseStep"), QUIET),
        RolloutView(rollout("demo-service", "service", Phase.AT_REST, (rest,), versions=green,
                            acts=acts(Act.FLIP, Act.FINISH)), QUIET),
    )  # fmt: skip
    return FleetView(START + 300, (cluster(),), views, journal(views[0].rollout.key), False, "ann")


def journal(key: RolloutKey) -> tuple[Entry, ...]:
    command = f"kubectl --context {CONTEXT} -n {NAMESPACE} patch ingress/{key.name} --type=json -p '[]'"
    return (
        Entry("1", START + 30, "ann", key, "set-weight", "v2 0% -> 10%", Stage.VERIFIED, "", (command,)),
        Entry("2", START + 61, "ann", key, "set-weight", "v2 10% -> 30%", Stage.UNVERIFIED, "44% seen", (command,)),
    )


def plan_of(key: RolloutKey, ask: Ask, raises: bool, final: bool = False) -> Plan:
    ref = Ref(INGRESSES, key.namespace, f"{key.name}-canary")
    annotation = "/metadata/annotations/nginx.ingress.kubernetes.io~1canary-weight"
    body = [{"op": "test", "path": annotation, "value": "30"}, {"op": "replace", "path": annotation, "value": "50"}]
    to = "50%" if raises else "0%"
    share = 0.5 if raises else 0.0
    return Plan(
        ask.act,
        key,
        "set weight" if raises else "roll back",
        (Change("v2 in default", "30%", to),),
        (Request(Verb.PATCH, ref, body, PatchType.JSON),),
        (Expected("default", "v2", share),),
        undo="puts the weight back to 30",
        warnings=("50% of the traffic on 1 of 3 pods",) if raises else (),
        raises=raises,
        final=final,
    )


class FakeCockpit:
    """Implements the port. `answer` overrides what `prepare` gives; `hold` keeps `send` waiting until it is set."""

    def __init__(self, view: FleetView | None = None) -> None:
        self.current = view or fleet()
        self.listeners: list[Callable[[FleetView], None]] = []
        self.asks: list[tuple[RolloutKey, Ask]] = []
        self.sent: list[Prepared] = []
        self.probes: list[tuple[RolloutKey, bool]] = []
        self.aims: list[tuple[RolloutKey, Door | None]] = []
        self.kept = Kept("targets.json")
        self.answer: Callable[[RolloutKey, Ask], Prepared | Refused] | None = None
        self.stages: tuple[Outcome, ...] = ()
        self.hold: asyncio.Event | None = None
        self.texts: dict[str, str] = {}

    def view(self) -> FleetView:
        return self.current

    def subscribe(self, listener: Callable[[FleetView], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def publish(self, view: FleetView) -> None:
        """Publish from another thread, as a session does, and return when its listeners were called."""
        self.current = view

        def tell() -> None:
            for listener in list(self.listeners):
                listener(view)

        thread = threading.Thread(target=tell)
        thread.start()
        thread.join()

    def change(self, name: str, at: float = 0, **parts: object) -> None:
        """Publish the view with parts of one rollout's view replaced."""
        views = tuple(
            replace(v, **parts) if v.rollout.key.name == name else v  # type: ignore[arg-type]
            for v in self.current.rollouts
        )
        self.publish(replace(self.current, rollouts=views, at=at or self.current.at))

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        self.asks.append((key, ask))
        if self.answer:
            return self.answer(key, ask)
        raises = ask.act in {Act.SET_WEIGHT, Act.PROMOTE, Act.FLIP}
        diff = ("-  canary-weight: 30", f"+  canary-weight: {50 if raises else 0}")
        return Prepared(plan_of(key, ask, raises, ask.act is Act.PROMOTE), ("server accepts the patch",), diff=diff)

    async def send(
        self, prepared: Prepared, *, wait: float = 30.0, report: Callable[[Outcome], None] | None = None
    ) -> Outcome:
        self.sent.append(prepared)
        stages = self.stages or (
            Outcome(Stage.SENDING, "patch Ingress", prepared.plan),
            Outcome(Stage.SENT, "the server answered 200", prepared.plan),
            Outcome(Stage.VERIFIED, "objects and 120 answers agree", prepared.plan),
        )
        for number, outcome in enumerate(stages):
            if self.hold and number == len(stages) - 1:
                await self.hold.wait()
            if report:
                report(outcome)
        return stages[-1]

    async def probe(self, key: RolloutKey, running: bool) -> None:
        self.probes.append((key, running))

    async def aim(self, key: RolloutKey, door: Door | None, rate: float | None = None) -> Kept:
        self.aims.append((key, door))
        return self.kept

    async def yaml(self, context: str, ref: Ref) -> str:
        return self.texts.get("yaml", f"kind: {ref.resource.kind}\nmetadata:\n  name: {ref.name}\n")

    async def events(self, context: str, ref: Ref) -> tuple[str, ...]:
        return (f"10:00:00 Normal Sync {ref}",)

    async def logs(self, context: str, pod: Ref, lines: int = 200) -> tuple[str, ...]:
        return tuple(f"line {i} of {pod.name}" for i in range(lines))
