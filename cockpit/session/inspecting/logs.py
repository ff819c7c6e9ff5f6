"""Follows a pod's log across lost connections and restarts, with bounded memory and safe text."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from cockpit.kube.api import KubeApi
from cockpit.kube.backoff import Backoff
from cockpit.kube.containers import containers_of
from cockpit.kube.errors import Forbidden, Invalid, KubeError, NotFound, Stalled, Unauthorized
from cockpit.kube.logs import follow_log
from cockpit.model.clock import Clock
from cockpit.model.counts import counted
from cockpit.model.inspection import LogLine, LogOrder
from cockpit.model.lazy_re import lazy_re
from cockpit.model.text import safe_lines, safe_text

Tell = Callable[[Sequence[LogLine]], None]
# Nobody reads more, and a screen shows fewer.
MOST_PENDING = 5_000
# Seconds between two batches for the screen: as often as views are published.
TELL_SECONDS = 0.1
LONGEST_LINE = 2_000
_STAMP = lazy_re(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ?")


def read_line(pod: str, raw: bytes) -> LogLine:
    """A line as the kubelet sends it: the time in front, if it tells one, becomes UTC with nine digits of a second,
    so that times sort as text.
    """
    found = _STAMP.match(raw)
    at = _utc(found) if found else ""
    text = raw[found.end() :] if found and at else raw
    shown = safe_lines(text[: LONGEST_LINE * 8].decode(errors="replace").replace("\r", ""), 1, LONGEST_LINE)
    return LogLine(safe_text(pod, 253), at, shown[0] if shown else "")


def _utc(found: re.Match[bytes]) -> str:
    second, fraction, zone = (part.decode() if part else "" for part in found.groups())
    try:
        moment = datetime.fromisoformat(f"{second}{'+00:00' if zone == 'Z' else zone}").astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction:0<9}Z"


class Resumed:
    """Skips the lines that were already told when a log is read again from the second of the last one."""

    def __init__(self) -> None:
        self._last = ""
        # Texts of the lines of that very moment: bounded, because a kubelet may give all lines one time.
        self._at_last: deque[str] = deque(maxlen=MOST_PENDING)
        self._told: list[str] = []
        self._again = False

    @property
    def held(self) -> int:
        """How many lines are kept to be told apart from the same ones, read again."""
        return len(self._at_last)

    @property
    def since(self) -> str:
        """From when to read on (RFC 3339, whole seconds); "" from the start."""
        return f"{self._last[:19]}Z" if self._last else ""

    def again(self) -> None:
        """The log is read again: lines of the last moment may come twice."""
        self._told, self._again = list(self._at_last), True

    def is_new(self, line: LogLine) -> bool:
        """Whether this line was not told yet; lines without a time always are."""
        if not line.at or line.at > self._last:
            if line.at:
                self._last, self._told, self._again = line.at, [], False
                self._at_last.clear()
                self._at_last.append(line.text)
            return True
        # After a restart of the clock of a node, older times are new lines, unless the log is read again.
        if line.at < self._last:
            return not self._again
        if line.text in self._told:
            self._told.remove(line.text)
            return False
        self._at_last.append(line.text)
        return True


class LogFollower:
    """One log for one reader. `tell` gets batches, at most ten a second, in the session's thread."""

    def __init__(self, api: KubeApi, clock: Clock, rng: random.Random, order: LogOrder, tell: Tell) -> None:
        self._api = api
        self._clock = clock
        self._order = order
        self._tell = tell
        self._backoff = Backoff(rng)
        self._pending: deque[LogLine] = deque(maxlen=MOST_PENDING)
        self._left_out = 0
        self._news = asyncio.Event()
        self._resumed = Resumed()
        self._restarts: int | None = None
        self._remarked = ""
        self._ended = ""

    async def run(self) -> str:
        """Follow until the log has an end; returns why it ended, safe to show."""
        telling = asyncio.create_task(self._tell_news(), name="log")
        try:
            return await self._follow()
        finally:
            telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await telling
            self._flush()

    async def _follow(self) -> str:
        while True:
            try:
                container = await self._look()
                async for batch in self._batches(container):
                    self._take(batch)
                if self._order.previous:
                    return "end of the previous run"
                await self._look()
                if self._ended:
                    return self._ended
                await self._clock.sleep(self._backoff.delay(self._clock.monotonic()))
            except (NotFound, Forbidden, Unauthorized) as error:
                return str(error)
            except KubeError as error:
                if self._order.previous:
                    return str(error)
                if not isinstance(error, Stalled):
                    self._remark(_why_again(error))
                    await self._clock.sleep(self._backoff.delay(self._clock.monotonic()))
            self._resumed.again()

    def _batches(self, container: str) -> AsyncIterator[list[bytes]]:
        since, order = self._resumed.since, self._order
        lines = None if since else order.lines
        return follow_log(self._api, order.pod, container, lines=lines, since=since, previous=order.previous)

    async def _look(self) -> str:
        """Look at the pod: which container to read, whether it was restarted, and whether the pod has ended."""
        pod = await self._api.get(self._order.pod)
        names = containers_of(pod)
        container = self._order.container or (names[0] if names else "")
        status = pod.get("status")
        phase = status.get("phase") if isinstance(status, dict) else None
        self._ended = f"the pod has ended ({phase})" if phase in ("Succeeded", "Failed") else ""
        restarts = _restarts(status, container)
        if self._restarts is not None and restarts > self._restarts:
            self._remark(f"{safe_text(container, 63)} was restarted")
        self._restarts = restarts
        return container

    def _take(self, batch: Sequence[bytes]) -> None:
        for raw in batch:
            line = read_line(self._order.pod.name, raw)
            if self._resumed.is_new(line):
                self._add(line)
                self._remarked = ""

    def _remark(self, text: str) -> None:
        """Say something of the log, but not the same thing again and again."""
        if text != self._remarked:
            self._remarked = text
            self._add(LogLine(safe_text(self._order.pod.name, 253), "", text, remark=True))

    def _add(self, line: LogLine) -> None:
        self._left_out += len(self._pending) == MOST_PENDING
        self._pending.append(line)
        self._news.set()

    async def _tell_news(self) -> None:
        while True:
            await self._news.wait()
            self._flush()
            await self._clock.sleep(TELL_SECONDS)

    def _flush(self) -> None:
        self._news.clear()
        lines, left_out = tuple(self._pending), self._left_out
        self._pending.clear()
        self._left_out = 0
        if left_out:
            words = f"{counted(left_out, 'line')} left out: more than can be shown"
            lines = (LogLine(safe_text(self._order.pod.name, 253), "", words, remark=True), *lines)
        if lines:
            self._tell(lines)


def _restarts(status: Any, container: str) -> int:
    found = status.get("containerStatuses") if isinstance(status, dict) else None
    for each in found if isinstance(found, list) else ():
        if isinstance(each, dict) and each.get("name") == container and isinstance(each.get("restartCount"), int):
            return int(each["restartCount"])
    return 0


def _why_again(error: KubeError) -> str:
    if isinstance(error, Invalid):
        return safe_text(f"{error} Trying again.", 400)
    return safe_text(f"{error} Connecting again.", 400)
