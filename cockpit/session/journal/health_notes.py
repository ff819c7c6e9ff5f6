"""Notes in the journal of when users were hurt: one entry for each outage, with its end. A post-mortem asks first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from cockpit.model.ages import age
from cockpit.model.clock import Clock
from cockpit.model.health import Health
from cockpit.model.journal import HEALTH
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Entry, RolloutView, Stage
from cockpit.session.acts.seen import seen_of

COCKPIT = "cockpit"
# Seconds that users have to be fine until an outage is over, and after which one that begins is another: pods come
# and go, and answers are judged one by one.
_STILL_FINE, _ANOTHER = 15.0, 60.0
# How long ago an outage can have begun, by the line of another session, to be the one that is seen now.
LONGEST_OUTAGE = 24 * 3600.0
_HURT = "users are hurt"


@dataclass(slots=True)
class _Outage:
    """One time in which users were hurt. `fresh`: what the entry says is not kept yet.

    `unseen`: its beginning, or its end, was not seen by this session, so that it took at most as long as it seems.
    """

    entry: Entry
    fresh: bool = True
    fine_since: float | None = None
    unseen: bool = False

    @property
    def reason(self) -> str:
        return self.entry.title.removeprefix(f"{_HURT}: ")


class HealthNotes:
    """`news` is called when there will be something to `take`; `new_id` names an entry, `known` are those so far.

    `gone` says whether a rollout is no more, by that name.
    """

    def __init__(
        self,
        clock: Clock,
        new_id: Callable[[], str],
        known: Callable[[], Iterable[Entry]],
        gone: Callable[[RolloutKey], bool],
        news: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._new_id = new_id
        self._known = known
        self._gone = gone
        self._news = news
        self._outages: dict[RolloutKey, _Outage] = {}
        self._looked: set[RolloutKey] = set()

    def look(self, view: RolloutView) -> None:
        """A rollout as it is shown now. What is doubtful or not measured changes nothing."""
        key, health = view.rollout.key, view.health.health
        if health is Health.HURT:
            self._hurt(view, self._of(view))
        elif health is Health.FINE:
            outage = self._of(view) or self._left_open(key)
            if outage is not None and outage.fine_since is None:
                outage.fine_since = self._clock.now()
                self._news()
        else:
            return
        self._looked.add(key)

    def take(self, everything: bool = False) -> Iterator[Entry]:
        """The entries that are to be kept by now, as they read; at the end those of which the end waits, too."""
        now = self._clock.now()
        for key, outage in list(self._outages.items()):
            if outage.fine_since is None and self._gone(key):
                outage.fine_since = now
            fine = outage.fine_since
            over = fine is not None and (everything or now - fine >= _STILL_FINE)
            if fine is not None and over and outage.entry.until is None:
                outage.entry, outage.fresh = _ended(outage, fine), True
            if outage.fresh:
                outage.fresh = False
                yield outage.entry
            if fine is not None and now - fine > _ANOTHER:
                del self._outages[key]

    @property
    def waiting(self) -> bool:
        """Whether something is to be kept later."""
        return any(outage.fresh or outage.fine_since is not None for outage in self._outages.values())

    def adopt(self, earlier: Entry) -> None:
        """Another session on this machine has noted the outage already: the entry is one."""
        outage = self._outages.get(earlier.rollout)
        if outage is not None:
            outage.unseen = outage.entry.at - earlier.at > _ANOTHER
            outage.entry, outage.fresh = earlier, False

    def _hurt(self, view: RolloutView, outage: _Outage | None) -> None:
        if outage is None:
            self._outages[view.rollout.key] = _Outage(self._begun(view))
        elif outage.entry.until is not None:
            # It was not over yet.
            outage.entry, outage.fresh = self._begun(view, outage.entry), True
        elif outage.fine_since is None:
            return
        self._outages[view.rollout.key].fine_since = None
        self._news()

    def _of(self, view: RolloutView) -> _Outage | None:
        """The outage of a rollout, which may have had another name when it began."""
        key = view.rollout.key
        if self._outages and key not in self._outages:
            before = next((each for each in self._outages if view.rollout.was(each) and self._gone(each)), None)
            if before is not None:
                self._outages[key] = self._outages.pop(before)
        return self._outages.get(key)

    def _left_open(self, key: RolloutKey) -> _Outage | None:
        """An outage that a session before this one began to note, whose end nobody saw."""
        if key in self._looked:
            return None
        earlier = open_outage(self._known(), key, self._clock.now())
        if earlier is None:
            return None
        self._outages[key] = _Outage(earlier, fresh=False, unseen=True)
        return self._outages[key]

    def _begun(self, view: RolloutView, again: Entry | None = None) -> Entry:
        title = safe_text(f"{_HURT}: {view.health.reason}", 500)
        if again is not None:
            return replace(again, title=title, until=None)
        id_, now = self._new_id(), self._clock.now()
        return Entry(id_, now, COCKPIT, view.rollout.key, HEALTH, title, Stage.NOTED, seen=seen_of(view))


def open_outage(entries: Iterable[Entry], key: RolloutKey, now: float) -> Entry | None:
    """The outage of a rollout that these entries begin, oldest first, and none of them ends."""
    last = None
    for entry in entries:
        if entry.act == HEALTH and entry.rollout == key and now - entry.at <= LONGEST_OUTAGE:
            last = entry
    return last if last is not None and is_open(last) else None


def is_open(entry: Entry) -> bool:
    """Whether it says that an outage began, and not that it ended."""
    return entry.act == HEALTH and entry.until is None and entry.title.startswith(_HURT)


def _ended(outage: _Outage, until: float) -> Entry:
    took = age(until - outage.entry.at)
    words = f"users were hurt for {took}: {outage.reason}"
    if outage.unseen:
        words = f"users were hurt for at most {took}: {outage.reason}"
    return replace(outage.entry, title=safe_text(words, 500), until=until)
