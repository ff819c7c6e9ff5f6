"""The keys of the acts that a text tells the user to do, as the keymap has them now; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cockpit.model.advice import with_ways
from cockpit.model.plan import Act
from cockpit.model.rollout import Finding
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import RolloutView
from cockpit.texts.current import Verbatim, translated
from cockpit.tui.acting import act_state
from cockpit.tui.keys import Keymap
from cockpit.tui.way_back import key_of

_MOST = 1000


@dataclass(frozen=True, slots=True)
class Keyed:
    """Adds keys to what is said of one rollout: "finish (c) removes it". An act that does not apply gets none."""

    view: RolloutView
    read_only: bool
    keymap: Keymap

    def words(self, text: str, acts: Sequence[Act]) -> str:
        """The text with the keys of these acts."""
        if not acts:
            return text
        states = [act_state(act, self.view, self.read_only) for act in acts]
        # Safe before it counts as a text that is translated already.
        safe = text if isinstance(text, Verbatim) else safe_text(text, _MOST)
        return Verbatim(with_ways(safe, acts, states, lambda state: key_of(state.act, self.keymap), translated))

    def found(self, finding: Finding) -> Finding:
        """The finding with the keys in its text."""
        return replace(finding, text=self.words(finding.text, finding.acts)) if finding.acts else finding

    def acts_of(self, text: str) -> tuple[Act, ...]:
        """The acts that a text tells to do because it is that of a finding."""
        return next((each.acts for each in self.view.rollout.findings if each.text == text), ())
