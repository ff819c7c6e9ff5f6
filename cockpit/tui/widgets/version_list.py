"""Each version with its pods (one cell a pod), image, error rate and latency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType

from cockpit.model.rollout import Lane, Observed, PodCell, Rollout, Version
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.paint import Line, Span, fit, fit_end, window
from cockpit.tui.text import milliseconds
from cockpit.tui.widgets.painted import Painted


def observed_of(lanes: Sequence[Lane], version: str) -> Observed | None:
    """What requests saw of a version in all lanes: errors and answers in sum, times of where it answers most."""
    shares = [share for lane in lanes for share in lane.shares if share.version == version]
    seen = [share.observed for share in shares if share.observed]
    most = max(seen, key=lambda each: each.answers, default=None)
    if most is None or len(seen) == 1:
        return most
    samples, answers = sum(each.samples for each in seen), sum(each.answers for each in seen)
    errors = sum(each.errors for each in seen)
    return replace(most, share=answers / samples if samples else 0.0, samples=samples, errors=errors)


def widths(width: int) -> tuple[int, int, int]:
    """Columns of name, pod cells and image."""
    name = 22 if width >= 110 else 12
    pods = 32 if width >= 110 else 14
    return name, pods, max(width - name - pods - 37, 8)


def heading(width: int) -> Line:
    """The names of the columns."""
    name, pods, image = widths(width)
    words = (
        f"{fit('VERSION', name)} {fit('ROLE', 8)} {fit('READY', 6)}{fit('PODS', pods)} {fit('ERRORS', 7)}"
        f"{fit('P50', 6, 'right')}{fit('P99', 6, 'right')} {fit('IMAGE', image)}"
    )
    return (Span("  " + words.rstrip(), "quiet"),)


def version_line(
    version: Version, observed: Observed | None, slot: int, chosen: PodCell | None, width: int, glyphs: Glyphs,
    here: bool = False,
) -> Line:  # fmt: skip
    """One version; `chosen` is the pod whose log would be shown, `here` whether the cursor is on it."""
    name, pods, image = widths(width)
    rate = observed.error_rate if observed else None
    errors = percent(rate, glyphs.none)
    ready = f"{version.ready}/{version.desired}"
    return (
        Span(glyphs.cells[slot] + (glyphs.cursor if here else " "), f"version-{slot + 1}"),
        Span(fit_end(safe_text(version.name, 63), name - 1, glyphs.ellipsis) + " ", f"version-{slot + 1}"),
        Span(fit(version.role.value, 8) + " "),
        Span(fit(ready, 6), "" if version.ready >= version.desired else "waiting"),
        *pod_cells(version.pods, chosen, pods, glyphs),
        Span(" " + fit(errors, 7), "risk" if rate else ""),
        Span(fit(milliseconds(observed.p50_ms if observed else None, glyphs.none), 6, "right")),
        Span(fit(milliseconds(observed.p99_ms if observed else None, glyphs.none), 6, "right")),
        Span(" " + _image(version, image, glyphs), "quiet"),
    )


def _where(version: Version) -> str:
    """The cluster of a version that runs in another one than its route."""
    return f"{safe_text(version.context, 20)} " if version.context else ""


def _image(version: Version, width: int, glyphs: Glyphs) -> str:
    """Where it runs and its image, cut at the front of the image, as the tag is at its end."""
    place = _where(version)
    room = max(width - cell_len(place), width // 2)
    return fit(place, width - room) + fit_end(short_image(version.images), room, glyphs.ellipsis)


def short_image(images: Sequence[str]) -> str:
    """The last part of the first image, where its tag is, and how many more there are."""
    if not images:
        return ""
    more = f" +{len(images) - 1}" if len(images) > 1 else ""
    return safe_text(images[0].rsplit("/", 1)[-1], 200) + more


def pod_cells(pods: Sequence[PodCell], chosen: PodCell | None, width: int, glyphs: Glyphs) -> list[Span]:
    """One sign a pod in `width` columns; where there are more, how many are not shown."""
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
    """Versions with a cursor on one pod: up and down choose the version, left and right the pod."""

    TILE = 20
    TILES = 6
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "version before", show=False),
        Binding("down", "move(1)", "next version", show=False),
        Binding("left", "pod(-1)", "pod before", show=False),
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
        """The version under the cursor."""
        versions = self.rollout.versions if self.rollout else ()
        return next((v for v in versions if v.name == self.chosen_version), versions[0] if versions else None)

    @property
    def pod(self) -> PodCell | None:
        """The pod under the cursor; the first of the version until one is chosen."""
        pods = self.version.pods if self.version else ()
        return next((pod for pod in pods if pod.uid == self.chosen_pod), pods[0] if pods else None)

    def action_move(self, by: int) -> None:
        """Choose another version."""
        if self.rollout and self.version:
            versions = self.rollout.versions
            index = max(min(versions.index(self.version) + by, len(versions) - 1), 0)
            self.chosen_version = versions[index].name
            self.repaint()

    def action_pod(self, by: int) -> None:
        """Choose another pod of the version."""
        if self.version and self.pod:
            pods = self.version.pods
            self.chosen_pod = pods[max(min(pods.index(self.pod) + by, len(pods) - 1), 0)].uid
            self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        rollout, version = self.rollout, self.version
        if rollout is None or version is None:
            return [heading(width)]
        self._top = window(len(rollout.versions), rollout.versions.index(version), self._top, height - 1)
        lines = [heading(width)]
        for each in rollout.versions[self._top : self._top + height - 1]:
            here = self.has_focus and each is version
            seen = observed_of(rollout.lanes, each.name)
            line = version_line(
                each, seen, self.slots.get(each.name, 3), self.pod if here else None, width,
                self.glyphs, here,
            )  # fmt: skip
            lines.append(tuple(Span(s.text, f"{s.style} cursor".strip()) for s in line) if here else line)
        return lines
