"""The revisions of a rollout's workloads, to choose one to go back to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from cockpit.model.ages import age, seconds_since_epoch
from cockpit.model.counts import counted
from cockpit.model.inspection import Revision
from cockpit.model.plan import Act, Ask
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.tui.acting import act_state
from cockpit.tui.copying import Copy
from cockpit.tui.footers import REVISIONS_FOOTER
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.inspecting import object_copies
from cockpit.tui.keys import bindings_on
from cockpit.tui.lines import Line, Span, fit, fit_end
from cockpit.tui.screens.objects import DiffText
from cockpit.tui.screens.plan import PlanDialog
from cockpit.tui.screens.reading import ListScreen
from cockpit.tui.widgets.version_list import short_image


def revision_name(revision: Revision) -> str:
    """How an act and a comparison name it: by its version, else by its number."""
    return revision.version or str(revision.number)


def heading(width: int) -> Line:
    """The names of the columns."""
    words = f"{'REV':>4}  {fit('VERSION', 14)} {fit('PODS', 7)} {'AGE':>5}  IMAGES"
    return (Span(f"  {words}", "quiet"),)


def revision_line(revision: Revision, width: int, glyphs: Glyphs, now: float, *, of: str = "") -> Line:
    """One revision; `of` names its workload where there are several."""
    made = seconds_since_epoch(revision.created)
    since = age(now - made) if made is not None else glyphs.none
    pods = f"{revision.ready}/{revision.desired}" if revision.ready is not None else glyphs.none
    note = "now" if revision.current else ""
    words = "  ".join(text for text in (of, revision.cause, note) if text)
    images = short_image(revision.images)
    if len(revision.images) == 2:
        images = ", ".join(short_image((image,)) for image in revision.images)
    used = 4 + 2 + 15 + 8 + 5 + 2
    room = max(width - used - (len(words) + 2 if words else 0), 12)
    return (
        Span(f"{revision.number:>4}  ", "strong"),
        Span(fit_end(safe_text(revision.version or glyphs.none, 63), 14, glyphs.ellipsis) + " "),
        Span(fit(pods, 7) + " "),
        Span(f"{since:>5}  ", "quiet"),
        Span(fit_end(images, room, glyphs.ellipsis)),
        Span(f"  {words}" if words else "", "ok" if revision.current else "quiet"),
    )


class RevisionsScreen(ListScreen):
    """Every template that is kept, the newest first."""

    PLACE: ClassVar[str] = "revisions"
    FOOTER: ClassVar[tuple[str, ...]] = REVISIONS_FOOTER
    BINDINGS: ClassVar[list[BindingType]] = bindings_on("revisions")
    search_hint = "show only revisions with this text in number, version, image or cause"

    def __init__(self, key: RolloutKey) -> None:
        super().__init__(key)
        self.everything: tuple[Revision, ...] = ()
        self.rows: list[Revision] = []
        self.read = False

    def on_mount(self) -> None:
        super().on_mount()
        self.action_refresh()

    def heading(self) -> str:
        return f"revisions of {safe_text(self.key)}"

    def note(self) -> str:
        return f"{len(self.rows)} of {len(self.everything)}" if self.words else counted(len(self.rows), "revision")

    def action_refresh(self) -> None:
        self.run_worker(self._fetch(), group="read", exclusive=True, exit_on_error=False)

    async def _fetch(self) -> None:
        self.everything = await self.app_port.cockpit.revisions(self.key)
        self.read = True
        self.search(self.words)

    def search(self, words: str) -> None:
        self.words = words
        self.rows = [each for each in self.everything if words.lower() in _text_of(each)]
        none = "no revisions are kept or can be read: nothing to choose from" if self.read else "reading …"
        empty = f"no revision matches '{safe_text(words)}'; esc clears the filter" if words else none
        self.main.show([each.uid for each in self.rows], empty)
        self.show_heading()

    def build(self, width: int) -> tuple[Line, Sequence[Line]]:
        """The heading and a line for each revision."""
        glyphs, now = self.app_port.glyphs, self.app_port.now()
        several = len({each.workload for each in self.everything}) > 1
        return heading(width), [
            revision_line(each, width, glyphs, now, of=safe_text(each.workload.name, 63) if several else "")
            for each in self.rows
        ]

    @property
    def chosen(self) -> Revision | None:
        """The revision under the cursor."""
        return next((each for each in self.rows if each.uid == self.main.current), None)

    def action_choose(self) -> None:
        """Plan a roll back to the revision under the cursor, or say why it cannot be."""
        chosen, view = self.chosen, self.app_port.find(self.key)
        if chosen is None or view is None:
            self.app_port.refuse("no revision is selected" if view else f"{safe_text(self.key)}: this rollout is gone")
            return
        state = act_state(Act.ROLLBACK, view, self.app_port.view.read_only, named=True)
        if chosen.current and len({each.workload for each in self.everything}) == 1:
            self.app_port.refuse(f"revision {chosen.number} is what new pods get already")
        elif not state.enabled:
            self.app_port.refuse(state.why)
        else:
            ask = Ask(Act.ROLLBACK, version=revision_name(chosen))
            self.app.push_screen(PlanDialog(self.key, ask, view.rollout.owners))

    def action_diff(self) -> None:
        """What differs between the revision under the cursor and the newest one of its workload."""
        chosen = self.chosen
        newest = next((each for each in self.everything if chosen and each.workload == chosen.workload), None)
        if chosen is None or newest is None or newest is chosen:
            self.app_port.refuse("choose an older revision to compare with the newest one")
        else:
            self.app.push_screen(DiffText(self.key, revision_name(chosen), revision_name(newest)))

    def copies(self) -> Sequence[Copy]:
        return object_copies(self.key.context, self.chosen.holder) if self.chosen else ()


def _text_of(revision: Revision) -> str:
    return f"{revision.number} {revision.version} {' '.join(revision.images)} {revision.cause}".lower()
