"""Each version with its pods, one cell a pod and, where there is room, one line a pod."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType

from cockpit.model.counts import counted
from cockpit.model.rollout import PodCell, PodState, Rollout, Version
from cockpit.model.text import safe_text
from cockpit.texts.current import Verbatim
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import BLANK, Line, Span, clip, fit, fit_end, width_of, window
from cockpit.tui.panels import in_frame
from cockpit.tui.text import pods_of
from cockpit.tui.widgets.painted import Painted

TITLE = "pods"
# Columns of pod cells: more pods than this are told as a number.
MOST_CELLS = 24
# Columns from which how many pods are ready is told beside how many are missing.
ROOM_FOR_ALL = 40


def version_line(
    version: Version, slot: int, chosen: PodCell | None, width: int, columns: tuple[int, int, int], glyphs: Glyphs,
    here: bool = False,
) -> Line:  # fmt: skip
    """One version; `chosen` is the pod for logs, `here` whether the cursor is there, `columns` those of its name,
    of its pod cells, and of how many are ready.
    """
    name, cells, numbers = columns
    ready = fit(Verbatim(pods_of(version, glyphs)), numbers)
    start = (
        Span(f"{glyphs.cursor if here else glyphs.cells[slot]} ", f"version-{slot + 1}"),
        Span(fit_end(safe_text(version.name, 63), name, glyphs.ellipsis) + " ", f"version-{slot + 1}"),
        *pod_cells(version.pods, chosen, cells, glyphs),
        Span(f" {ready} ", "" if version.ready >= version.desired else "waiting"),
    )
    place = _where(version)
    room = width - sum(cell_len(span.text) for span in start) - cell_len(place) - 1
    image = short_image(version.images)
    words = f" {place}{fit_end(image, min(room, cell_len(image)), glyphs.ellipsis)}" if room > 3 else ""
    return clip((*start, Span(words, "quiet")), width, glyphs.ellipsis)


def pod_line(pod: PodCell, chosen: bool, width: int, glyphs: Glyphs) -> Line:
    """One pod: its state, name, restarts, and why it is not ready."""
    look = glyphs.pods[pod.state]
    reason = safe_text(pod.reason, 200) or ("" if pod.state is PodState.READY else look.word)
    restarts = counted(pod.restarts, "restart") if pod.restarts else ""
    notes = "  ".join(words for words in (reason, restarts) if words)
    room = max(width - 5 - (cell_len(notes) + 2 if notes else 0), 12)
    name = safe_text(pod.name, 253)
    spans: Line = (
        Span(f"   {look.sign} ", look.style),
        Span(fit_end(name, min(room, cell_len(name)), glyphs.ellipsis)),
        Span(f"  {notes}" if notes else "", look.style),
    )
    spans = under_cursor(spans, width) if chosen else spans
    return clip(spans, width, glyphs.ellipsis)


def under_cursor(line: Line, width: int) -> Line:
    """The line on the ground of the cursor, as wide as its pane."""
    rest = Span(" " * max(width - width_of(line), 0))
    return tuple(Span(span.text, f"{span.style} cursor".strip()) for span in (*line, rest))


def _where(version: Version) -> str:
    """The cluster of a version that runs in a different one than its route."""
    return f"{safe_text(version.context, 20)} " if version.context else ""


def short_image(images: Sequence[str]) -> str:
    """The last part of the first image, with its tag, and the number of other images."""
    if not images:
        return ""
    more = f" +{len(images) - 1}" if len(images) > 1 else ""
    return safe_text(images[0].rsplit("/", 1)[-1], 200) + more


def pod_cells(pods: Sequence[PodCell], chosen: PodCell | None, width: int, glyphs: Glyphs) -> list[Span]:
    """One sign per pod in `width` columns, and the number of pods that do not fit."""
    room = width if len(pods) <= width else width - len(f"+{len(pods)}")
    spans = []
    for pod in pods[:room]:
        look = glyphs.pods[pod.state]
        spans.append(Span(look.sign, f"{look.style} reverse" if pod is chosen else look.style))
    if len(pods) > width:
        spans.append(Span(f"+{len(pods) - room}", "quiet"))
    used = sum(len(span.text) for span in spans)
    return [*spans, Span(" " * (width - used))]


class VersionList(Painted, can_focus=True):
    """Versions with a cursor on one pod: up and down move between versions, left and right between pods."""

    TILE = 20
    TILES = 6
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "previous version", show=False),
        Binding("down", "move(1)", "next version", show=False),
        Binding("left", "pod(-1)", "previous pod", show=False),
        Binding("right", "pod(1)", "next pod", show=False),
    ]

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self.glyphs = glyphs
        self.rollout: Rollout | None = None
        self.slots: Mapping[str, int] = {}
        self.chosen_version = ""
        self.chosen_pod = ""
        self._top = 0

    def show(self, rollout: Rollout, slots: Mapping[str, int]) -> None:
        """Show the versions of this rollout."""
        self.rollout, self.slots = rollout, slots
        self.repaint()

    @property
    def version(self) -> Version | None:
        """The version under the cursor; until somebody moves it, the first one that lacks pods is in sight."""
        versions = self.rollout.versions if self.rollout else ()
        lacking = (v for v in versions if v.ready < v.desired)
        first = next(lacking, versions[0] if versions else None)
        return next((v for v in versions if v.name == self.chosen_version), first)

    @property
    def pod(self) -> PodCell | None:
        """The pod under the cursor; at first the version's first pod."""
        pods = self.version.pods if self.version else ()
        return next((pod for pod in pods if pod.uid == self.chosen_pod), pods[0] if pods else None)

    @property
    def chosen(self) -> tuple[Version, PodCell] | None:
        """The version and the pod that the person moved to; None if the cursor was not moved."""
        moved = self.chosen_version or self.chosen_pod
        return (self.version, self.pod) if moved and self.version and self.pod else None

    def action_move(self, by: int) -> None:
        """Move to another version."""
        if self.rollout and self.version:
            versions = self.rollout.versions
            index = max(min(versions.index(self.version) + by, len(versions) - 1), 0)
            self.chosen_version = versions[index].name
            self.repaint()

    def action_pod(self, by: int) -> None:
        """Move to another pod of the version."""
        if self.version and self.pod:
            pods = self.version.pods
            self.chosen_version = self.version.name
            self.chosen_pod = pods[max(min(pods.index(self.pod) + by, len(pods) - 1), 0)].uid
            self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        frame = self.glyphs.frame
        style = "key" if self.has_focus else "quiet"
        return in_frame(
            self._versions, width, height, frame, (Span(TITLE, "strong"),), style=style, note=self._note(width)
        )

    def _note(self, width: int) -> Line:
        """How many pods are ready, if not all are."""
        versions = self.rollout.versions if self.rollout else ()
        ready, desired = (sum(getattr(v, name) for v in versions) for name in ("ready", "desired"))
        missing = sum(max(v.desired - v.ready, 0) for v in versions)
        words = f"{ready} of {desired} ready, {missing} to go" if width >= ROOM_FOR_ALL else f"{missing} to go"
        return (Span(words, "waiting"),) if missing else BLANK

    def _versions(self, width: int, height: int) -> list[Line]:
        rollout, version = self.rollout, self.version
        if rollout is None or version is None:
            return [(Span(" no pods", "quiet"),)]
        versions = rollout.versions
        self._top = window(len(versions), versions.index(version), self._top, height)
        listed = sum(1 + len(v.pods) for v in versions) <= height
        name = min(max(cell_len(safe_text(v.name, 63)) for v in versions), max(width // 3, 6))
        most = max(len(v.pods) for v in versions)
        numbers = max(len(pods_of(v, self.glyphs)) for v in versions)
        columns = name, min(max(most, 4), MOST_CELLS, max(width - name - numbers - 15, 6)), numbers
        lines: list[Line] = []
        for each in versions[self._top : self._top + height]:
            here = self.has_focus and each is version
            line = version_line(each, self.slots.get(each.name, 3), self.pod if here else None, width, columns,
                                self.glyphs, here)  # fmt: skip
            lines.append(under_cursor(line, width) if here else line)
            if listed:
                lines += [pod_line(pod, here and pod is self.pod, width, self.glyphs) for pod in each.pods]
        return lines
