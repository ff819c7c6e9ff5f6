"""The log of a pod as it is written, or of all pods of a version, merged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.timer import Timer

from cockpit.model.counts import counted
from cockpit.model.inspection import LogLine, LogOrder
from cockpit.model.refs import PODS, Ref, RolloutKey
from cockpit.model.rollout import PodCell, Version
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView
from cockpit.tui.copying import Copy, log_command
from cockpit.tui.footers import LOGS_FOOTER
from cockpit.tui.keys import Key, bindings_on
from cockpit.tui.lines import Line, Span, plain
from cockpit.tui.log_lines import FoldedLines, LazyLines, LogBuffer, labels, log_line
from cockpit.tui.pace import SLOW_SECONDS
from cockpit.tui.screens.text import TextScreen
from cockpit.tui.search import folded, marked, searched
from cockpit.tui.widgets.scroll_text import ScrollText

# Each followed pod takes a connection and a stream of the kubelet.
MOST_PODS = 20
# Lines to begin with: of one pod, and of each of several.
FIRST_LINES, FIRST_LINES_EACH = 500, 100


class LogText(ScrollText):
    """Stays at the end while lines come, until one scrolls away; back at the end it follows again."""

    def __init__(self, screen: LogScreen) -> None:
        super().__init__(screen.build, screen.app_port.glyphs, id="text")
        self.following = True
        self.owner = screen

    def action_scroll_by(self, by: int) -> None:
        self.following = False
        super().action_scroll_by(by)
        self.following = self.top >= max(self.count - self.size.height, 0)
        self.owner.show_heading()

    def draw(self, width: int, height: int) -> list[Line]:
        if self.following:
            self.top = 1_000_000
        return super().draw(width, height)


class LogScreen(TextScreen):
    """Follows the log of `pod`, one of the pods of a version of a rollout."""

    PLACE: ClassVar[str] = "logs"
    FOOTER: ClassVar[tuple[str, ...]] = LOGS_FOOTER
    BINDINGS: ClassVar[list[BindingType]] = bindings_on("logs")
    nothing = "no lines yet"

    class Arrived(Message):
        """Lines came; `run` says for which reading, because those of an earlier one may come late."""

        def __init__(self, run: int, lines: Sequence[LogLine]) -> None:
            super().__init__()
            self.run = run
            self.lines = lines

    def __init__(self, key: RolloutKey, version: str, pod: str) -> None:
        super().__init__()
        self.key = key
        self.version_name = version
        self.pod_name = pod
        self.merged = False
        self.previous = False
        self.times = False
        self.container = ""
        self.buffer = LogBuffer()
        self.followed: list[str] = []
        self._run = 0
        self._gone = 0  # lines that had to go since the text was drawn
        self._later: Timer | None = None  # on a slow link: draws what came

    def body(self) -> ComposeResult:
        yield LogText(self)

    @property
    def main(self) -> LogText:
        return self.query_one("#text", LogText)

    # Which pods

    @property
    def version(self) -> Version | None:
        """The version as it is now; None if it is gone."""
        view = self.app_port.find(self.key)
        return view.rollout.version(self.version_name) if view else None

    @property
    def pods(self) -> Sequence[PodCell]:
        """The pods of the version."""
        version = self.version
        return version.pods if version else ()

    def _wanted(self) -> list[str]:
        return [pod.name for pod in self.pods][:MOST_PODS] if self.merged else [self.pod_name]

    def _ref(self, pod: str) -> Ref:
        return Ref(PODS, self.key.namespace, pod)

    @property
    def context(self) -> str:
        """The cluster of the pods."""
        version = self.version
        return (version.context if version else "") or self.key.context

    # Reading

    def action_refresh(self) -> None:
        """Read the log from the start again."""
        self._run += 1
        self.workers.cancel_group(self, "log")
        self.buffer.clear()
        self.followed = []
        self.main.following = True
        self._follow_wanted()
        self.show_text()
        self.show_keys()

    def _follow_wanted(self) -> None:
        """Follow the pods that are wanted and are not followed yet."""
        for pod in self._wanted():
            if pod not in self.followed:
                self.followed.append(pod)
                self.run_worker(self._follow(pod, self._run), group="log", exit_on_error=False)

    async def _follow(self, pod: str, run: int) -> None:
        lines = FIRST_LINES_EACH if self.merged else FIRST_LINES
        order = LogOrder(self.context, self._ref(pod), self.container, self.previous, lines)
        # `tell` runs in the session's thread, where only posting is safe.
        why = await self.app_port.cockpit.follow_log(order, lambda news: self._tell(run, news))
        self._tell(run, (LogLine(pod, "", why, remark=True),))

    def _tell(self, run: int, lines: Sequence[LogLine]) -> None:
        self.post_message(self.Arrived(run, lines))

    def on_log_screen_arrived(self, message: Arrived) -> None:
        """Show lines that came."""
        if message.run != self._run:
            return
        pane = self.main
        gone = self.buffer.add(message.lines)
        if not pane.following:
            # What is being read stays where it is.
            above = self.starts[gone] if self.wraps and gone < len(self.starts) else gone
            pane.top = max(pane.top - above, 0)
        self._gone += gone
        if not self.app_port.slow:
            self._show_news()
        elif self._later is None:
            self._later = self.set_timer(SLOW_SECONDS, self._show_news)

    def _show_news(self) -> None:
        """Draw what came since the last time."""
        gone, self._gone, self._later = self._gone, 0, None
        if self.found.words:
            self.found = searched(plain(self.lines_for(1)), self.found.words, (self.found.line or 0) - gone)
            self.show_heading()
        self.main.repaint()

    def show_view(self, view: FleetView) -> None:
        if self.merged and not self.previous:
            self._follow_wanted()
        if self.merged:
            self.show_heading()  # pods come and go

    # Showing

    def heading(self) -> str:
        # Pods that are gone are followed to their end, and are none of the version any more.
        there = sum(pod.name in self.followed for pod in self.pods)
        name = f"{safe_text(self.version_name, 60)} of {safe_text(f'{self.key.namespace}/{self.key.name}', 120)}"
        what = f"{name}, {there} of {counted(len(self.pods), 'pod')}" if self.merged else ""
        container = f", {safe_text(self.container, 63)}" if self.container else ""
        previous = ", previous run" if self.previous else ""
        what = what or safe_text(self._ref(self.pod_name))
        return f"log of {what}{container}{previous} in {safe_text(self.context, 60)}"

    def note(self) -> str:
        state = "" if self.previous else "following" if self.main.following else "paused: end follows again"
        return "   ".join(part for part in (self.found.count, state) if part)

    def build(self, width: int) -> Sequence[Line]:
        if not self.buffer.lines:
            return super().build(width)
        lines, words = self.lines_for(width), self.found.words
        if self.wraps:
            return self._folded(lines, width - 2)
        self.starts = range(len(lines))
        return LazyLines(len(lines), lambda index: marked(lines[index], words)) if words else lines

    def _folded(self, lines: Sequence[Line], width: int) -> Sequence[Line]:
        """Folded to the width: only lines that came since are measured, and only those in sight are made."""
        look = (width, self.times, tuple(self.followed) if self.merged else ())
        heights = self.buffer.heights(look, lambda index: len(folded(lines[index], width)))
        words = self.found.words

        def make(index: int) -> list[Line]:
            line = marked(lines[index], words) if words else lines[index]
            return [(Span(" "), *piece) for piece in folded(line, width)]

        shown = FoldedLines(heights, make)
        self.starts = shown.starts
        return shown

    def lines_for(self, width: int) -> Sequence[Line]:
        """Without marks: all of them are searched ten times a second, and marking each would take all of that."""
        named = labels(self.followed) if self.merged else {}
        lines, zone = self.buffer.lines, self.app_port.zone

        def make(index: int) -> Line:
            line = lines[index]
            return log_line(line, named.get(line.pod), times=self.times, zone=zone)

        return LazyLines(len(lines), make)

    def show_match(self) -> None:
        if self.found.line is not None:
            self.main.following = False
            self.main.top = min(self.main.top, max(len(self.buffer.lines) - self.main.size.height, 0))
        super().show_match()

    # Keys

    def applies(self, key: Key) -> bool:
        if key.id == "next-pod":
            return not self.merged and len(self.pods) > 1
        return key.id != "all-pods" or self.merged or len(self.pods) > 1

    def action_turn(self, by: int) -> None:
        """The log of another pod of the version."""
        names = [pod.name for pod in self.pods]
        if not names:
            self.app_port.refuse(f"{safe_text(self.version_name)}: no pods are left")
            return
        at = names.index(self.pod_name) if self.pod_name in names else -1
        self.pod_name = names[(at + by) % len(names)]
        self.merged = False
        self.action_refresh()

    def action_all_pods(self) -> None:
        """All pods of the version, merged, or one again."""
        if not self.merged and len(self.pods) > MOST_PODS:
            self.app_port.refuse(f"{len(self.pods)} pods: the logs of the first {MOST_PODS} are merged")
        self.merged = not self.merged
        self.action_refresh()

    async def action_container(self) -> None:
        """The next container of the pod, those that run before it included."""
        found = await self.app_port.cockpit.containers(self.context, self._ref(self.pod_name))
        if isinstance(found, str) or len(found) < 2:
            why = found if isinstance(found, str) else f"{self.pod_name} has one container: {', '.join(found)}"
            self.app_port.refuse(why)
            return
        at = found.index(self.container) if self.container in found else 0
        self.container = found[(at + 1) % len(found)]
        self.action_refresh()

    def action_previous_run(self) -> None:
        """The log of the container before its last restart, or the present one again."""
        self.previous = not self.previous
        self.action_refresh()

    def action_times(self) -> None:
        """Show the time of each line, or hide it."""
        self.times = not self.times
        self.main.repaint()

    def action_follow(self) -> None:
        """Go to the newest line and follow."""
        self.main.following = True
        self.show_text()

    def copies(self) -> Sequence[Copy]:
        command = log_command(self.context, self._ref(self.pod_name), self.container, previous=self.previous)
        return (Copy("name", self.pod_name), Copy("kubectl command", command), *super().copies())
