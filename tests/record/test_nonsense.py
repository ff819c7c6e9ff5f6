"""Views that no session showed, in a file with right checksums: shown, or said to be damage, and never a traceback."""

from __future__ import annotations

import os
import random
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.record.blocks import Part, RecordError, block_bytes, header_bytes, pack
from cockpit.record.delta import REPLACE, plain
from cockpit.record.entries import ViewSeen, encode
from cockpit.record.player import Player
from cockpit.record.reader import Record, Views
from cockpit.session.clock import ManualClock
from cockpit.tui.replaying import ReplayApp
from tests.record.recording import HEADER, story
from tests.record.test_replay import frame
from tests.tui.driving import press
from tests.tui.fake import START

# Views that are mutated and shown; `make fuzz` looks at more of them.
AT_ONCE = 12
RUNS = 1_200 if os.environ.get("HYPOTHESIS_PROFILE") == "fuzz" else 12
WHOLE = (-1, 0, 1, 2, 7, 99, 10**5, 10**9, 10**14)
BROKEN = (-1.0, -0.5, 0.0, 1e-9, 0.3, 1.0, 1.5, 1e9, 1e14, -1e14, 253402300800.0)
TEXTS = ("", "x" * 500, "2026-13-77T99:99:99Z", "v1", "v9", "others", "\x1b[2J", "\n")
OTHERS: tuple[Any, ...] = (*WHOLE, *BROKEN, *TEXTS, None, True, [], {}, [["v9", 3.0]], [1, 2, 3])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all that is in a view."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for name, item in items for each in places(item, (*path, name)))]


def mutated(view: Any, rng: random.Random) -> Any:
    """A view in which some things are others, most often of the same type."""
    made = plain(view)
    # Texts are most of a view, and numbers what panes work with.
    kinds = [rng.choice([int, float, float, list, str, object]) for _ in range(rng.choice([1, 2, 5]))]
    for kind in kinds:
        fields: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
        for path in places(made)[1:]:
            if type(at(made, path)) is kind or kind is object:
                fields.setdefault(tuple(name for name in path if isinstance(name, str)), []).append(path)
        # Each field as often, however many there are of it.
        if fields:
            *way, last = rng.choice(rng.choice(list(fields.values())))
            inner = at(made, tuple(way))
            inner[last] = another(inner[last], kind, rng)
    return made


def another(value: Any, kind: type, rng: random.Random) -> Any:
    if kind is list:
        return rng.choice([[], value[1:], value[::-1], value * 2])
    return rng.choice({int: WHOLE, float: BROKEN, str: TEXTS}.get(kind, OTHERS))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        value = value[name]
    return value


def record_of(seeds: list[int]) -> bytes:
    """A view that is right, and others, each in a block of its own."""
    _, view = story(5)[4]
    return file_of([plain(view), *(mutated(view, random.Random(seed)) for seed in seeds)])


def file_of(views: list[Any]) -> bytes:
    """A record of these views, each in a block of its own."""
    data = header_bytes(HEADER)
    for number, each in enumerate(views):
        raw = encode([ViewSeen(START + number, [REPLACE, each])])
        data += block_bytes(pack(Part.VIEWS, raw, (START + number,) * 2, b"", whole=True))
    return data


def sound(seeds: list[int]) -> list[int]:
    """Those whose views are taken."""
    return [seed for seed in seeds if Views(Record(record_of([seed]))).seek(START + 1).at > START]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6))
def test_a_record_opens_up_to_the_view_that_cannot_be_shown(seeds: list[int]) -> None:
    record = Record(record_of(seeds))
    moment = Views(record).seek(START + len(seeds))
    assert moment.at <= record.ended
    if record.damage:
        assert moment.at == record.ended
        assert f"at byte {record.damage.at}" in str(record.damage)
    else:
        assert moment.at == START + len(seeds)


@pytest.mark.simulation
@pytest.mark.parametrize("first", range(0, RUNS, AT_ONCE))
async def test_what_is_taken_is_shown_without_a_traceback(first: int) -> None:
    seeds = sound(list(range(first, first + AT_ONCE)))
    assert len(seeds) > AT_ONCE / 4
    await shown_all(record_of(seeds))


async def shown_all(data: bytes) -> Player:
    """Every view of a record on the fleet and on the rollout screen; raises what they raise."""
    player = Player(Record(data), ManualClock(), paused=True)
    app = ReplayApp(player, zone=UTC, playing=False)
    async with app.run_test(size=(80, 24)) as pilot:
        for keys in ((), ("enter",)):
            await press(pilot, *keys)
            for moment in [player.record.began + number for number in range(len(player.record.views))]:
                player.seek(moment)
                await frame(pilot)
    return player


async def test_shares_of_more_than_all_end_the_record_and_not_the_program() -> None:
    """They lead to the root of a negative number."""
    right, wrong = (plain(story(5)[4][1]) for _ in range(2))
    for point in wrong["rollouts"][0]["probe"]["history"]:
        point["shares"] = [["v1", 3.0], ["v2", 3.0]]
    player = await shown_all(file_of([right, wrong]))
    assert "the number 3 as shares at byte" in player.playback().damage
    assert player.record.ended == START


def test_a_record_of_which_nothing_can_be_shown_says_so() -> None:
    raw = encode([ViewSeen(START, [REPLACE, {"rollouts": 7}])])
    data = header_bytes(HEADER) + block_bytes(pack(Part.VIEWS, raw, (START, START), b"", whole=True))
    with pytest.raises(RecordError, match=f"at byte {len(header_bytes(HEADER))}"):
        Player(Record(data), ManualClock())
