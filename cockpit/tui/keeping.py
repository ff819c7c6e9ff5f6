"""The part of the app that takes something out of it: a copy, a snapshot, the way back to the shell."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.actions import SkipAction
from textual.screen import Screen
from textual.widgets import Input

from cockpit.model.counts import counted
from cockpit.model.refs import RolloutKey
from cockpit.model.shell_line import shell_word
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutView
from cockpit.texts.current import translated
from cockpit.tui.keys import Keymap
from cockpit.tui.telling_keys import TellingKeys

if TYPE_CHECKING:
    from cockpit.tui.copying import Copy


class Keeping(TellingKeys):
    """Actions of the app on which no screen depends. `CockpitApp` inherits them and sets these attributes."""

    view: FleetView
    keymap: Keymap
    now: Callable[[], float]
    snapshots: Path | None
    keep_record: Callable[[Path], str] | None
    off: Mapping[str, str]  # keys that are off here, with the reason

    def refuse(self, why: str) -> None:
        """Show why nothing was done."""
        raise NotImplementedError

    def notify(self, message: str, **how: Any) -> None:
        """Show a message in the language of this process.

        Textual draws notices by itself, so their text does not pass the last check of the panes.
        """
        super().notify(translated(safe_text(message, 500)), **{"markup": False, **how})

    def find(self, key: RolloutKey) -> RolloutView | None:
        """The rollout in the latest view."""
        raise NotImplementedError

    def action_help_quit(self) -> None:
        """Say how to quit: ctrl+c alone must not end what someone watches."""
        field = self.focused
        if (isinstance(field, Input) and field.selected_text) or self.screen.get_selected_text():
            raise SkipAction  # what is selected is copied
        quit = self.keymap["quit"].shown
        self.notify(
            f"{quit} quits in the fleet, :q and ctrl+q everywhere; nothing in the cluster changes", markup=False
        )

    def action_suspend_process(self) -> None:
        """Suspend to the shell, where the terminal can."""
        if self._driver is None or not self._driver.can_suspend:
            self.refuse("this terminal cannot suspend the cockpit")
        else:
            super().action_suspend_process()

    def copy(self, copies: Sequence[Copy]) -> None:
        """Ask which of these to copy, and copy it through the terminal."""
        if not copies:
            self.refuse("nothing to copy here")
            return

        async def chosen(copy: Copy | None) -> None:
            if copy is not None:
                await self._put_on_clipboard(copy)

        from cockpit.tui.screens.ask import ChoiceForm

        form = ChoiceForm("copy what?", [(copy.label, copy) for copy in copies], enter="copies it")
        self.push_screen(form, chosen)

    async def _put_on_clipboard(self, copy: Copy) -> None:
        from cockpit.tui.copying import clipboard_sequence

        text = await copy.read()
        sequence = clipboard_sequence(text, os.environ)
        if not sequence or self._driver is None:
            # Longer than terminals take, or a terminal that takes none: it can still be marked with the mouse.
            from cockpit.tui.screens.text import Printed

            self.push_screen(Printed(copy.label, text))
            return
        self._driver.write(sequence)
        words = f"{safe_text(copy.label)}: the terminal was asked to copy {counted(len(text), 'character')}"
        self.notify(f"{words}; if it did not, save the screen with {self.keymap['snapshot'].shown}", markup=False)

    async def action_keep_record(self) -> None:
        """Write the last hour as a flight record, beside the snapshots."""
        if why := self.off.get("keep-record"):
            self.refuse(why)
            return
        if self.keep_record is None or self.snapshots is None:
            self.refuse("nothing is recorded here")
            return
        path = self.snapshots / f"{_stamp(self.now())}.record"
        try:
            self.snapshots.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            self.refuse(f"{self.snapshots}: not written: {error.strerror or error}")
            return
        if why := await asyncio.to_thread(self.keep_record, path):
            self.refuse(why)
        else:
            words = f"the last hour is in {path}; show it with: cockpit replay {shell_word(str(path))}"
            self.notify(safe_text(words, 500), markup=False, timeout=8)

    async def action_snapshot(self) -> None:
        """Save what is seen as SVG, text and JSON."""
        if why := self.off.get("snapshot"):
            self.refuse(why)
            return
        if self.snapshots is None:
            self.refuse("no folder to save to")
            return
        from cockpit.tui.snapshot import as_json, document, write_snapshot

        top = self.screen
        key = getattr(top, "key", None)
        shown = self.find(key) if isinstance(key, RolloutKey) else None
        text = screen_text(top)
        facts = document(self.view, shown, type(top).__name__, text)
        parts = {
            "svg": self.export_screenshot(title="cockpit").encode(),
            "txt": f"{text}\n".encode(),
            "json": as_json(facts),
        }
        name = _stamp(self.now())
        try:
            base = await asyncio.to_thread(write_snapshot, self.snapshots, name, parts)
        except OSError as error:
            self.refuse(f"{self.snapshots}: not saved: {error.strerror or error}")
            return
        self.notify(safe_text(f"saved {base}.svg, .txt and .json", 500), markup=False, timeout=8)


def _stamp(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("cockpit-%Y%m%d-%H%M%S")


def screen_text(screen: Screen[Any]) -> str:
    """The screen as plain text, line by line."""
    lines = screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in lines)
