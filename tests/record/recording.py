"""Records made of views in memory."""

from __future__ import annotations

from cockpit.model.view import FleetView
from cockpit.record.blocks import Block, Header, block_bytes, header_bytes
from cockpit.record.writer import Writer
from tests.tui.fake import START, FakeCockpit, fleet, probing
from tests.tui.strips import strip


class Memory:
    """A sink that keeps what a file would hold."""

    def __init__(self) -> None:
        self.data = b""
        self.blocks: list[Block] = []
        self.closed = False

    def begin(self, header: Header) -> None:
        self.data = header_bytes(header)

    def add(self, block: Block) -> None:
        self.data += block_bytes(block)
        self.blocks.append(block)

    def close(self) -> None:
        self.closed = True


HEADER = Header("0.1.0", START, ["prod-eu"])


def writer(sink: Memory, **more: object) -> Writer:
    return Writer(sink, HEADER, **more)  # type: ignore[arg-type]


def story(seconds: int = 200) -> list[tuple[float, FleetView]]:
    """A view each second: the probe sees answers, an act comes and is done."""
    cockpit = FakeCockpit(fleet())
    moments = [(START, cockpit.current)]
    for second in range(1, seconds):
        cells = strip(90 + second)[-90:]
        cockpit.change("http-server", at=START + second, probe=probing(cells=90 + second, strip=cells))
        if second % 50 == 20:
            cockpit.change("reviews", at=START + second, acting="approve step 2")
        if second % 50 == 23:
            cockpit.change("reviews", at=START + second, acting="")
        moments.append((START + second, cockpit.current))
    return moments


def recorded(moments: list[tuple[float, FleetView]], every: int = 10) -> Memory:
    """A record of these views, a block every so many."""
    sink = Memory()
    made = writer(sink)
    for number, (at, view) in enumerate(moments):
        made.view(at, view)
        if number % every == every - 1:
            made.flush()
    made.close()
    return sink
