"""The commands of the acts that a text tells the user to do; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.model.advice import with_ways
from cockpit.model.shell_line import shell_line
from cockpit.model.text import safe_text
from cockpit.planning.act_arguments import ACT_SPECS, ArgumentKind
from cockpit.texts.current import Verbatim, translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cockpit.model.plan import Act, ActState
    from cockpit.model.refs import RolloutKey
    from cockpit.model.view import RolloutView

_MOST = 1000


def with_commands(text: str, acts: Sequence[Act], shown: RolloutView | None) -> str:
    """The text with the command of each of these acts that applies: "finish (`cockpit finish shop/pay`) removes it"."""
    if not acts or shown is None:
        return text
    states = [state for state in shown.rollout.acts if not shown.why_denied(state.act)]
    # Safe before it counts as a text that is translated already.
    safe = text if isinstance(text, Verbatim) else safe_text(text, _MOST)
    key = shown.rollout.key
    return Verbatim(with_ways(safe, acts, states, lambda state: f"`{_command(state, key)}`", translated))


def findings_with_commands(text: str, shown: RolloutView | None) -> str:
    """A text that quotes findings of the rollout, with the commands of what those tell to do."""
    found = shown.rollout.findings if shown else ()
    return with_commands(text, [act for each in found if each.text in text for act in each.acts], shown)


def _command(state: ActState, key: RolloutKey) -> str:
    """The command line of an act; what must be filled in stands there as its help writes it."""
    chosen = len(state.versions) > 1
    forms = [
        argument.form
        for argument in ACT_SPECS[state.act].arguments
        if argument.required or (chosen and argument.kind is ArgumentKind.VERSION)
    ]
    return " ".join([shell_line(["cockpit", str(state.act), f"{key.namespace}/{key.name}"]), *forms])
