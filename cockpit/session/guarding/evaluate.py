"""What a guard makes of what it sees, view by view. Pure: the clock's times are handed in."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.guard import COMPARED, FINAL, GuardOrder, GuardState, Measure, condition_words, why_no_release
from cockpit.model.plan import Act, ActState, Plan
from cockpit.model.probe_answer import DEFAULT_TIMEOUT
from cockpit.model.reasons import READ_ONLY
from cockpit.model.refs import RolloutKey
from cockpit.model.remedies import unmended
from cockpit.model.rollout import Phase, Role, Rollout, Severity
from cockpit.model.values import dataclass
from cockpit.model.view import RolloutView
from cockpit.probe.answer_health import SLOW_RATIO, Identity, identity_of
from cockpit.session.guarding.evidence import Evidence, Grounds, evidence, why_unmeasured

# Seconds without a measurement after which a guard says that it is blind.
BLIND_SECONDS = 60.0
# Seconds that the two clocks may differ between two looks, and that a look may be late.
_MOST_DRIFT = 5.0
# This machine may have been offline while the cluster could not be reached: what was under way then fails this many
# seconds later at the latest.
_UNDER_WAY = DEFAULT_TIMEOUT
# Seconds within which a machine that was suspended has a network again, and finds out what it did not hear meanwhile.
_WAKING = 30.0
# The acts that take the way back, in this order.
WAYS_BACK = (Act.ABORT, Act.ROLLBACK)
_NEW = (Role.CANARY, Role.NEW, Role.PREVIEW)
_STABLE = (Role.STABLE, Role.ACTIVE)
_RATIOS = (Measure.RATIO_P50, Measure.RATIO_P99)
_TIMED = (Measure.SLOWER, *_RATIOS)


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a rollout. `view` is None if it is gone, `stale` why its objects may be old, or "".

    `at` is monotonic, `now` UTC seconds. `became` is the rollout that one which is gone became. `missed` is by how many
    seconds the look is late, because the program was stopped or did not get to run.
    """

    view: RolloutView | None
    stale: str
    at: float
    now: float
    became: RolloutKey | None = None
    missed: float = 0.0


@dataclass(frozen=True, slots=True)
class Watch:
    """A guard and what it remembers between views; times are monotonic seconds.

    `release` are the new versions of the release, by identity, `before` the other ones when it began. `held` is since
    when each condition holds, `doubted` the same where an armed guard only proposes. `standing` are the critical
    findings that there were when it was set. `until` is UTC seconds. `looked` is the last look: monotonic and UTC.
    From when on something counts, in UTC seconds: answers from `counted`, which is when it was set, or when time went
    on without it or the clock was set; requests that nobody answers from `reached`, some time after that or after a
    time in which the cluster could not be reached; what objects say from `read`. `sent` is what was sent, if its effect
    is not confirmed yet, else "".
    ACTING means that the way back is due: who runs the guard takes it and sets the state that follows. `retry_at` is
    when one that could not act may try again.
    """

    order: GuardOrder
    counted: float
    release: frozenset[Identity]
    before: frozenset[Identity]
    ends_at: float | None = None
    until: float | None = None
    held: tuple[float | None, ...] = ()
    doubted: tuple[float | None, ...] = ()
    standing: frozenset[tuple[str, str]] = frozenset()
    looked: tuple[float, float] | None = None
    measured_at: float | None = None
    reached: float = 0.0
    read: float = 0.0
    retry_at: float = 0.0
    state: GuardState = GuardState.WATCHING
    words: str = ""
    rings: int = 0
    aborted: bool = False
    timed_out: bool = False
    sent: str = ""

    def into(self, state: GuardState, words: str) -> Watch:
        """In this state; what was said of the state it is in already stays, so that figures do not flicker."""
        if state is self.state:
            return self
        rings = state in (GuardState.PROPOSING, GuardState.FAILED, GuardState.ACTED)
        rings = rings or (state is GuardState.BLIND and self.order.armed)
        return replace(self, state=state, words=words, rings=self.rings + rings)


