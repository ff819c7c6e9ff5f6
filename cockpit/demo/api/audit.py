"""Which requests were made, by whom: what an audit log of a cluster holds, each kind of request once."""

from __future__ import annotations

from typing import Any

_MOST = 10_000  # different requests; what comes later is not noted


class Audit:
    """Notes user, verb, group and resource (`pods/log`) of requests, and whether they were allowed."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str, str, bool], int] = {}

    def note(self, user: str, verb: str, group: str, resource: str, allowed: bool) -> None:
        """One more request."""
        key = (user, verb, group, resource, allowed)
        if key in self._counts or len(self._counts) < _MOST:
            self._counts[key] = self._counts.get(key, 0) + 1

    def steer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What was noted so far; with `{"clear": true}` it is forgotten then."""
        names = ("user", "verb", "group", "resource", "allowed", "count")
        found = [dict(zip(names, (*key, count), strict=True)) for key, count in sorted(self._counts.items())]
        if asked.get("clear"):
            self._counts.clear()
        return {"requests": found}
