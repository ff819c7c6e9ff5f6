"""What the pods of a cluster have printed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

LONGEST = 10_000

Line = tuple[float, str]


class PodLogs:
    """The last lines of every pod, by the pod's uid."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[Line]] = {}
        self._listeners: dict[str, list[Callable[[], None]]] = {}
        self._ended: set[str] = set()

    def write(self, uid: str, text: str, at: float) -> None:
        """A pod prints a line at a time (Unix seconds)."""
        self._lines.setdefault(uid, deque(maxlen=LONGEST)).append((at, text))
        self._wake(uid)

    def lines(self, uid: str) -> list[Line]:
        """What is kept of a pod's lines."""
        return list(self._lines.get(uid, ()))

    def forget(self, uid: str) -> None:
        """The pod is gone."""
        self._lines.pop(uid, None)
        self._ended.discard(uid)
        self._wake(uid)

    def end(self, uid: str) -> None:
        """The pod's container has ended: there will be no more lines."""
        self._ended.add(uid)
        self._wake(uid)

    def has_ended(self, uid: str) -> bool:
        """Whether the pod's container has ended."""
        return uid in self._ended

    def on_write(self, uid: str, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when the pod prints, ends or goes; the answer ends it."""
        self._listeners.setdefault(uid, []).append(listener)

        def end() -> None:
            self._listeners[uid].remove(listener)
            if not self._listeners[uid]:
                del self._listeners[uid]

        return end

    def _wake(self, uid: str) -> None:
        for listener in tuple(self._listeners.get(uid, ())):
            listener()
