"""A cockpit without a session: it holds a view, publishes others, and notes what it is asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from cockpit.model.guard import GuardOrder
from cockpit.model.health import Health, RolloutHealth
from cockpit.model.inspection import EventGroup, LogLine, LogOrder, Revision
from cockpit.model.plan import Act, ActState, ActWay, Ask, Change, Plan, Refused, Request, Verb
from cockpit.model.probe_job import InsideWish, JobShape
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import DEPLOYMENTS, INGRESSES, JOBS, SERVICES, Ref, RolloutKey
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
from cockpit.model.sampling import SampleScope
from cockpit.model.view import (
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
    Undoing,
)
from cockpit.probe.from_pods import JobReport
from cockpit.probe.sample import SampleOrder, SampleResult
from cockpit.workloads.probe_targets import FoundTarget
from tests.tui.people import FakePeople
from tests.tui.plans import NAMESPACE, plan_of, revisions
from tests.tui.strips import strip

START = 1_767_225_600.0  # 2026-01-01T00:00:00Z
CONTEXT = "prod-eu"
HURT = RolloutHealth(Health.HURT, "v2 answers 44% of requests, 30% is written")
DOUBTFUL = RolloutHealth(Health.DOUBTFUL, "answers speak against 30% for v2 (24-29%, n=812)")
FINE = RolloutHealth(Health.FINE, "users get what is written: 902 answers, none failed")
NOWHERE = RolloutHealth(Health.NOT_MEASURED, "there is nowhere to send requests to")
BACK = "sends everyone to v1"
QUIET = ProbeView(False, None, 0.0, 10.0, 0, 0, 0)


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
    ways = {
        Act.PROMOTE: (ActWay("backend", "the Ingress sends all requests"), ActWay("selector", "the Service selects"))
    }
    return tuple(
        ActState(act, True, "", ways.get(act, ()), leads=BACK * (act is Act.ROLLBACK))
        if act in enabled
        else ActState(act, False, why, ways.get(act, ()))
        for act in usual
    )


def rollout(name: str, system: str, phase: Phase, lanes: tuple[Lane, ...], **more: Any) -> Rollout:
    both = (version("v1", Role.STABLE, 2, 2), version("v2", Role.CANARY, 1, 1))
    values: dict[str, Any] = {
        "message": "",
        "versions": both,
        "objects": (Ref(INGRESSES, NAMESPACE, name), Ref(SERVICES, NAMESPACE, name)),
        "epoch": "1",
        "acts": acts(Act.SET_WEIGHT, Act.ROLLBACK, Act.HEADER, Act.PROMOTE, Act.SCALE, why="no Service to point"),
    }
    key = RolloutKey(CONTEXT, NAMESPACE, name, system)
    return Rollout(key, system, phase, lanes=lanes, **{**values, **more})


def cluster(state: Sync = Sync.LIVE, context: str = CONTEXT, **more: Any) -> ClusterView:
    kinds = (KindSync("Pod", state, START, objects=40),)
    values: dict[str, Any] = {"production": False, "message": "", "stale_since": None, "namespace": NAMESPACE}
    return ClusterView(
        context=context, server="https://10.0.0.1", user="ann", state=state, kinds=kinds, **{**values, **more}
    )


def history(*shares: float | None, samples: int = 60) -> tuple[Point, ...]:
    """One point a slice of 5 seconds, of v2 in the default lane; None is a slice without answers."""
    return tuple(
        Point(START + 5 * i, "default", (("v1", 1 - s), ("v2", s)) if s is not None else (), samples if s else 0)
        for i, s in enumerate(shares)
    )


def probing(target_host: str = "web.shop.example", cells: int = 90, **more: object) -> ProbeView:
    shares = [0.0] * 6 + [0.05, 0.08, 0.1, None, 0.12, 0.2, 0.24] + [0.28, 0.31, 0.3, 0.29] * 8
    start = ProbeView(True, ProbeTarget("10.0.0.9", 80, target_host), 12.0, 12.0, 812, 0, 0)
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
    ActState(act, False, "it was not aborted")
    if act is Act.RETRY
    else ActState(act, True, leads=BACK * (act is Act.ROLLBACK), undoable=act not in (Act.ROLLBACK, Act.ABORT))
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
                            owners=(Owner("Application", "shop"),), message="canary weight 30 of 100"), probing(),
                    health=HURT, undoing=Undoing("v2 10% -> 30%")),
        RolloutView(rollout("reviews", "istio", Phase.WAITING, (lane(0.2, 0.19), hdr), step=Step(2, 4, 0.2, "pause"),
                            message="waits for approval"), probing("reviews.example"), health=FINE),
        RolloutView(rollout("rollouts-demo", "argo", Phase.PAUSED, (lane(0.3, None, verdict=Verdict.UNKNOWN),),
                            step=Step(4, 6, 0.3, "pause 10m", "2026-01-01T00:12:30Z"), steps=ARGO_STEPS,
                            acts=CONTROLLED, message="CanaryPauseStep"), QUIET, health=NOWHERE),
        RolloutView(rollout("demo-service", "service", Phase.AT_REST, (rest,), versions=green,
                            acts=acts(Act.FLIP, Act.FINISH)), QUIET, health=NOWHERE),
    )  # fmt: skip
    return FleetView(START + 300, (cluster(),), views, journal(views[0].rollout.key), False, "ann")


def journal(key: RolloutKey) -> tuple[Entry, ...]:
    command = f"kubectl --context {CONTEXT} -n {NAMESPACE} patch ingress/{key.name} --type=json -p '[]'"
    return (
        Entry("1", START + 30, "ann", key, "set-weight", "v2 0% -> 10%", Stage.VERIFIED, "", (command,)),
        Entry("2", START + 61, "ann", key, "set-weight", "v2 10% -> 30%", Stage.UNVERIFIED, "44% seen", (command,)),
    )


class FakeCockpit(FakePeople):
    """Implements the port. `answer` overrides what `prepare` gives; `hold` keeps `send` waiting until it is set."""

    def __init__(self, view: FleetView | None = None) -> None:
        super().__init__()
        self.current = view or fleet()
        self.listeners: list[Callable[[FleetView], None]] = []
        self.asks: list[tuple[RolloutKey, Ask]] = []
        self.outlines: list[tuple[RolloutKey, Ask]] = []
        self.why_outdated = ""
        self.sent: list[Prepared] = []
        self.probes: list[tuple[RolloutKey, bool]] = []
        self.selections: list[tuple[RolloutKey, ...]] = []
        self.samples: list[tuple[tuple[str, ...], SampleScope]] = []
        self.targets: list[tuple[RolloutKey, ProbeTarget | None]] = []
        self.kept = Kept("targets.json")
        self.guards: list[tuple[RolloutKey, GuardOrder | None]] = []
        self.why_no_guard = ""
        self.followed = 0
        self.notes: list[tuple[RolloutKey, str]] = []
        self.why_no_note = ""
        self.prometheus: list[tuple[str, ...]] = []
        self.real: list[tuple[RolloutKey, ...]] = []
        self.answer: Callable[[RolloutKey, Ask], Prepared | Refused] | None = None
        self.stages: tuple[Outcome, ...] = ()
        self.hold: asyncio.Event | None = None
        self.texts: dict[str, str] = {}
        self.kept_revisions: tuple[Revision, ...] = revisions()
        self.compared: list[tuple[str, str]] = []
        self.logs_followed: list[LogOrder] = []
        self.news: dict[str, asyncio.Queue[str]] = {}  # lines to come, by pod; "" ends the log
        self.wishes: list[tuple[RolloutKey, InsideWish]] = []
        self.inside: Prepared | Refused | None = None

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

    async def outline(self, key: RolloutKey, ask: Ask) -> Plan | Refused:
        self.outlines.append((key, ask))
        answer = self.answer(key, ask) if self.answer else None
        if isinstance(answer, Refused):
            return answer
        return answer.plan if answer else plan_of(key, ask, False)

    async def outdated(self, prepared: Prepared) -> str:
        return self.why_outdated

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

    def select(self, keys: Collection[RolloutKey]) -> None:
        self.selections.append(tuple(keys))

    async def sample(self, contexts: Collection[str], scope: SampleScope) -> Kept:
        self.samples.append((tuple(contexts), scope))
        return self.kept

    async def set_target(self, key: RolloutKey, probe_target: ProbeTarget | None, rate: float | None = None) -> Kept:
        self.targets.append((key, probe_target))
        return self.kept

    async def find_prometheus(self, contexts: Collection[str]) -> None:
        self.prometheus.append(tuple(contexts))

    async def read_real(self, keys: Collection[RolloutKey]) -> None:
        self.real.append(tuple(keys))

    async def guard(self, key: RolloutKey, order: GuardOrder | None) -> str:
        self.guards.append((key, order))
        return self.why_no_guard

    def follow_others(self) -> None:
        self.followed += 1

    async def read_others(self, contexts: Collection[str]) -> None:
        self.follow_others()

    async def note(self, key: RolloutKey, text: str) -> str:
        self.notes.append((key, text))
        return self.why_no_note

    async def target_inside(self, key: RolloutKey) -> FoundTarget:
        return FoundTarget(missing="nothing is asked from inside here")

    async def prepare_job(
        self, key: RolloutKey, order: SampleOrder, shape: JobShape, workers: int | None = None
    ) -> Prepared | Refused:
        raise AssertionError("no Job is planned here")

    async def run_job(self, prepared: Prepared, progress: Callable[[SampleResult], None]) -> JobReport:
        raise AssertionError("no Job is run here")

    async def prepare_inside(self, key: RolloutKey, wish: InsideWish) -> Prepared | Refused:
        self.wishes.append((key, wish))
        plan = Plan(
            Act.PROBE,
            key,
            f"probe {key.name} from 5 pods of namespace {key.namespace}",
            (
                Change(f"Job {key.namespace}/cockpit-probe-{key.name}-0a1b2c", "none", "5 pods of curl:8"),
                Change(f"requests to http://{key.name}.{key.namespace}.svc/", "0/s", "20/s for at most 300 s"),
            ),
            (Request(Verb.CREATE, Ref(JOBS, key.namespace, f"cockpit-probe-{key.name}-0a1b2c"), {"kind": "Job"}),),
            (),
            undo="the cockpit deletes the Job at the end",
        )
        checks = ("create Job: accepted in a dry run", f"needs in namespace {key.namespace}: create and delete jobs")
        return self.inside or Prepared(plan, checks)

    async def probe_inside(self, prepared: Prepared, report: Callable[[Outcome], None]) -> Outcome:
        return await self.send(prepared, report=report)

    async def yaml(self, context: str, ref: Ref) -> str:
        return self.texts.get("yaml", f"kind: {ref.resource.kind}\nmetadata:\n  name: {ref.name}\n")

    async def describe(self, context: str, ref: Ref) -> tuple[str, ...]:
        text = self.texts.get("describe", f"Name:    {ref.name}\nConditions:\n  Ready  True\nEvents: none")
        return tuple(text.split("\n"))

    async def events(self, context: str, ref: Ref) -> tuple[EventGroup, ...] | str:
        if why := self.texts.get("no events"):
            return why
        first, last = "2026-01-01T00:00:00Z", "2026-01-01T00:04:00Z"
        return (
            EventGroup("Warning", "Unhealthy", ("Readiness probe failed: 503", "connection refused"), 12, first, last),
            EventGroup("Normal", "Sync", (self.texts.get("event", f"synced {ref}"),), 1, first, first),
        )

    async def revisions(self, key: RolloutKey) -> tuple[Revision, ...]:
        return self.kept_revisions

    async def difference(self, key: RolloutKey, old: str, new: str) -> tuple[str, ...] | str:
        self.compared.append((old, new))
        found = self.texts.get("diff", f"--- {old}\n+++ {new}\n@@ -1 +1 @@\n-image: web:{old}\n+image: web:{new}")
        return tuple(found.split("\n")) if found else ()

    async def containers(self, context: str, pod: Ref) -> tuple[str, ...] | str:
        return ("app", "proxy")

    async def follow_log(self, order: LogOrder, tell: Callable[[Sequence[LogLine]], None]) -> str:
        """Lines of a fixed text, then what a test puts into `news`, told from another thread as a session does."""
        self.logs_followed.append(order)
        name = order.pod.name
        given = self.texts.get("log")
        texts = given.split("\n") if given is not None else [f"line {n} of {name}" for n in range(order.lines)]
        lines = [
            LogLine(name, f"2026-01-01T00:{n // 60 % 60:02}:{n % 60:02}.000000000Z", t) for n, t in enumerate(texts)
        ]
        tell(lines)
        if order.previous:
            return "end of the previous run"
        news: asyncio.Queue[str] = asyncio.Queue()
        self.news[name] = news
        while text := await news.get():
            await asyncio.to_thread(tell, (LogLine(name, "2026-01-01T01:00:00.000000000Z", text),))
        return "the pod has ended (Succeeded)"

    async def logs(self, context: str, pod: Ref, lines: int = 200) -> tuple[str, ...]:
        return tuple(f"line {i} of {pod.name}" for i in range(lines))
