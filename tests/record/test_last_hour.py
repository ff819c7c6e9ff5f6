"""A running screen keeps its last hour, and a key writes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cockpit.launch.last_hour import LastHour
from cockpit.record.reader import open_record
from tests.tui.driving import press, said, screen
from tests.tui.fake import FakeCockpit
from tests.tui.terminal import until


class OnLoop(FakeCockpit):
    """Published on the loop of its session, as a session does."""

    def publish(self, view: Any) -> None:
        self.current = view
        for listener in list(self.listeners):
            listener(view)


async def test_the_last_hour_is_written_when_somebody_asks_and_goes_on(tmp_path: Path) -> None:
    cockpit, last_hour = OnLoop(), LastHour()

    @asynccontextmanager
    async def opened(_: object) -> AsyncIterator[FakeCockpit]:
        yield cockpit

    assert last_hour.write(tmp_path / "early") == "nothing is recorded yet"
    async with last_hour.beside(opened):
        assert last_hour.write(tmp_path / "early") == "nothing is recorded yet"
        await until(lambda: bool(cockpit.listeners))
        cockpit.change("reviews", acting="approve")
        assert last_hour.write(tmp_path / "one") == ""
        cockpit.change("reviews", acting="")
        assert last_hour.write(tmp_path / "two") == ""
        assert "not written: File exists" in last_hour.write(tmp_path / "two")
    sizes = [open_record(tmp_path / name).views[-1].last for name in ("one", "two")]
    assert sizes[0] <= sizes[1]
    assert not cockpit.listeners


async def test_a_key_writes_it_beside_the_snapshots_and_says_where(tmp_path: Path) -> None:
    written: list[Path] = []

    def keep(path: Path) -> str:
        written.append(path)
        return "" if len(written) == 1 else "the disk is full"

    async with screen(size=(80, 24), snapshots=tmp_path / "new", keep_record=keep) as (app, pilot):
        await press(pilot, "X")
        await app.workers.wait_for_complete()
        assert written == [tmp_path / "new" / "cockpit-20260101-000500.record"]
        assert f"cockpit replay {written[0]}" in said(app)
        await press(pilot, "X")
        assert "the disk is full" in said(app)


async def test_where_nothing_is_recorded_the_key_says_so() -> None:
    async with screen() as (app, pilot):
        await press(pilot, "X")
        assert "nothing is recorded here" in said(app)