def started(order: GuardOrder, rollout: Rollout, at: float, now: float) -> Watch:
    """A guard on the release that is under way; `at` is monotonic, `now` UTC seconds."""
    release, before = _parties(rollout)
    return Watch(
        order=order,
        counted=now,
        release=release,
        before=before,
        ends_at=None if order.seconds is None else at + order.seconds,
        until=None if order.seconds is None else now + order.seconds,
        held=(None,) * len(order.conditions),
        doubted=(None,) * len(order.conditions),
        standing=_critical(rollout),
        measured_at=at,
        words=condition_words(order.conditions),
    )


def judged(watch: Watch, seen: Seen) -> Watch:
    """The guard after one more look."""
    if watch.state in FINAL:
        return watch
    if watch.state is GuardState.ACTING:
        steady = _with_steady_clock(watch, seen)
        return watch if steady.held == watch.held else steady
    watch = _with_versions(watch, seen)
    if ended := at_its_end(watch, seen):
        return ended
    view = seen.view
    if view is None:
        return watch.into(GuardState.STALE, seen.stale)
    watch = replace(_with_steady_clock(watch, seen), standing=watch.standing & _critical(view.rollout))
    if seen.stale:
        watch = replace(watch, reached=max(watch.reached, seen.now + _UNDER_WAY))
    found = _evidence(watch, view, seen.now)
    unmeasured = why_unmeasured(view, seen.now) or _why_not_compared(watch.order, view)
    watch = replace(
        watch,
        held=_since(watch.held, [bool(one.words and not one.doubt) for one in found], seen.at),
        doubted=_since(watch.doubted, [bool(one.words and one.doubt) for one in found], seen.at),
        measured_at=watch.measured_at if unmeasured else seen.at,
    )
    if seen.stale:
        return watch.into(GuardState.STALE, seen.stale)
    return _concluded(watch, found, unmeasured, seen.at)


def why_not_due(watch: Watch, seen: Seen) -> str:
    """Why the way back is not to be taken after all, asked right before; "" if it is."""
    if not any(since is not None for since in _with_steady_clock(watch, seen).held):
        return "the program or the machine stood still, or its clock was set: the condition has to hold anew"
    found = _evidence(watch, seen.view, seen.now) if seen.view else []
    sure = [one for one in found if one.words and not one.doubt]
    return "requests are answered again" if sure and all(one.over for one in sure) else ""


def _evidence(watch: Watch, view: RolloutView, now: float) -> list[Evidence]:
    """What there is for each condition."""
    grounds = Grounds(watch.order.armed, watch.counted, now, watch.release, watch.standing, watch.reached, watch.read)
    return [evidence(condition, view, grounds) for condition in watch.order.conditions]


def way_back(acts: tuple[ActState, ...]) -> ActState:
    """The act that takes the way back, or one that does not apply, with the reason."""
    known = [state for way in WAYS_BACK for state in acts if state.act is way]
    missing = ActState(Act.ROLLBACK, False, "this rollout has no act that goes back")
    return next((state for state in known if state.enabled), known[-1] if known else missing)


def why_not_set(order: GuardOrder, rollout: Rollout, read_only: bool) -> str:
    """Why this guard cannot be set now; "" if it can."""
    if order.armed and read_only:
        return READ_ONLY
    if why := why_no_release(rollout) or why_order_unfit(order, rollout):
        return why
    way = way_back(rollout.acts)
    return "" if way.enabled or not order.armed else f"it could not act: {way.why}"


def why_order_unfit(order: GuardOrder, rollout: Rollout) -> str:
    """Why the conditions do not fit the rollout's versions; "" if they do."""
    versions = rollout.own_versions
    names = [version.name for version in versions]
    stable = [version.name for version in versions if version.role in _STABLE]
    for condition in order.conditions:
        if condition.version and condition.version not in names:
            return f"{condition}: there is no version {condition.version}; there are {', '.join(names[:10]) or 'none'}"
        if condition.baseline and [condition.baseline] != stable:
            known = ", ".join(stable) or "none"
            return f"{condition}: versions are compared with the stable one ({known}), not with {condition.baseline}"
        if condition.measure in COMPARED and len(stable) != 1:
            return f"{condition}: {_nothing_stable(stable)}"
        ratio = condition.measure in _RATIOS
        if ratio and condition.above is not None and condition.above < SLOW_RATIO:
            return f"{condition}: a difference below {SLOW_RATIO:g} is not decided; write {SLOW_RATIO:g} or more"
    return ""


