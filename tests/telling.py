"""From watch events to the telling of a story, and whether two tellings are the same.

A telling has a track per object and in it rails: sequences of what one aspect of the object was. A recorded telling
joins several performances of the same story: what some of them lack is marked, because whether a controller writes
two changes at once or one after the other depends on which informer heard first, and a pod that is slow by chance
shows a state that a fast one skips.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any

from tests.stories.story import Obj, Watched

# One rail as recorded: (value, whether some performances lack it).
Rail = list[tuple[Any, bool]]
Telling = dict[str, dict[str, Rail]]

HASHES = (
    "rollouts-pod-template-hash",
    "pod-template-hash",
    "controller-revision-hash",
    "controller.kubernetes.io/hash",
)


def telling_of(watched: Iterable[Watched], events: Sequence[tuple[str, Obj]]) -> Telling:
    """Tell a story from (kind, object) in the order in which the objects were written."""
    names = names_of_hashes(obj for _, obj in events)
    by_kind = {watch.kind: watch for watch in watched}
    seen: dict[str, dict[str, list[Any]]] = {}
    for kind, obj in events:
        watch = by_kind[kind]
        track = watch.track(obj)
        if track is None:
            continue
        rails = seen.setdefault(named(f"{watch.kind.partition('.')[0]} {track}", names), {})
        for rail, tell in watch.rails.items():
            if (value := tell(obj)) is not None:
                rails.setdefault(rail, []).append(named(value, names))
                if rail in watch.flapping:
                    rails[rail] = steadied(rails[rail])
        for rail, count in watch.counts.items():
            rails[rail] = turning_points([*rails.get(rail, []), count(obj)])
    counted = {rail for watch in by_kind.values() for rail in watch.counts}
    return {
        track: {rail: _counted(values) if rail in counted else always(values) for rail, values in sorted(rails.items())}
        for track, rails in sorted(seen.items())
    }


def always(values: Sequence[Any]) -> Rail:
    """A rail of states that no performance lacks."""
    return [(value, False) for value in folded(values)]


def _counted(numbers: Sequence[int]) -> Rail:
    """Turning points; whether a controller saw the ones in between is chance: two changes may come as one."""
    return [(number, 0 < place < len(numbers) - 1) for place, number in enumerate(numbers)]


def names_of_hashes(objects: Iterable[Obj]) -> dict[str, str]:
    """Names for what differs by performance: for hashes of pod templates the image's tag, one for the namespace."""
    names: dict[str, str] = {}
    for obj in objects:
        names[f"{obj['metadata'].get('namespace')}/"] = "NAMESPACE/"
        spec = (obj.get("data") or {}).get("spec") or obj.get("spec") or {}
        pod = (spec.get("template") or {}).get("spec") or spec
        images = [str(container.get("image", "")) for container in pod.get("containers") or []]
        for label in HASHES:
            value = (obj["metadata"].get("labels") or {}).get(label)
            if value and images:
                names[value] = images[0].rpartition(":")[2]
    return names


def named(value: Any, names: dict[str, str]) -> Any:
    """A copy of plain JSON in which every text has names for hashes."""
    if isinstance(value, str):
        for digest, name in names.items():
            value = value.replace(digest, name)
        return value
    if isinstance(value, list):
        return [named(entry, names) for entry in value]
    if isinstance(value, dict):
        return {named(key, names): named(entry, names) for key, entry in value.items()}
    return value


def folded(values: Sequence[Any]) -> list[Any]:
    """Values without repetitions."""
    return [value for value, _ in itertools.groupby(values)]


def steadied(values: Sequence[Any]) -> list[Any]:
    """Values without repetitions of a change to and fro: A B A B A is told as A B A."""
    kept: list[Any] = []
    for value in folded(values):
        if len(kept) > 2 and value == kept[-2] and kept[-1] == kept[-3]:
            kept.pop()
        else:
            kept.append(value)
    return kept


def turning_points(numbers: Sequence[int]) -> list[int]:
    """Numbers without those that lie on the way up or down between two others."""
    kept: list[int] = []
    for number in folded(numbers):
        if len(kept) > 1 and (kept[-1] > kept[-2]) == (number > kept[-1]):
            kept.pop()
        kept.append(number)
    return kept


