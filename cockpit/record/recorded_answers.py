"""What a record answers to the questions of a face: objects as they were then, and that nothing can be done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from cockpit.kube.store import Store
from cockpit.model.guard import GuardOrder
from cockpit.model.inspection import EventGroup, LogLine, LogOrder, Revision
from cockpit.model.pairing import ControlsAnswer, ControlsOrder
from cockpit.model.plan import Act, Ask, Plan, Refused, Request, Verb
from cockpit.model.probe_job import InsideWish, JobShape
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.reasons import A_RECORDING
from cockpit.model.refs import CONTROLLERREVISIONS, REPLICASETS, Ref, Resource, RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.sampling import SampleScope
from cockpit.model.second_order import SecondOrder
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, Kept, Outcome, Prepared, Stage
from cockpit.record.entries import PlanSeen, key_words
from cockpit.record.objects import LOGS, ObjectHistory, RecordedText
from cockpit.record.reader import Record
from cockpit.session.inspecting.describe import described
from cockpit.session.inspecting.objects import as_yaml, events_of, read_object
from cockpit.session.inspecting.templates import difference, revisions_of, template_named
from cockpit.workloads.probe_targets import FoundTarget

if TYPE_CHECKING:
    from cockpit.probe.from_pods import JobReport
    from cockpit.probe.sample import SampleOrder, SampleResult


class RecordedAnswers:
    """The part of `session.port.Cockpit` that answers; a player inherits it and knows the moment.

    `refused` is told why nothing happens, where the answer has no place for it.
    """

    def __init__(self, record: Record, history: ObjectHistory) -> None:
        self.record = record
        self._history = history
        self.refused: Callable[[str], None] = lambda why: None

    def now(self) -> float:
        """The moment that is shown."""
        raise NotImplementedError

    def view(self) -> FleetView:
        """The view of that moment."""
        raise NotImplementedError

    # Looking closer

    async def yaml(self, context: str, ref: Ref) -> str:
        return await as_yaml(self._then(context), ref)

    async def describe(self, context: str, ref: Ref) -> tuple[str, ...]:
        then = self._then(context)
        found = await read_object(then, ref)
        if isinstance(found, str):
            return (found,)
        return described(found, await events_of(then, ref), self.now())

    async def events(self, context: str, ref: Ref) -> tuple[EventGroup, ...] | str:
        return await events_of(self._then(context), ref)

    async def revisions(self, key: RolloutKey) -> tuple[Revision, ...]:
        rollout = self._rollout(key)
        return revisions_of(rollout, self._store(rollout, key.context)) if rollout else ()

    async def difference(self, key: RolloutKey, old: str, new: str) -> tuple[str, ...] | str:
        rollout = self._rollout(key)
        if rollout is None:
            return f"{safe_text(key)}: not in the recording at this moment"
        templates = []
        for name in (old, new):
            version = rollout.version(name)
            context = version.context if version and version.context else key.context
            found = template_named(name, rollout, self._store(rollout, context))
            if isinstance(found, str):
                return found
            templates.append((name, found))
        return difference(templates[0], templates[1])

    async def containers(self, context: str, pod: Ref) -> tuple[str, ...] | str:
        return LOGS

    async def follow_log(self, order: LogOrder, tell: Callable[[Sequence[LogLine]], None]) -> str:
        return LOGS

    async def logs(self, context: str, pod: Ref, lines: int = 200) -> tuple[str, ...]:
        return (LOGS,)

    def _then(self, context: str) -> RecordedText:
        return RecordedText(self._history, context, self.now())

    def _rollout(self, key: RolloutKey) -> Rollout | None:
        return next((each.rollout for each in self.view().rollouts if each.rollout.key == key), None)

    def _store(self, rollout: Rollout, context: str) -> Store:
        refs = (*rollout.objects, *(version.workload for version in rollout.versions if version.workload))
        kinds = {REPLICASETS, CONTROLLERREVISIONS, *(ref.resource for ref in refs)}
        return self._history.store(context, sorted(kinds), rollout.key.namespace, self.now())

    # Acts

    async def outline(self, key: RolloutKey, ask: Ask) -> Plan | Refused:
        words = key_words(key)
        until = self.now()
        seen = [p for p in self.record.plans if p.rollout == words and p.act == ask.act and p.at <= until]
        return _plan(seen[-1], key, ask.act) if seen else _refused(key, ask.act)

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        return _refused(key, ask.act)

    async def outdated(self, prepared: Prepared) -> str:
        return A_RECORDING

    async def send(
        self, prepared: Prepared, *, wait: float = 30.0, report: Callable[[Outcome], None] | None = None
    ) -> Outcome:
        outcome = Outcome(Stage.REFUSED, A_RECORDING, prepared.plan)
        if report:
            report(outcome)
        return outcome

    async def guard(self, key: RolloutKey, order: GuardOrder | None) -> str:
        return A_RECORDING

    def follow_others(self) -> None:
        """The recorded views hold what was told."""

    async def read_others(self, contexts: Collection[str]) -> None:
        """The recorded views hold what was told."""

    async def note(self, key: RolloutKey, text: str) -> str:
        return A_RECORDING

    async def controls(self, key: RolloutKey, order: ControlsOrder) -> ControlsAnswer:
        return ControlsAnswer(False, A_RECORDING)

    async def second(self, key: RolloutKey, order: SecondOrder) -> ControlsAnswer:
        return ControlsAnswer(False, A_RECORDING)

    async def prepare_job(
        self, key: RolloutKey, order: SampleOrder, shape: JobShape, workers: int | None = None
    ) -> Prepared | Refused:
        return _refused(key, Act.PROBE)

    async def run_job(self, prepared: Prepared, progress: Callable[[SampleResult], None]) -> JobReport:
        raise RuntimeError("no Job was prepared: " + A_RECORDING)

    async def prepare_inside(self, key: RolloutKey, wish: InsideWish) -> Prepared | Refused:
        return _refused(key, Act.PROBE)

    async def probe_inside(self, prepared: Prepared, report: Callable[[Outcome], None]) -> Outcome:
        return await self.send(prepared, report=report)

    async def target_inside(self, key: RolloutKey) -> FoundTarget:
        return FoundTarget(missing=A_RECORDING)

    # What is asked of a session, and a recording cannot follow

    def select(self, keys: Collection[RolloutKey]) -> None:
        pass

    async def probe(self, key: RolloutKey, running: bool) -> None:
        self.refused(A_RECORDING)

    async def sample(self, contexts: Collection[str], scope: SampleScope) -> Kept:
        self.refused(A_RECORDING)
        return Kept()

    async def set_target(self, key: RolloutKey, probe_target: ProbeTarget | None, rate: float | None = None) -> Kept:
        return Kept(problem=A_RECORDING)

    async def find_prometheus(self, contexts: Collection[str]) -> None:
        self.refused(A_RECORDING)

    async def read_real(self, keys: Collection[RolloutKey]) -> None:
        pass


def _refused(key: RolloutKey, act: Act) -> Refused:
    return Refused(act, key, A_RECORDING)


def _plan(seen: PlanSeen, key: RolloutKey, act: Act) -> Plan | Refused:
    if seen.why:
        return Refused(act, key, seen.why)
    requests = tuple(
        Request(Verb(verb), Ref(Resource(*resource), namespace, name), None)
        for verb, resource, namespace, name in seen.requests
    )
    # What undoes it is not recorded, only whether something does.
    inverse = requests if seen.undoable else ()
    return Plan(act, key, seen.title, (), requests, (), undo=seen.undo, inverse=inverse)
