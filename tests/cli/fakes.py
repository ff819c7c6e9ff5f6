"""A session and a composition root that stand still, so that the command line can be tried without a cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from cockpit.cli.program import Completes, DemoOrder, KeyRow, Options, StartError
from cockpit.model.guard import GuardOrder
from cockpit.model.pairing import ControlsAnswer, ControlsOrder
from cockpit.model.plan import Act, ActState, Ask, Change, Expected, PatchType, Plan, Refused, Request, Verb
from cockpit.model.probe_job import InsideWish, JobShape
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import DEPLOYMENTS, INGRESSES, SERVICES, Ref, RolloutKey
from cockpit.model.rollout import Finding, Lane, Observed, Phase, Role, Rollout, Severity, Share, Verdict, Version
from cockpit.model.sampling import SampleScope
from cockpit.model.second_order import SecondOrder
from cockpit.model.view import (
    ClusterView,
    FleetView,
    Kept,
    KindSync,
    Outcome,
    Prepared,
    ProbeView,
    RolloutView,
    Stage,
    Sync,
)
from cockpit.probe.from_pods import JobReport
from cockpit.probe.sample import SampleOrder, SampleResult
from cockpit.session.reads import Reads
from cockpit.session.settings_in_force import SettingInForce
from cockpit.workloads.probe_targets import FoundTarget

TURNS_PER_VIEW = 10  # a reader needs three to see each
QUIET = ProbeView(False, None, 0, 0, 0, 0, 0)


def version(name: str, role: Role, ready: int = 2, desired: int = 2) -> Version:
    return Version(name, role, (f"web:{name}",), Ref(DEPLOYMENTS, "shop", f"web-{name}"), ready, desired)


def rollout(
    name: str = "web", *, context: str = "demo", namespace: str = "shop", system: str = "manual", share: float = 0.3
) -> Rollout:
    return Rollout(
        key=RolloutKey(context, namespace, name, system),
        router="ingress",
        phase=Phase.CANARY,
        message="",
        versions=(version("v1", Role.STABLE), version("v2", Role.CANARY, 1)),
        lanes=(
            Lane(
                "default",
                "",
                (
                    Share("v1", None, 1 - share, Observed(0.56, 0.5, 0.62, 812, 3, 1.5, 9.0)),
                    Share("v2", None, share, Observed(0.44, 0.38, 0.5, 812)),
                ),
                verdict=Verdict.OFF,
                samples=812,
            ),
        ),
        objects=(Ref(INGRESSES, namespace, name),),
        epoch="1",
        findings=(Finding("split-off", Severity.WARNING, "v2 answers 44%, 30% is written", "812 samples"),),
        acts=(ActState(Act.SET_WEIGHT, True), ActState(Act.APPROVE, False, "nothing waits for approval")),
        probe_target=ProbeTarget("127.0.0.1", 80, "shop.example"),
    )


def cluster(
    context: str = "demo",
    state: Sync = Sync.LIVE,
    message: str = "",
    kinds: tuple[KindSync, ...] = (),
    production: bool = False,
) -> ClusterView:
    return ClusterView(context, "https://127.0.0.1:6443", "admin", "shop", production, state, message, None, kinds)


def fleet(rollouts: Iterable[Rollout] = (), clusters: Iterable[ClusterView] = (), read_only: bool = False) -> FleetView:
    shown = tuple(RolloutView(rollout, QUIET) for rollout in rollouts)
    return FleetView(1_700_000_000.25, tuple(clusters) or (cluster(),), shown, (), read_only, "admin")


def plan(act: Act = Act.SET_WEIGHT, *, raises: bool = True, final: bool = False, context: str = "demo") -> Plan:
    body = {"metadata": {"annotations": {"nginx.ingress.kubernetes.io/canary-weight": "50"}}}
    request = Request(Verb.PATCH, Ref(SERVICES, "shop", "web"), body, PatchType.MERGE, guard="as it was shown")
    return Plan(
        act=act,
        rollout=RolloutKey(context, "shop", "web", "manual"),
        title="set weight of shop/web",
        changes=(Change("v2 in default", "30%", "50%"),),
        requests=(request,),
        expected=(Expected("default", "v2", 0.5),),
        undo="set v2 back to 30%",
        warnings=("50% of the traffic on 1 of 3 pods",),
        raises=raises,
        final=final,
    )


class FakeCockpit:
    """Shows the views of a script, one after the other, and answers as it was told."""

    def __init__(self, *views: FleetView) -> None:
        self.views = list(views)
        self.prepared: Prepared | Refused = Prepared(plan(), ("patch Service shop/web: accepted",))
        self.outcome = Outcome(Stage.VERIFIED, "objects and traffic agree", plan())
        self.stages: list[Outcome] = []  # reported between sending and the outcome
        self.asked: list[tuple[RolloutKey, Ask]] = []
        self.sent: list[tuple[Prepared, float]] = []
        self.probed: list[tuple[RolloutKey, bool]] = []
        self.selected: list[tuple[RolloutKey, ...]] = []
        self.targets: list[tuple[RolloutKey, ProbeTarget | None]] = []
        self.kept = Kept("state/targets.json")
        self.guards: list[tuple[RolloutKey, GuardOrder | None]] = []
        self.why_no_guard = ""
        self.orders: list[tuple[RolloutKey, ControlsOrder]] = []
        self.seconds: list[tuple[RolloutKey, SecondOrder]] = []
        self.controls_answer = ControlsAnswer(True, "you have the controls of shop/web")
        self.followed = 0
        self.notes: list[tuple[RolloutKey, str]] = []
        self.why_no_note = ""
        self.prometheus: list[tuple[str, ...]] = []
        self.real: list[tuple[RolloutKey, ...]] = []
        self.at_end: Callable[[], None] | None = None
        self.inside = FoundTarget(ProbeTarget("web.shop.svc.cluster.local", 80, "web.shop.svc.cluster.local"))
        self.jobs: list[tuple[SampleOrder, JobShape, int | None]] = []
        self.planned_job: Prepared | Refused = Prepared(plan(act=Act.PROBE), ("create Job: accepted",))
        self.job_report = JobReport(Stage.REFUSED, "nothing was created")
        self.run_jobs = 0

    def view(self) -> FleetView:
        return self.views[0]

    def subscribe(self, listener: Callable[[FleetView], None]) -> Callable[[], None]:
        """Goes to the next view of the script every few turns of the loop, while somebody listens."""
        loop = asyncio.get_running_loop()
        listening = [True]

        def turn(left: int) -> None:
            if not listening:
                return
            if left:
                loop.call_soon(turn, left - 1)
            elif len(self.views) > 1:
                self.views.pop(0)
                listener(self.views[0])
                loop.call_soon(turn, TURNS_PER_VIEW)
            elif self.at_end:
                self.at_end()

        loop.call_soon(turn, TURNS_PER_VIEW)
        return listening.clear

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        self.asked.append((key, ask))
        return self.prepared

    async def send(
        self, prepared: Prepared, *, wait: float = 30.0, report: Callable[[Outcome], None] | None = None
    ) -> Outcome:
        self.sent.append((prepared, wait))
        if report:
            report(replace(self.outcome, stage=Stage.SENDING, why=""))
            for outcome in self.stages:
                report(outcome)
        return self.outcome

    async def probe(self, key: RolloutKey, running: bool) -> None:
        self.probed.append((key, running))

    def select(self, keys: Collection[RolloutKey]) -> None:
        self.selected.append(tuple(keys))

    async def sample(self, contexts: Collection[str], scope: SampleScope) -> Kept:
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

    async def controls(self, key: RolloutKey, order: ControlsOrder) -> ControlsAnswer:
        self.orders.append((key, order))
        return self.controls_answer

    async def second(self, key: RolloutKey, order: SecondOrder) -> ControlsAnswer:
        self.seconds.append((key, order))
        return self.controls_answer

    def follow_others(self) -> None:
        self.followed += 1

    async def read_others(self, contexts: Collection[str]) -> None:
        self.follow_others()

    async def note(self, key: RolloutKey, text: str) -> str:
        self.notes.append((key, text))
        return self.why_no_note

    async def target_inside(self, key: RolloutKey) -> FoundTarget:
        return self.inside

    async def prepare_job(
        self, key: RolloutKey, order: SampleOrder, shape: JobShape, workers: int | None = None
    ) -> Prepared | Refused:
        self.jobs.append((order, shape, workers))
        return self.planned_job

    async def run_job(self, prepared: Prepared, progress: Callable[[SampleResult], None]) -> JobReport:
        assert prepared is self.planned_job
        self.run_jobs += 1
        return self.job_report

    async def prepare_inside(self, key: RolloutKey, wish: InsideWish) -> Prepared | Refused:
        raise AssertionError("no Job is planned here")

    async def probe_inside(self, prepared: Prepared, report: Callable[[Outcome], None]) -> Outcome:
        raise AssertionError("no Job is run here")

    async def yaml(self, context: str, ref: Ref) -> str:
        return "kind: Service"

    async def events(self, context: str, ref: Ref) -> tuple[str, ...]:
        return ()

    async def logs(self, context: str, pod: Ref, lines: int = 200) -> tuple[str, ...]:
        return ()


@dataclass
class FakePerson:
    present: bool = False
    answers: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)

    async def answer(self, question: str) -> str:
        self.questions.append(question)
        return self.answers.pop(0)


class FakeProgram:
    """Gives the fake session; notes the options it was asked with."""

    def __init__(self, cockpit: FakeCockpit) -> None:
        self.cockpit = cockpit
        self.person = FakePerson()
        self.options: list[Options] = []
        self.orders: list[DemoOrder] = []
        self.sampled: list[SampleOrder] = []
        self.result = SampleResult("http://shop.example/", 0, 0, 0, 1.0, Verdict.UNKNOWN, ())
        self.problem = ""
        self.key_problems: list[str] = []
        self.names: dict[Completes, list[str]] = {
            Completes.CONTEXT: ["prod-eu", "prod-us"],
            Completes.CLUSTER: ["eu-1", "us-1"],
            Completes.USER: ["ann", "joe"],
            Completes.NAMESPACE: ["shop", "books"],
            Completes.ROLLOUT: ["shop/web", "shop/pay", "books/web"],
            Completes.VERSION: ["v1", "v2"],
            Completes.STEP: ["1", "2"],
            Completes.THEME: ["dark", "light"],
            Completes.SCENARIO: ["broken-canary", "many"],
        }
        self.completed: list[tuple[str, str]] = []
        self.wide_columns: dict[str, str] = {}
        self.own_links: dict[str, str] = {}
        self.clicks = False
        self.closed = 0
        self.at = 1_700_000_000.25
        self.journal = Path("state") / "journal.jsonl"

    @asynccontextmanager
    async def session(self, options: Options, *, reads: Reads = Reads.FOLLOWING) -> AsyncIterator[FakeCockpit]:
        self.options.append(options)
        if self.problem:
            raise StartError(self.problem)
        try:
            yield self.cockpit
        finally:
            self.closed += 1

    def request_timeout(self, options: Options) -> float:
        return options.request_timeout or 1.0

    async def sample(
        self, order: SampleOrder, options: Options, progress: Callable[[SampleResult], None]
    ) -> SampleResult:
        self.sampled.append(order)
        progress(self.result)
        return self.result

    def screen(self, options: Options) -> int:
        self.options.append(options)
        return 0

    def demo(self, order: DemoOrder, options: Options) -> int:
        self.orders.append(order)
        return 0

    def keys(self, options: Options) -> tuple[Sequence[KeyRow], Sequence[str]]:
        return (KeyRow("rollback", "r", "fleet and rollout", "roll back", "send all back"),), self.key_problems

    def complete(self, what: Completes, options: Options, typed: str = "", of: str = "") -> Sequence[str]:
        self.options.append(options)
        self.completed.append((typed, of))
        return self.names[what]

    def columns(self, options: Options) -> Mapping[str, str]:
        return self.wide_columns

    def links(self, options: Options) -> tuple[Mapping[str, str], bool]:
        return self.own_links, self.clicks

    def config(self, options: Options) -> Sequence[SettingInForce]:
        return [
            SettingInForce("theme", "dark", "default"),
            SettingInForce("read_only_contexts", ["*live*"], "/etc/cockpit/config.yaml"),
        ]

    def now(self) -> float:
        return self.at

    def paths(self) -> Mapping[str, Path]:
        return {"journal": self.journal, "settings": Path("config.yaml")}