def joined(one: Rail, other: Rail) -> Rail:
    """Two performances of a rail as one: what only one of them has is marked as missing at times."""
    keys = [[json.dumps(value, sort_keys=True) for value, _ in rail] for rail in (one, other)]
    result: Rail = []
    for what, a, b, c, d in SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_opcodes():
        if what == "equal":
            result += [
                (value, first or second) for (value, first), (_, second) in zip(one[a:b], other[c:d], strict=True)
            ]
        else:
            result += [(value, True) for value, _ in [*one[a:b], *other[c:d]]]
    return result


def together(tellings: Sequence[Telling]) -> Telling:
    """Several performances of one story as one telling."""
    first, *others = tellings
    for other in others:
        assert set(first) == set(other), f"objects came in one performance only: {sorted(set(first) ^ set(other))}"
        first = {
            track: {rail: joined(rails.get(rail, []), other[track].get(rail, [])) for rail in {**rails, **other[track]}}
            for track, rails in first.items()
        }
    return first


def follows(seen: Sequence[Any], rail: Rail) -> int | None:
    """Whether a sequence is one that the rail allows: None, or the place in it where it leaves the rail.

    The place is len(seen) when the sequence ends too early. One state of `seen` may stand for several of the rail
    that are alike once what lies between them is missing.
    """
    places = {-1}
    for number, value in enumerate(seen):
        following: set[int] = set()
        for place in places:
            for further in range(place + 1, len(rail)):
                if rail[further][0] == value:
                    following.add(further)
                elif not rail[further][1]:
                    break
        if not following:
            return number
        places = following
    ends = any(all(missing for _, missing in rail[place + 1 :]) for place in places)
    return None if ends else len(seen)


def is_count(seen: Sequence[Any], rail: Rail) -> bool:
    """Whether a rail tells a number of pods."""
    return all(isinstance(value, int) and not isinstance(value, bool) for value in [*seen, *(v for v, _ in rail)])


def _outside(seen: Sequence[int], rail: Rail) -> int | None:
    """Where a number begins or ends elsewhere, or goes higher or lower, than it ever was."""
    numbers = [number for number, _ in rail]
    for place, number in enumerate(seen):
        if not min(numbers, default=number) <= number <= max(numbers, default=number):
            return place
    for place in (0, -1):
        if seen[place : place + 1 or None] != numbers[place : place + 1 or None]:
            return place % len(seen) if seen else 0
    return None


def differences(seen: Telling, recorded: Telling) -> list[str]:
    """In words, where a performance tells another story than the recorded one."""
    texts = [f"{track}: only {'recorded' if track in recorded else 'seen'}" for track in set(seen) ^ set(recorded)]
    for track in sorted(set(seen) & set(recorded)):
        for rail in sorted({*seen[track], *recorded[track]}):
            states = [value for value, _ in seen[track].get(rail, [])]
            wanted = recorded[track].get(rail, [])
            place = _outside(states, wanted) if is_count(states, wanted) else follows(states, wanted)
            if place is not None:
                texts.append(f"{track}, {rail}: leaves the recorded course at state {place}")
                texts.append(_side_by_side(states, wanted, place))
    return texts


def _side_by_side(states: Sequence[Any], rail: Rail, place: int) -> str:
    lines = ["  recorded:"]
    lines += [f"    {'(at times) ' if missing else ''}{json.dumps(value)}" for value, missing in rail]
    lines.append("  seen:")
    lines += [f"  {'>>' if number == place else '  '}{json.dumps(value)}" for number, value in enumerate(states)]
    return "\n".join(lines)


def to_json(telling: Telling) -> Any:
    """A telling as its file has it: states that some performances lack stand in {"sometimes": ...}."""
    return {
        track: {
            rail: [{"sometimes": value} if missing else value for value, missing in states]
            for rail, states in rails.items()
        }
        for track, rails in telling.items()
    }


def from_json(document: Any) -> Telling:
    """The telling in a file."""

    def state(entry: Any) -> tuple[Any, bool]:
        missing = isinstance(entry, dict) and set(entry) == {"sometimes"}
        return (entry["sometimes"], True) if missing else (entry, False)

    return {
        track: {rail: [state(entry) for entry in states] for rail, states in rails.items()}
        for track, rails in document.items()
    }
