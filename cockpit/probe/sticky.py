"""A client that keeps its cookies: a lane of its own beside requests that come without any.

A gateway with sticky sessions sends one client to one version, so the answers to it say nothing about the split. They
say whether the session stays, and whether those who have one get errors.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cockpit.model.counts import counted
from cockpit.model.probe_answer import Answer
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Followed, Lane, Share, Verdict
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.probe.cookies import CookieJar, Headers, with_cookies
from cockpit.probe.recognise import VersionReading
from cockpit.probe.window import Tally


class StickyClient:
    """One client of one lane; it has one request under way at a time. Times are UTC seconds."""

    def __init__(self, target: ProbeTarget) -> None:
        self._target = target
        self._jar = CookieJar(target)
        self._busy = False

    def begin(self, headers: Headers, now: float) -> tuple[Headers, bool] | None:
        """The headers of its next request, and whether they hold cookies; None while one is under way.

        Without a cookie it is a client like any other. `end` has to follow.
        """
        if self._busy:
            return None
        self._busy = True
        cookies = self._jar.header(now)
        return (with_cookies(headers, self._target, cookies), True) if cookies else (headers, False)

    def end(self, answer: Answer | None, now: float) -> None:
        """Its request was answered, or not (None)."""
        self._busy = False
        if answer is not None:
            self._jar.take(answer.headers, now)


def sticky_lane(lane: Lane) -> Lane:
    """The lane of requests into `lane` by a client that keeps its cookies; its split is not judged."""
    return replace(
        lane,
        name=sticky_name(lane.name),
        match=f"{lane.match} with cookies kept" if lane.match else "one client that keeps its cookies",
        shares=tuple(Share(share.version, None, None, others=share.others) for share in lane.shares),
        verdict=Verdict.UNKNOWN,
        samples=0,
        errors=0,
        unknown=0,
        p_value=None,
        followed=Followed.YES,
        awaited_since=None,
        missing=None,
        sticky=True,
    )


def sticky_name(lane: str) -> str:
    """The name of the lane beside `lane`."""
    return f"{lane} with cookies"


@dataclass(frozen=True, slots=True)
class SessionSeen:
    """What a client that kept its cookies got: requests, errors, answers by version, and how often that changed."""

    samples: int
    errors: int
    versions: tuple[tuple[str, int], ...]
    changes: int

    @property
    def text(self) -> str:
        """In one sentence."""
        if not self.samples:
            return "no answer set a cookie, so there is no session to keep"
        requests = counted(self.samples, "request")
        failed = f", {counted(self.errors, 'error')}" if self.errors else ""
        if not self.versions:
            return f"{requests}{failed}, none named a version"
        if len(self.versions) == 1:
            return f"{requests}{failed}, all answered by {safe_text(self.versions[0][0], 63)}: the session stays"
        each = ", ".join(f"{answers} by {safe_text(name, 63)}" for name, answers in self.versions[:5])
        return f"{requests}{failed}, {each}: the session changed its version {counted(self.changes, 'time')}"

    def document(self) -> dict[str, Any]:
        """As JSON."""
        versions = [{"version": name, "answers": answers} for name, answers in self.versions]
        own = {"samples": self.samples, "errors": self.errors, "changes": self.changes}
        return {**own, "versions": versions, "text": self.text}


class SessionTally:
    """Counts the answers to a client that keeps its cookies."""

    def __init__(self) -> None:
        self._tally = Tally()
        self._last = ""
        self._changes = 0

    def count(self, reading: VersionReading, ms: float) -> None:
        """Take in one answer."""
        self._tally.count(reading, ms)
        if reading.version is not None:
            self._changes += bool(self._last) and reading.version != self._last
            self._last = reading.version

    def seen(self) -> SessionSeen:
        """What was counted."""
        versions = tuple(sorted((name, count.answers) for name, count in self._tally.versions.items()))
        return SessionSeen(self._tally.samples, self._tally.errors, versions, self._changes)
