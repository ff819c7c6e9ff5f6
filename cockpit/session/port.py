"""The interface of a session for the screen and the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from cockpit.model.guard import GuardOrder
    from cockpit.model.inspection import EventGroup, LogLine, LogOrder, Revision
    from cockpit.model.pairing import ControlsAnswer, ControlsOrder
    from cockpit.model.plan import Ask, Plan, Refused
    from cockpit.model.probe_job import InsideWish, JobShape
    from cockpit.model.probe_target import ProbeTarget
    from cockpit.model.refs import Ref, RolloutKey
    from cockpit.model.sampling import SampleScope
    from cockpit.model.second_order import SecondOrder
    from cockpit.model.view import FleetView, Kept, Outcome, Prepared
    from cockpit.probe.from_pods import JobReport
    from cockpit.probe.sample import SampleOrder, SampleResult
    from cockpit.workloads.probe_targets import FoundTarget


class Cockpit(Protocol):
    """The only interface between user interfaces and live state. Only frozen values cross it.

    A session implements it for callers on its own event loop; a bridge implements it for a screen whose loop
    runs in another thread. Coroutines do not raise cluster errors: those are part of the result.
    """

    def view(self) -> FleetView:
        """The latest view."""
        ...

    def subscribe(self, listener: Callable[[FleetView], None]) -> Callable[[], None]:
        """Call `listener` with each new view, in the session's thread; returns a function that unsubscribes."""
        ...

    def select(self, keys: Collection[RolloutKey]) -> None:
        """Say which rollouts the user looks at (several: one rollout's parts): their probes come first."""
        ...

    async def prepare(self, key: RolloutKey, ask: Ask) -> Prepared | Refused:
        """Plan `ask` against the current objects, check permissions, and dry-run it on the server.

        `Act.UNDO` plans the inverse of the last act on the rollout, from this machine or told by another session.
        """
        ...

    async def outline(self, key: RolloutKey, ask: Ask) -> Plan | Refused:
        """What `ask` would do in the current state; the cluster is not asked, and the plan cannot be sent."""
        ...

    async def outdated(self, prepared: Prepared) -> str:
        """Why a prepared plan would be refused by now because what it was made from changed; "" if it would not."""
        ...

    async def send(
        self, prepared: Prepared, *, wait: float = 30.0, report: Callable[[Outcome], None] | None = None
    ) -> Outcome:
        """Send a prepared plan once, against the state that was shown, then wait for objects and probe.

        `wait` is how many seconds to wait for the expected state (0: do not wait, outcome SENT);
        `report` is called with each stage, in the session's thread.
        """
        ...

    async def probe(self, key: RolloutKey, running: bool) -> None:
        """Start or stop sampling one rollout."""
        ...

    async def sample(self, contexts: Collection[str], scope: SampleScope) -> Kept:
        """Decide what is sampled in these contexts, and remember it for later sessions.

        It replaces what was decided for single rollouts, and holds for this session even if it cannot be remembered.
        """
        ...

    async def set_target(self, key: RolloutKey, probe_target: ProbeTarget | None, rate: float | None = None) -> Kept:
        """Set the probe target and remember it for later sessions; None: derive it from the objects.

        This session uses it in any case; the result says whether it could be remembered.
        """
        ...

    async def find_prometheus(self, contexts: Collection[str]) -> None:
        """Read real traffic from a Prometheus in these contexts from now on, which is looked for where none is set."""
        ...

    async def read_real(self, keys: Collection[RolloutKey]) -> None:
        """Read now what a Prometheus says of these rollouts, where that is asked for; the view has it afterwards."""
        ...

    async def guard(self, key: RolloutKey, order: GuardOrder | None) -> str:
        """Set a guard on the release that is under way, in place of the one it has; None: no guard any more.

        Returns why it was not set, "" if it was. A guard lives as long as the session.
        """
        ...

    async def controls(self, key: RolloutKey, order: ControlsOrder) -> ControlsAnswer:
        """Take, give back, offer, accept or decline the controls of a rollout.

        To take what somebody else holds is to ask for it: after a minute without an answer their cockpit gives it up,
        and a cockpit that is silent is taken over. This waits for that for at most `order.wait` seconds.
        """
        ...

    async def second(self, key: RolloutKey, order: SecondOrder) -> ControlsAnswer:
        """Propose a prepared plan to a second person, confirm one that somebody else proposed, or withdraw it.

        A confirmation plans once more and is refused if that is not what was proposed and shown.
        """
        ...

    def follow_others(self) -> None:
        """Read from now on what other sessions tell of their acts: the journal shows it, and undo knows it.

        It returns at once.
        """
        ...

    async def read_others(self, contexts: Collection[str]) -> None:
        """Read now what other sessions told of their acts in the last hour; the view's journal has it afterwards."""
        ...

    async def note(self, key: RolloutKey, text: str) -> str:
        """Write a note about a rollout into the journal, for other sessions too; returns what went wrong, or ""."""
        ...

    async def target_inside(self, key: RolloutKey) -> FoundTarget:
        """Where pods of the rollout's cluster would send its requests."""
        ...

    async def prepare_job(
        self, key: RolloutKey, order: SampleOrder, shape: JobShape, workers: int | None = None
    ) -> Prepared | Refused:
        """Plan a Job whose pods send the requests, check permissions, and dry-run it on the server.

        `workers` is how many requests each pod has in flight; None: as many as the rate needs.
        """
        ...

    async def run_job(self, prepared: Prepared, progress: Callable[[SampleResult], None]) -> JobReport:
        """Create a prepared Job, follow its pods, and delete it, also when this is cancelled.

        `progress` is called from time to time, in the session's thread.
        """
        ...

    async def prepare_inside(self, key: RolloutKey, wish: InsideWish) -> Prepared | Refused:
        """Plan a Job whose answers are shown as those of the rollout's probe; otherwise like `prepare_job`."""
        ...

    async def probe_inside(self, prepared: Prepared, report: Callable[[Outcome], None]) -> Outcome:
        """Create it, show its answers until its pods end or `probe` stops it, and delete it.

        It is deleted also when this is cancelled. `report` hears of each new state, in the session's thread.
        """
        ...

    async def yaml(self, context: str, ref: Ref) -> str:
        """The object as YAML, safe to show; Secrets are never read. An error comes as text."""
        ...

    async def describe(self, context: str, ref: Ref) -> tuple[str, ...]:
        """What matters of the object, and the events about it, as safe lines. An error comes as a line."""
        ...

    async def events(self, context: str, ref: Ref) -> tuple[EventGroup, ...] | str:
        """Events about the object by reason, the newest first; a sentence if they cannot be read."""
        ...

    async def revisions(self, key: RolloutKey) -> tuple[Revision, ...]:
        """The templates that the rollout's workloads keep, the newest of each workload first."""
        ...

    async def difference(self, key: RolloutKey, old: str, new: str) -> tuple[str, ...] | str:
        """A unified diff of the pod templates of two versions or revision numbers, as safe lines; none if they are
        the same, a sentence if one cannot be read. Values that can be secret are hidden.
        """
        ...

    async def containers(self, context: str, pod: Ref) -> tuple[str, ...] | str:
        """The containers of a pod, the one whose log is read by default first; a sentence if it cannot be read."""
        ...

    async def follow_log(self, order: LogOrder, tell: Callable[[Sequence[LogLine]], None]) -> str:
        """Follow a log until it ends or this is cancelled, across lost connections; returns why it ended.

        `tell` is called with each batch, at most ten times a second, in the session's thread.
        """
        ...

    async def logs(self, context: str, pod: Ref, lines: int = 200) -> tuple[str, ...]:
        """The last lines of a pod's log, safe to show."""
        ...
