"""What was set anew in the objects that a release is set by, field by field, and by whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import field

from cockpit.model.objects import Obj
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.values import dataclass
from cockpit.planning.deciding_fields import deciding_fields, same_fields
from cockpit.planning.writers import UNNAMED, Writer, managers_of, writer, writer_between
from cockpit.session.facts.diff import differences

_GONE = "deleted"
# Rollouts that a change is about are read again within this: what moves a Service from one to another concerns both.
_TOLD_SECONDS = 2.0
# Fields of one object in one line.
_MOST_FIELDS = 4


@dataclass(slots=True)
class FieldsChange:
    """An object before and after one or more changes; `after` is None once it is gone."""

    ref: Ref
    before: Obj
    after: Obj | None

    @property
    def writer(self) -> Writer:
        """Whoever wrote it; of one that is gone nobody can be known."""
        return writer_between(managers_of(self.before), managers_of(self.after)) or UNNAMED

    @property
    def words(self) -> tuple[str, ...]:
        """What changed, from what to what; nothing if all is again as it was."""
        if self.after is None:
            return (f"{self.ref} {_GONE}",)
        lines = differences(deciding_fields(self.before), deciding_fields(self.after), _MOST_FIELDS)
        return tuple(f"{self.ref}: {line}" if place == 0 else line for place, line in enumerate(lines))


@dataclass(slots=True)
class _Seen:
    """An object as it is now, and before its last change."""

    now: Obj | None
    before: Obj | None = None
    at: float = 0.0
    told: set[RolloutKey] = field(default_factory=set)

    def follow(self, obj: Obj | None, at: float) -> None:
        """It was read again."""
        before, self.now = self.now, obj
        if before is None or (obj is None and _made_by_controller(before)):
            self.before = None
        elif obj is None or _decide_otherwise(before, obj):
            self.before, self.at, self.told = before, at, set()


class ObjectChanges:
    """The objects of one cluster as they were last seen, by any rollout that has them."""

    def __init__(self) -> None:
        self._seen: dict[Ref, _Seen] = {}
        self._left: dict[Ref, float] = {}  # since when a rollout has them no more

    def __len__(self) -> int:
        """How many it remembers."""
        return len(self._seen)

    def look(
        self, key: RolloutKey, objects: Mapping[Ref, Obj | None], now: float, alone: bool = False
    ) -> tuple[FieldsChange, ...]:
        """The objects of a rollout, None where one is gone: what of them changed and was not told of this rollout.

        With `alone` only what was not told of any.
        """
        found = []
        for ref, obj in objects.items():
            seen = self._seen.get(ref)
            if seen is None:
                self._seen[ref] = _Seen(obj)
                continue
            if obj is not seen.now:
                seen.follow(obj, now)
            told = bool(seen.told) if alone else key in seen.told
            if seen.before is not None and now - seen.at <= _TOLD_SECONDS and not told:
                seen.told.add(key)
                found.append(FieldsChange(ref, seen.before, obj))
        return tuple(found)

    def leave(self, refs: Iterable[Ref], now: float) -> None:
        """A rollout has these objects no more; another one may have them, or is about to."""
        self._left.update(dict.fromkeys(refs, now))

    def forget(self, now: float, held: Callable[[], Set[Ref]]) -> None:
        """Forget those that no rollout has by now; `held` are the objects of all."""
        over = [ref for ref, at in self._left.items() if not 0 <= now - at <= _TOLD_SECONDS]
        kept = held() if over else frozenset[Ref]()
        for ref in over:
            del self._left[ref]
            if ref not in kept:
                self._seen.pop(ref, None)


def _decide_otherwise(before: Obj, after: Obj) -> bool:
    return not same_fields(before, after) and deciding_fields(before) != deciding_fields(after)


def _made_by_controller(obj: Obj) -> bool:
    """Whether a controller wrote it, which then removes it too when it is done with it."""
    return any(writer(manager, None).controller for manager, *_ in managers_of(obj))
