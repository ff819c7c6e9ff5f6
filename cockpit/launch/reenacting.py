"""`cockpit demo --from FILE`: a flight record as what happens in the embedded cluster, and whether it still is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cockpit.cli.program import StartError
from cockpit.model.counts import counted
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, Reenactment
from cockpit.session.bridge import Bridge


def write_course(path: Path, wanted: Sequence[str], course: Path) -> tuple[str, ...]:
    """Write the course of one context of the record at `path` into `course`; what of it is not played, in sentences.

    `wanted` are the contexts that were asked for. Raises StartError, which names the record, and where it is damaged.
    """
    from cockpit.record.blocks import RecordError
    from cockpit.record.course import contexts_of, course_lines
    from cockpit.record.reader import open_record

    try:
        record = open_record(path)
        context = _chosen(path, contexts_of(record), wanted)
        with course.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in course_lines(record, context))
    except RecordError as problem:
        said = str(problem)
        raise StartError(said if said.startswith(f"{path}: ") else f"{path}: {said}") from None
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror or error}") from None
    return (f"the recording is {record.damage}; what follows is lost",) if record.damage else ()


def _chosen(path: Path, held: Sequence[str], wanted: Sequence[str]) -> str:
    """The context to play: the one that was asked for, or the only one."""
    names = ", ".join(safe_text(name, 60) for name in held)
    if len(wanted) > 1:
        raise StartError("--from plays one context: give one --context")
    if wanted and wanted[0] not in held:
        raise StartError(f"{path}: --context {wanted[0]}: not in the recording; there are: {names or 'none'}")
    if not wanted and len(held) > 1:
        raise StartError(f"{path}: recorded in several contexts; choose one of them with --context: {names}")
    return wanted[0] if wanted else next(iter(held), "")


def left_out(ready: Mapping[str, Any]) -> tuple[str, ...]:
    """What the cluster could not take of the course, in a sentence."""
    count = ready.get("left_out")
    if not isinstance(count, int) or not count:
        return ()
    return (
        f"{counted(count, 'entry', 'entries')} of the recording could not be played: kinds that are not served here",
    )


class Reenacting:
    """Whether the embedded cluster still plays what was recorded. May be asked and told from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self.state = Reenactment()

    def hear(self, said: Mapping[str, Any]) -> None:
        """A line of the embedded cluster."""
        guess = said.get("guess")
        at = guess.get("at") if isinstance(guess, dict) else None
        if not isinstance(at, int | float):
            return
        with self._lock:
            self.state = Reenactment(float(at))
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call it once that changes; returns a function that ends it."""
        with self._lock:
            self._listeners.append(listener)

        def end() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return end


class ReenactingBridge(Bridge):
    """A bridge whose views say whether they are as recorded."""

    def __init__(self, reenacting: Reenacting, *more: Any) -> None:
        super().__init__(*more)
        self._reenacting = reenacting

    def view(self) -> FleetView:
        return replace(super().view(), reenactment=self._reenacting.state)

    def subscribe(self, listener: Callable[[FleetView], None]) -> Callable[[], None]:
        """See `Bridge.subscribe`; a listener is also called when it becomes a guess, in the thread that heard of it."""
        ends = (
            super().subscribe(lambda view: listener(replace(view, reenactment=self._reenacting.state))),
            self._reenacting.listen(lambda: listener(self.view())),
        )

        def end() -> None:
            for each in ends:
                each()

        return end