def _nothing_stable(stable: list[str]) -> str:
    """Why versions cannot be compared where not exactly one is stable."""
    several = f"there is more than one stable version ({', '.join(stable[:10])})"
    return f"{several if stable else 'no stable version to compare with'}: use hurt"


def _why_not_compared(order: GuardOrder, view: RolloutView) -> str:
    """Why a condition cannot be decided by the versions that there are now, or their times; "" if all can."""
    stable = [version.name for version in view.rollout.own_versions if version.role in _STABLE]
    timed = next((condition for condition in order.conditions if condition.measure in _TIMED), None)
    if timed and view.probe.too_slow:
        return f"{timed}: the probe itself is too slow to compare times"
    first = next((condition for condition in order.conditions if condition.measure in COMPARED), None)
    return f"{first}: {_nothing_stable(stable)}" if first and len(stable) != 1 else ""


def newcomers(watch: Watch, rollout: Rollout) -> list[str]:
    """The new versions that there were not yet when the guarded release began."""
    new = (version for version in rollout.own_versions if version.role in _NEW)
    return [version.name for version in new if identity_of(version) not in watch.release | watch.before]


def leads_into_release(watch: Watch, plan: Plan, rollout: Rollout) -> str:
    """Why a guard does not send a plan: it leads into the guarded release, may not serve, or helps nobody; else ""."""
    new = [version for version in rollout.own_versions if identity_of(version) in watch.release]
    written = {(lane.name, share.version): share.written or 0.0 for lane in rollout.lanes for share in lane.shares}
    names = {version.name for version in new}
    more = [e for e in plan.expected if e.version in names and e.share > written.get((e.lane, e.version), 0.0)]
    identity = plan.reaches.identity if plan.reaches else None
    aimed = any(identity in version.identity for version in new) if identity else False
    if plan.raises or more or aimed:
        return f"{plan.title} brings the new version back instead of taking it away; decide by hand"
    if remedy := _elsewhere(watch, rollout):
        return f"no version is at fault, so going back does not help: {remedy}; decide by hand"
    if plan.risky:
        return f"{plan.title} may leave users without an answer; {next(iter(plan.warnings), '')}; decide by hand"
    return ""


def _elsewhere(watch: Watch, rollout: Rollout) -> str:
    """What mends it where no version is at fault; "" where one may be, or is worse than the stable one."""
    held = zip(watch.order.conditions, watch.held, strict=True)
    differs = any(since is not None and condition.measure in COMPARED for condition, since in held)
    return "" if differs else unmended(rollout, watch.standing)


def _why_gone(became: RolloutKey | None) -> str:
    if became is None:
        return "the rollout is gone"
    return f"the system {became.system} drives {became} now; set the guard again"


def at_its_end(watch: Watch, seen: Seen) -> Watch | None:
    """The guard at its end; None if the release goes on."""
    # A monotonic clock can stand still while the machine is suspended.
    late = watch.until is not None and seen.now >= watch.until
    if late or (watch.ends_at is not None and seen.at >= watch.ends_at):
        return replace(watch.into(GuardState.ENDED, "its time is up"), timed_out=True)
    if seen.stale:
        return None
    if seen.view is None:
        return watch.into(GuardState.ENDED, _why_gone(seen.became))
    rollout = seen.view.rollout
    back, other = _taken_back(watch, rollout), newcomers(watch, rollout)
    went_on = rollout.phase is Phase.AT_REST and _is_stable(watch, rollout)
    if watch.sent and not went_on and (back or rollout.phase in (Phase.AT_REST, Phase.ABORTED)):
        return watch.into(GuardState.ACTED, watch.sent)
    if rollout.phase is Phase.AT_REST:
        stable = ", ".join(v.name for v in rollout.own_versions if v.role in _STABLE)
        return watch.into(GuardState.ENDED, f"the release ended: at rest{' on ' if stable else ''}{stable}")
    if rollout.phase is Phase.ABORTED:
        return replace(watch.into(GuardState.ENDED, "the release was aborted, not by this guard"), aborted=True)
    if back:
        return replace(watch.into(GuardState.ENDED, "the release was taken back, not by this guard"), aborted=True)
    if other:
        return watch.into(GuardState.ENDED, f"another release began: {', '.join(other)}")
    return None


