"""How long rollouts have been as they are: from their objects, or from when this screen saw them change."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.model.ages import age, seconds_since_epoch
from cockpit.model.changes import changed_places
from cockpit.model.health import Health
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Phase, Severity
from cockpit.model.values import dataclass
from cockpit.model.view import FleetView, RolloutView
from cockpit.tui.standing import Cause, cause_of, hurt_reason
from cockpit.tui.text import main_share

_YEAR = 31_536_000.0
_LONGEST = 1000 * 86_400.0


@dataclass(frozen=True, slots=True)
class Since:
    """When something began (UTC seconds). Not `known`: it was so when the screen first saw it, perhaps for longer."""

    at: float
    known: bool


@dataclass(frozen=True, slots=True)
class _Sight:
    """What was seen of a rollout: its view, what counts as the same state, its health, since when.

    `hurting` says of each reason for which its users are hurt since when it is there: the one that is told can be
    another a moment later. `whole` is since when they are hurt for any, or since when it is in this state.
    """

    view: RolloutView
    state: object
    health: Health
    since: Since
    whole: Since
    hurting: Mapping[str, Since]

    @property
    def told(self) -> tuple[float, bool]:
        return self.since.at, self.since.known


class FirstSeen:
    """Remembers since when each rollout is as it is. Views that did not change cost a comparison of identities."""

    def __init__(self, started: float) -> None:
        self._started = started
        self._sights: dict[RolloutKey, _Sight] = {}
        self._shown: tuple[RolloutView, ...] = ()

    def note(self, view: FleetView, now: float) -> dict[RolloutKey, tuple[float, bool]]:
        """Look at a view at `now` (UTC seconds). Returns what of `known` is new or other than before."""
        shown = (*view.rollouts, *(group.view for group in view.groups))
        places = changed_places(self._shown, shown)
        changed = shown if places is None else [shown[place] for place in places]
        before = self._sights
        # A rollout whose system or name changed was seen before, in another state.
        moved = {_place(key) for key in before} if any(each.rollout.key not in before for each in changed) else set()
        sights = {
            each.rollout.key: self._sight(each, before.get(each.rollout.key), _place(each.rollout.key) in moved, now)
            for each in changed
        }
        self._sights = sights if places is None else before | sights
        self._shown = shown
        return {key: sight.told for key, sight in sights.items() if key not in before or before[key].told != sight.told}

    def known(self) -> dict[RolloutKey, tuple[float, bool]]:
        """Since when each rollout is as it is (UTC seconds), and whether that is known."""
        return {key: sight.told for key, sight in self._sights.items()}

    def restore(self, view: FleetView, since: Mapping[RolloutKey, tuple[float, bool]]) -> None:
        """Take over what was `known` when this view was shown."""
        shown = (*view.rollouts, *(group.view for group in view.groups))
        self._shown = ()
        self._sights = {
            each.rollout.key: _sight(each, Since(*since[each.rollout.key]), None)
            for each in shown
            if each.rollout.key in since
        }

    def _sight(self, view: RolloutView, before: _Sight | None, renamed: bool, now: float) -> _Sight:
        if before is not None and before.view is view:
            return before
        if before is None:
            created = seconds_since_epoch(view.rollout.created)
            fresh = created is not None and self._started <= created <= now
            if renamed and not fresh:
                return _sight(view, Since(now, True), None)
            return _sight(view, Since(created or now, True) if fresh else Since(now, False), None)
        # Who was not measured may have been hurt for long.
        measured = cause_of(view) is not Cause.HURT or before.health is not Health.NOT_MEASURED
        return _sight(view, Since(now, measured), before)

    def since(self, view: RolloutView) -> Since | None:
        """Since when a rollout is as it is: what its objects say, else when the reason that is told was first seen."""
        sight = self._sights.get(view.rollout.key)
        return _or_told(view, sight.since if sight else None)

    def whole(self, view: RolloutView) -> Since | None:
        """The same, of users that are hurt for any reason since the first of them."""
        sight = self._sights.get(view.rollout.key)
        return _or_told(view, sight.whole if sight else None)


def _or_told(view: RolloutView, seen: Since | None) -> Since | None:
    told = _told(view)
    if told is not None and (seen is None or not seen.known or told > seen.at):
        return Since(told, True)
    return seen


def _sight(view: RolloutView, begun: Since, before: _Sight | None) -> _Sight:
    """A rollout as it is seen now; `begun` holds for what it was not `before`."""
    state, reason = _state(view), hurt_reason(view)
    earlier = before.hurting if before else {}
    every = {found.id for found in view.rollout.findings if found.severity is Severity.CRITICAL} | {reason}
    hurting = {each: earlier.get(each, begun) for each in every if each} if reason else {}
    whole = before.whole if before is not None and before.state == state else begun
    return _Sight(view, state, view.health.health, hurting.get(reason, whole), whole, hurting)


def _place(key: RolloutKey) -> tuple[str, str, str]:
    return key.context, key.namespace, key.name


def _state(view: RolloutView) -> object:
    """What makes it another state: not figures that move while it lasts."""
    rollout, cause = view.rollout, cause_of(view)
    if cause is Cause.HURT:
        return cause
    main = main_share(rollout, rollout.default_lane)
    step = rollout.step.index if rollout.step else None
    return cause, rollout.phase, step, main and (main.version, main.written, main.declared)


def _told(view: RolloutView) -> float | None:
    """What the objects say: when its controller came here, and at rest when the version was first rolled out."""
    rollout = view.rollout
    cause = cause_of(view)
    if cause in (Cause.HURT, Cause.GUARD, Cause.FAILING, Cause.DOUBTFUL):
        return None
    if rollout.phase is not Phase.AT_REST:
        return seconds_since_epoch(rollout.since)
    main = main_share(rollout, rollout.default_lane)
    version = rollout.version(main.version) if main else None
    return seconds_since_epoch(version.born) if version else None


def short_age(since: Since | None, now: float, none: str) -> str:
    """An age in at most five columns; ">" in front of one that may be longer. Below a minute it moves by tens."""
    if since is None:
        return none
    seconds = now - since.at
    words = f"{seconds / _YEAR:.0f}y" if seconds >= _LONGEST else age(steady(seconds))
    if words == "0s":
        return "now" if since.known else none
    return words if since.known else f">{words}"


def steady(seconds: float) -> float:
    """Seconds that change six times in the first minute, so that an age does not tick."""
    return seconds // 10 * 10 if 0 <= seconds < 60 else seconds


def since_words(view: RolloutView, since: Since | None, now: float) -> str:
    """What it is and for how long: "hurt for 2m", "seen hurt for 2m"; "" if it is not known."""
    if since is None:
        return ""
    cause = cause_of(view)
    word = view.rollout.phase.value if cause is Cause.MOVING else cause.value
    lasted = age(steady(now - since.at))
    if lasted == "0s":
        return f"{word} just now" if since.known else f"{word} when first seen"
    if cause is Cause.AT_REST and since.known and _told(view) == since.at:
        return f"at rest, rolled out {lasted} ago"
    return f"{word} for {lasted}" if since.known else f"{word}, seen for {lasted}"
