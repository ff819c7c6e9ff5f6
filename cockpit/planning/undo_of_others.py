"""How an act that another session sent can be undone here: by an act of the adapter, never by requests from outside.

What is known of such an act comes from an Event that anybody with the right to create Events can write. So only names,
shares and the header of a rule are taken from it. The adapter plans from the present objects, templates from the
revisions that the cluster keeps, with its own preconditions and warnings; and what it plans has to begin where the act
is said to have ended, and to lead to what is said to have been before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from cockpit.model.adapter import Adapter
from cockpit.model.lanes import CLOSE, DEFAULT_LANE, SHARE_TOLERANCE, in_lane
from cockpit.model.lazy_re import lazy_re
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Change, Expected, Plan, Refused
from cockpit.model.release_state import ReleaseState, differs_from, release_state
from cockpit.model.rollout import Phase, Rollout
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.planning.led_away import lost_by
from cockpit.planning.template_changes import more_than_images
from cockpit.planning.wording import no_undo_of, rolled_back_from

# Acts that are each other's inverse, whatever the shares were.
_PAIRS = {
    Act.PAUSE: Act.RESUME,
    Act.RESUME: Act.PAUSE,
    Act.ENABLE: Act.DISABLE,
    Act.DISABLE: Act.ENABLE,
    Act.ABORT: Act.RETRY,
    Act.RETRY: Act.ABORT,
}
# Acts that lead away from what hurts.
WAYS_BACK = (Act.ROLLBACK, Act.ABORT)
_TEMPLATES = (Act.SET_IMAGE, Act.ROLLBACK)
_NO_PLAN = "this does not take the step plan back to where it was: set the steps again"
# What `scale` says that it changes.
_COUNT = lazy_re(r"(?:(?P<version>\S+) pods |pods of ).*? (?P<before>[0-9]{1,7}) -> [0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class OthersAct:
    """An act of another session as its Event tells it: what was set before it, and what it was meant to lead to.

    `who` and `title` are safe text. `pods` are the numbers of pods that it set by version, `changes` what it changed in
    words, `gone` the objects that it deleted. `replaces` is the version whose template it replaced, "" for none. `hurt`
    is what was wrong when it was sent, as its session saw it; only warnings are made of it.
    """

    who: str
    act: Act
    title: str
    before: ReleaseState
    expected: tuple[Expected, ...] = ()
    pods: tuple[tuple[str, int], ...] = ()
    changes: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    replaces: str = ""
    hurt: tuple[str, ...] = ()

    @property
    def left(self) -> tuple[str, ...]:
        """The versions that it rolled back from."""
        if self.act not in WAYS_BACK:
            return ()
        before = (Expected(lane, version, share) for lane, version, share in self.before.shares)
        return lost_by(self.expected, before, self.replaces)


def as_told(plan: Plan, before: Rollout, who: str) -> OthersAct:
    """An act as others know it who only heard of it; `before` is the rollout that it was planned from."""
    return OthersAct(
        *(who, plan.act, safe_text(plan.title), release_state(before), plan.expected, plan.pods),
        changes=tuple(safe_text(str(change)) for change in plan.changes),
        gone=tuple(map(str, plan.gone)),
        replaces=plan.replaces,
    )


def undo_plan(told: OthersAct, rollout: Rollout, adapter: Adapter, objects: Objects, at: str) -> Plan | Refused:
    """The plan that leads back to before the act; refused, with the reason, where it cannot be known or was changed."""
    what = f"undo {told.title}, sent by {told.who} as its Event says"
    found = way_to_undo(told, rollout, adapter, objects, at)
    if isinstance(found, str):
        return Refused(Act.UNDO, rollout.key, f"{what}: {found}")
    ask, plan = found
    now = (rollout.step.index if rollout.step else None, bool(rollout.steps))
    moved = ask.act not in (Act.JUMP, Act.STEPS) and now != (told.before.step, bool(told.before.steps))
    notes = (_NO_PLAN,) if told.before.steps and moved and _applies(rollout, Act.STEPS) else ()
    again = tuple(rolled_back_from(safe_text(name, 63)) for name in told.left)
    warnings = (_on_whose_word(told, rollout), *again, *notes, *plan.warnings)
    return replace(plan, act=Act.UNDO, title=what, undo=no_undo_of(told.title), warnings=warnings)


def way_to_undo(
    told: OthersAct, rollout: Rollout, adapter: Adapter, objects: Objects, at: str
) -> tuple[Ask, Plan] | str:
    """The act that undoes it from here, with its plan; why there is none."""
    if why := why_not_asked(told, rollout):
        return why
    whys = []
    for ask in _asks(told, rollout):
        if isinstance(ask, str):
            whys.append(_unsaid(told, ask))
            continue
        timed = replace(ask, at=at)
        plan = adapter.plan(rollout, timed, objects)
        why = plan.why if isinstance(plan, Refused) else _why_not_it(told, plan, rollout, objects)
        if isinstance(plan, Plan) and not why:
            return timed, plan
        whys.append(why)
    return next(iter(whys), _all_unsaid(told))


def _on_whose_word(told: OthersAct, rollout: Rollout) -> str:
    """What of an act is known from the objects, and what only from its Event."""
    now = release_state(rollout)
    shares = [(each, now.share(each.lane, each.version) or 0.0) for each in _written(told, rollout)]
    seen = [f"{safe_text(each.version, 63)}{in_lane(each.lane)} is at {percent(share)}" for each, share in shares]
    forged = "anybody who may create Events can have written it"
    if not seen:
        return f"that it happened, who sent it and how it was before is known from its Event alone: {forged}"
    said = "who sent it and how it was before is known from its Event alone"
    return f"the objects show where it is said to have led ({', '.join(seen[:6])}); {said}: {forged}"


def shows_undone(told: OthersAct, rollout: Rollout) -> bool:
    """Whether the objects bear out that an act was undone: what it set is not set any more, or as it was before."""
    if _written(told, rollout):
        return bool(why_over(told, rollout))
    if told.act is Act.RESTART:
        return False
    if told.replaces:
        newest = next((version.name for version in reversed(rollout.own_versions)), "")
        return newest == told.replaces
    now, before = release_state(rollout), told.before
    match told.act:
        case Act.PAUSE | Act.RESUME:
            return now.paused is before.paused
        case Act.ABORT | Act.RETRY:
            return (rollout.phase is Phase.ABORTED) is (told.act is Act.RETRY)
        case Act.SCALE:
            named = dict(told.pods or before.pods)
            return all(dict(now.pods).get(version) == dict(before.pods).get(version) for version in named)
        case Act.STEPS:
            return now.steps == before.steps
    return replace(now, pods=(), paused=False) == replace(before, pods=(), paused=False)


def why_not_asked(told: OthersAct, rollout: Rollout) -> str:
    """Why no act is even tried to undo it; "" if one is, which may be refused when it is planned."""
    if why := why_over(told, rollout) or _why_never(told, rollout):
        return why
    asks = list(_asks(told, rollout))
    if any(isinstance(ask, Ask) for ask in asks):
        return ""
    return next((_unsaid(told, ask) for ask in asks if isinstance(ask, str)), _all_unsaid(told))


def _unsaid(told: OthersAct, what: str) -> str:
    return f"its Event does not say enough: {what}; {_their_own(told)}"


def _all_unsaid(told: OthersAct) -> str:
    return f"its Event does not say what it changed; {_their_own(told)}"


def why_over(told: OthersAct, rollout: Rollout) -> str:
    """Why the act is not in force any more, by the shares that it was to lead to; "" if they are written."""
    moved = differs_from(release_state(rollout), _written(told, rollout))
    return f"it was changed since: {', '.join(moved)}; nothing to undo" if moved else ""


def _written(told: OthersAct, rollout: Rollout) -> tuple[Expected, ...]:
    """The shares that it was to lead to and that are written: where pod counts decide, none is."""
    derived = {lane.name for lane in rollout.lanes if lane.derived}
    return tuple(each for each in told.expected if each.lane not in derived)


def _their_own(told: OthersAct) -> str:
    return f"{told.who} can undo it in the cockpit that sent it"


def _why_never(told: OthersAct, rollout: Rollout) -> str:
    """Why no act can undo it from another machine, and what to do instead; "" where one may."""
    if told.act is Act.RESTART:
        return "a restart cannot be undone: the replaced pods are gone"
    deleted = ", ".join(safe_text(name, 120) for name in told.gone[:6])
    if told.act is Act.FINISH:
        lost = f"it deleted {deleted}" if deleted else "it took away what the other version needs"
        return (
            f"{lost}, and no Event holds objects, because anybody may write one: {_their_own(told)}, which kept them;"
            " or apply their manifests again"
        )
    if told.act is Act.PROMOTE and not told.expected:
        ways = [act.value for act in (Act.ABORT, Act.ROLLBACK) if _applies(rollout, act)]
        instead = f"; instead: {' or '.join(ways)}" if ways else ""
        return f"its controller has carried the promotion out, and takes no step back{instead}"
    return ""


def _asks(told: OthersAct, rollout: Rollout) -> Iterator[Ask | str]:
    """Acts that may be the inverse, the likeliest first; a text is why there is none of that kind."""
    if inverse := _PAIRS.get(told.act):
        yield Ask(inverse) if _applies(rollout, inverse) else f"{inverse} does not apply now"
    elif told.act is Act.SCALE:
        yield _scale(told, rollout)
    elif told.act is Act.STEPS:
        yield from _steps(told, rollout)
    elif told.act is Act.HEADER:
        yield _header(told)
    elif told.act in _TEMPLATES and told.replaces:
        yield Ask(Act.ROLLBACK, version=told.replaces)
    else:
        if told.act in (Act.APPROVE, Act.JUMP) and told.before.step and _applies(rollout, Act.JUMP):
            yield Ask(Act.JUMP, step=told.before.step)
        yield from _shares(told, rollout)


def _scale(told: OthersAct, rollout: Rollout) -> Ask | str:
    """The counts that its changes name as those before it; versions of one workload have them in common."""
    newest = next((version.name for version in reversed(rollout.own_versions)), "")
    said = [found for change in told.changes if (found := _COUNT.fullmatch(change))]
    if not said:
        return "it does not name the number of pods before"
    counts = tuple((found["version"] or newest, int(found["before"])) for found in said)
    return Ask(Act.SCALE, counts=counts) if _applies(rollout, Act.SCALE) else "scale does not apply now"


def _steps(told: OthersAct, rollout: Rollout) -> Iterator[Ask | str]:
    """A plan that was begun is ended; one that was ended before its first step is begun again."""
    if not told.before.steps:
        yield Ask(Act.STEPS)
    elif told.before.step:
        yield f"it replaced a plan at step {told.before.step}, and a plan begins before its first step"
    else:
        versions = reversed(rollout.own_versions)
        yield from (Ask(Act.STEPS, version=each.name, steps=told.before.steps) for each in versions)


def _header(told: OthersAct) -> Ask | str:
    """The rule that was there is set again; one that was not is removed."""
    after = {each.lane for each in told.expected}
    lost = [lane for lane in told.before.lanes if lane not in after and lane != DEFAULT_LANE]
    if not lost:
        return Ask(Act.HEADER, version=_only_version(told, after - set(told.before.lanes)))
    rule = next(((name, value) for lane, name, value in told.before.headers if lane == lost[0]), None)
    to = next((version for version, share in told.before.lane(lost[0]) if share > 1 - CLOSE), None)
    if len(lost) > 1 or rule is None or to is None:
        return f"it does not hold the whole rule of {', '.join(safe_text(lane, 63) for lane in lost)}"
    return Ask(Act.HEADER, version=to, header=rule)


def _only_version(told: OthersAct, lanes: set[str]) -> str | None:
    """The version that gets all requests of these lanes; None if that is not one."""
    names = {each.version for each in told.expected if each.lane in lanes and each.share > 1 - CLOSE}
    return names.pop() if len(names) == 1 else None


def _shares(told: OthersAct, rollout: Rollout) -> Iterator[Ask | str]:
    """Back to the shares of before, by a weight, else by an act that gives everything to the version that had it."""
    other = [each.lane for each in told.expected if each.lane != DEFAULT_LANE and _changed(told.before, each)]
    if other:
        yield f"it changed the lane {safe_text(other[0], 63)}, whose rule it does not hold"
        return
    before = told.before.lane(DEFAULT_LANE)
    if not before or not any(_changed(told.before, each) for each in told.expected):
        yield "it names no shares that it changed"
        return
    gone = [name for name, share in before if share > CLOSE and rollout.version(name) is None]
    if gone:
        yield f"{', '.join(safe_text(name, 63) for name in gone)} is gone"
        return
    there = tuple((name, share) for name, share in before if rollout.version(name) is not None)
    if _applies(rollout, Act.SET_WEIGHT):
        yield Ask(Act.SET_WEIGHT, weights=there)
    everything = next((name for name, share in there if share > 1 - CLOSE), None)
    if everything is not None:
        yield from (Ask(act, version=everything) for act in (Act.FLIP, Act.ROLLBACK) if _applies(rollout, act))
    yield "neither set-weight nor flip leads back from here"


def ways_to_before(did: OthersAct, rollout: Rollout) -> Iterator[Ask]:
    """Acts that may lead to how it was before an act, whatever was changed since."""
    if did.act in _TEMPLATES and did.replaces:
        yield Ask(Act.ROLLBACK, version=did.replaces)
    elif did.act not in _PAIRS:
        yield from (ask for ask in _shares(did, rollout) if isinstance(ask, Ask))


def _why_not_it(told: OthersAct, plan: Plan, rollout: Rollout, objects: Objects) -> str:
    """Why a plan is not the inverse of the act; "" if it begins where that ended and leads to what was before."""
    if told.act in _TEMPLATES and told.replaces:
        return _why_other_template(told, plan, rollout, objects)
    if told.act in (Act.STEPS, Act.SCALE):
        other = next((change for change in plan.changes if _backwards(change) not in told.changes), None)
        return f"it was changed since: {other.what} is {other.before}; nothing to undo" if other else ""
    if plan.act is Act.JUMP and (newer := _new_since(told, rollout)):
        return _other_now(newer)
    before, lanes = set(told.before.lanes), {each.lane for each in plan.expected}
    off = differs_from(told.before, [each for each in plan.expected if each.lane in before])
    # A weight leaves the rules of other lanes alone; a rollback takes them away.
    stay = set(release_state(rollout).lanes) if plan.act in (Act.SET_WEIGHT, Act.JUMP) else set()
    lost = before - lanes - stay if lanes else ()
    grown = lanes - before if told.act is Act.HEADER else ()
    # Resumed, a CloneSet that its partition held may have lost that.
    switch = plan.act in (Act.PAUSE, Act.RESUME)
    more = switch and any(_backwards(change) not in told.changes for change in plan.changes)
    if off or lost or grown or more:
        return f"{plan.title} does not lead back to how it was; {_their_own(told)}"
    return ""


def _why_other_template(told: OthersAct, plan: Plan, rollout: Rollout, objects: Objects) -> str:
    template = next((change for change in plan.changes if change.what == "pod template"), None)
    if template is None or template.after != told.replaces:
        return f"{plan.title} does not lead back to {safe_text(told.replaces, 63)}"
    if told.act is Act.ROLLBACK:
        return "" if _backwards(template) in told.changes else _other_now(template.before)
    now = rollout.version(template.before)
    wanted = {change.rpartition(" -> ")[2] for change in told.changes}
    if now is None or wanted.isdisjoint(safe_text(image, 200) for image in now.images):
        return _other_now(template.before)
    return "its template was changed since, in more than the image" if more_than_images(plan, objects) else ""


def _new_since(told: OthersAct, rollout: Rollout) -> str:
    """A version with an image that nothing had before the act: its steps are those of another release."""
    before = {image for _, image in told.before.images}
    return next((name for name, image in release_state(rollout).images if image not in before), "")


def _other_now(name: str) -> str:
    return f"it was changed since: {safe_text(name, 63)} is the template now; nothing to undo"


def _backwards(change: Change) -> str:
    return safe_text(str(Change(change.what, change.after, change.before)))


def _changed(before: ReleaseState, expected: Expected) -> bool:
    now = before.share(expected.lane, expected.version) or 0.0
    return abs(now - expected.share) > SHARE_TOLERANCE


def _applies(rollout: Rollout, act: Act) -> bool:
    return any(state.act is act and state.enabled for state in rollout.acts)