def _critical(rollout: Rollout) -> frozenset[tuple[str, str]]:
    return frozenset(found.subject for found in rollout.findings if found.severity is Severity.CRITICAL)


def _since(before: tuple[float | None, ...], holds: list[bool], at: float) -> tuple[float | None, ...]:
    """Since when each holds, from since when each did."""
    return tuple((at if since is None else since) if now else None for since, now in zip(before, holds, strict=True))


def _with_steady_clock(watch: Watch, seen: Seen) -> Watch:
    """The guard; all has to hold anew where time went on without it, as in a suspend, or the wall clock was set."""
    before, watch = watch.looked, replace(watch, looked=(seen.at, seen.now))
    drift = (seen.now - before[1]) - (seen.at - before[0]) if before else 0.0
    if abs(drift) <= _MOST_DRIFT and seen.missed <= _MOST_DRIFT:
        return watch
    never, awake = (None,) * len(watch.order.conditions), seen.now + _WAKING
    watch = replace(watch, held=never, doubted=never, counted=seen.now, reached=awake, read=awake, measured_at=seen.at)
    if watch.until is None or watch.ends_at is None:
        return watch
    # A clock that was set back gives nobody more time.
    return replace(watch, until=min(watch.until, seen.now + watch.ends_at - seen.at))


def _concluded(watch: Watch, found: list[Evidence], unmeasured: str, at: float) -> Watch:
    """The state that follows from which conditions hold, and since when."""
    sure, doubtful = _holding(watch, found, watch.held, at), _holding(watch, found, watch.doubted, at)
    if due := next((words for words, is_due in sure if is_due), ""):
        if not watch.order.armed:
            return watch.into(GuardState.PROPOSING, due)
        if watch.state is GuardState.FAILED and at < watch.retry_at:
            return watch
        return watch.into(GuardState.ACTING, due)
    if due := next((words for words, is_due in doubtful if is_due), ""):
        return watch.into(GuardState.PROPOSING, due)
    if holding := [*sure, *doubtful]:
        return watch.into(GuardState.HOLDING, holding[0][0])
    if unmeasured and watch.measured_at is not None and at - watch.measured_at > BLIND_SECONDS:
        return watch.into(GuardState.BLIND, unmeasured)
    return watch.into(GuardState.WATCHING, condition_words(watch.order.conditions))


def _holding(watch: Watch, found: list[Evidence], held: tuple[float | None, ...], at: float) -> list[tuple[str, bool]]:
    """The evidence of each condition that holds, and whether it has held for long enough."""
    return [
        (
            f"{condition}: {one.words}" + (f"; it does not act by itself: {one.doubt}" if one.doubt else ""),
            at - since >= condition.seconds,
        )
        for condition, one, since in zip(watch.order.conditions, found, held, strict=True)
        if since is not None
    ]


def _taken_back(watch: Watch, rollout: Rollout) -> bool:
    """Whether a version from before the release is the new one now, or the release's versions only leave."""
    versions = rollout.own_versions
    if any(v.role in _NEW and identity_of(v) in watch.before for v in versions):
        return True
    if not watch.release or not versions or any(v.role in _NEW for v in versions):
        return False
    # After a switch to it, the new version of a blue-green release is the active one while it is still judged.
    return not _is_stable(watch, rollout)


def _is_stable(watch: Watch, rollout: Rollout) -> bool:
    """Whether a version of the release is the stable or active one."""
    return any(v.role in _STABLE and identity_of(v) in watch.release for v in rollout.own_versions)


def _with_versions(watch: Watch, seen: Seen) -> Watch:
    """The guard, with the versions of a release that had none yet when the guard was set."""
    if watch.release or seen.view is None:
        return watch
    release, before = _parties(seen.view.rollout)
    return replace(watch, release=release - watch.before, before=watch.before | before) if release else watch


def _parties(rollout: Rollout) -> tuple[frozenset[Identity], frozenset[Identity]]:
    """The new versions, and the others."""
    versions = rollout.own_versions
    new = frozenset(identity_of(version) for version in versions if version.role in _NEW)
    return new, frozenset(map(identity_of, versions)) - new
