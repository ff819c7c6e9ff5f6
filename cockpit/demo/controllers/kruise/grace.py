"""How long a change of routing is given to take effect (openkruise/rollouts pkg/util/grace)."""

from __future__ import annotations

from collections.abc import Callable


class Grace:
    """Remembers, in memory as the real one does, when something was changed that needs time to take effect."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], float] = {}

    def wait(self, key: tuple[str, str], seconds: float, now: float, change: Callable[[], bool]) -> float | None:
        """Make a change (which answers whether there was any); seconds still to wait, None when it may go on."""
        changed = change()
        if seconds == 0:
            self._since.pop(key, None)
            return None
        if changed:
            self._since[key] = now
            return seconds
        left = self._since.get(key, now - seconds) + seconds - now
        if left > 0:
            return left
        self._since.pop(key, None)
        return None
