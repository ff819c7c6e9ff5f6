"""Signs for states, in Unicode and in ASCII. Each state has a sign, a word and a colour, so colour is never alone."""

from __future__ import annotations

import locale
from collections.abc import Mapping
from typing import TypeVar

from cockpit.model.checks import CheckState
from cockpit.model.health import Health
from cockpit.model.rollout import Phase, PodState, Severity, Verdict
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import CellKind, Stage, Sync
from cockpit.tui import panels
from cockpit.tui.panels import Frame

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Look:
    """How a state looks: `sign` is one column wide, `style` a name of `styles.STYLES`."""

    sign: str
    word: str
    style: str


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of signs. Version signs and bars are indexed by the version's slot, 0 to 3."""

    ascii: bool
    cursor: str
    mark: str  # in front of a marked row
    opened: str
    closed: str
    rule: str
    joiner: str  # between words of one line
    sorted: str  # behind the heading of the column that rows are sorted by
    thumb: str  # the part of a frame's edge that shows where a list stands
    frame: Frame
    ellipsis: str
    arrow: str
    none: str
    plus_minus: str
    bars: tuple[str, ...]
    cells: tuple[str, ...]
    answers: tuple[str, ...]  # the same for one answer among many: low, so that errors stand out
    interval: tuple[str, str, str, str]  # left end, line, estimate, right end
    axis: tuple[str, str]  # at a value of a chart, and at its zero
    steps: tuple[str, str, str]  # done, current, to come
    next: str  # between the steps of a plan
    levels: str  # a column of a chart, from empty to full
    band: str
    moment: str
    phases: Mapping[Phase, Look]
    verdicts: Mapping[Verdict, Look]
    healths: Mapping[Health, Look]
    stopped: Look  # instead of a verdict when the probe has stopped
    severities: Mapping[Severity, Look]
    pods: Mapping[PodState, Look]
    syncs: Mapping[Sync, Look]
    stages: Mapping[Stage, Look]
    checks: Mapping[CheckState, Look]
    odd_cells: Mapping[CellKind, Look]

    def titled(self, title: str) -> str:
        """The title of an act as safe text; plans and journals write its arrow in ASCII."""
        return safe_text(title).replace("->", self.arrow)

    @property
    def failed(self) -> Look:
        """An answer that is an error."""
        return self.odd_cells[CellKind.ERROR]


def _looks(ascii_: bool, table: Mapping[K, tuple[str, str, str, str]]) -> dict[K, Look]:
    return {key: Look(plain if ascii_ else sign, word, style) for key, (sign, plain, word, style) in table.items()}


# sign, sign in ASCII, word, style
PHASES = {
    Phase.AT_REST: ("○", "o", "at rest", "quiet"),
    Phase.CANARY: ("◐", "%", "canary", "accent"),
    Phase.PROGRESSING: ("▶", ">", "progressing", "accent"),
    Phase.WAITING: ("◆", "?", "waiting", "waiting"),
    Phase.PAUSED: ("‖", "=", "paused", "waiting"),
    Phase.DEGRADED: ("✗", "X", "degraded", "risk"),
    Phase.ABORTED: ("■", "#", "aborted", "risk"),
}
HEALTHS = {
    Health.HURT: ("✗", "X", "hurt", "risk"),
    Health.DOUBTFUL: ("?", "?", "doubtful", "waiting"),
    Health.NOT_MEASURED: ("·", "-", "not measured", "waiting"),
    Health.FINE: ("✓", "+", "fine", "ok"),
}
VERDICTS = {
    Verdict.ON: ("✓", "+", "as written", "ok"),
    Verdict.OFF: ("✗", "X", "OFF", "risk"),
    Verdict.DOUBTFUL: ("?", "?", "doubtful", "waiting"),
    Verdict.NOT_YET: ("…", "~", "measuring", "waiting"),
    Verdict.UNKNOWN: ("·", "-", "nothing observed", "waiting"),
}
SEVERITIES = {
    Severity.INFO: ("i", "i", "info", "quiet"),
    Severity.WARNING: ("▲", "!", "warning", "waiting"),
    Severity.CRITICAL: ("✗", "X", "critical", "risk"),
}
PODS = {
    PodState.READY: ("■", "#", "ready", "ok"),
    PodState.STARTING: ("□", "o", "starting", "waiting"),
    PodState.FAILING: ("✗", "X", "failing", "risk"),
    PodState.LEAVING: ("▫", ".", "leaving", "quiet"),
}
SYNCS = {
    Sync.CONNECTING: ("◌", ".", "connecting", "waiting"),
    Sync.SYNCING: ("◔", "o", "syncing", "waiting"),
    Sync.LIVE: ("●", "*", "live", "ok"),
    Sync.RETRYING: ("◍", "!", "stale", "risk"),
    Sync.FORBIDDEN: ("⊘", "X", "forbidden", "risk"),
    Sync.ABSENT: ("○", "o", "not served", "quiet"),
    Sync.REFUSED: ("✗", "X", "refused", "risk"),
}
STAGES = {
    Stage.DRY_RUN: ("○", "o", "dry run", "quiet"),
    Stage.REFUSED: ("✗", "X", "refused", "risk"),
    Stage.SENDING: ("▶", ">", "sending", "accent"),
    Stage.SENT: ("●", "*", "sent", "accent"),
    Stage.VERIFIED: ("✓", "+", "verified", "ok"),
    Stage.UNVERIFIED: ("▲", "!", "unverified", "waiting"),
    Stage.UNKNOWN: ("?", "?", "unknown", "risk"),
    Stage.PROPOSED: ("◇", "o", "proposed", "waiting"),
    Stage.NOTED: ("·", ".", "noted", "quiet"),
}
CHECKS = {
    CheckState.PENDING: ("◌", ".", "not begun", "waiting"),
    CheckState.RUNNING: ("▶", ">", "running", "accent"),
    CheckState.SUCCESSFUL: ("✓", "+", "successful", "ok"),
    CheckState.FAILED: ("✗", "X", "failed", "risk"),
    CheckState.ERROR: ("▲", "!", "in error", "risk"),
    CheckState.INCONCLUSIVE: ("?", "?", "inconclusive", "waiting"),
    CheckState.UNKNOWN: ("·", "-", "unknown", "quiet"),
}
ODD_CELLS = {
    CellKind.ERROR: ("✗", "X", "error", "risk"),
    CellKind.UNKNOWN: ("?", "?", "unknown version", "waiting"),
}


def glyphs(ascii_: bool) -> Glyphs:
    """The set for terminals with or without Unicode."""
    return Glyphs(
        ascii=ascii_,
        cursor=">" if ascii_ else "▸",
        mark="*",
        opened="-" if ascii_ else "−",
        closed="+",
        rule="-" if ascii_ else "─",
        joiner=", " if ascii_ else " · ",
        sorted="v" if ascii_ else "▾",
        thumb="#" if ascii_ else "┃",
        frame=panels.ASCII if ascii_ else panels.ROUND,
        ellipsis="." if ascii_ else "…",
        arrow="->" if ascii_ else "→",
        none="-" if ascii_ else "–",
        plus_minus="~" if ascii_ else "±",
        bars=("#", "=", ":", "+") if ascii_ else ("█", "▒", "▓", "░"),
        cells=("1", "2", "3", "4") if ascii_ else ("█", "▒", "▓", "░"),
        answers=("1", "2", "3", "4") if ascii_ else ("▁", "▄", "▂", "▆"),
        axis=("|", "+") if ascii_ else ("┤", "┼"),
        interval=("[", "-", "+", "]") if ascii_ else ("├", "─", "┼", "┤"),
        steps=("#", "@", ".") if ascii_ else ("●", "◉", "○"),
        next=">" if ascii_ else "›",
        levels=" .:#" if ascii_ else " ▁▂▃▄▅▆▇█",
        band="'" if ascii_ else "·",
        moment="^" if ascii_ else "▲",
        phases=_looks(ascii_, PHASES),
        verdicts=_looks(ascii_, VERDICTS),
        healths=_looks(ascii_, HEALTHS),
        stopped=Look("-" if ascii_ else "·", "stopped", "quiet"),
        severities=_looks(ascii_, SEVERITIES),
        pods=_looks(ascii_, PODS),
        syncs=_looks(ascii_, SYNCS),
        stages=_looks(ascii_, STAGES),
        checks=_looks(ascii_, CHECKS),
        odd_cells=_looks(ascii_, ODD_CELLS),
    )


UNICODE, ASCII = glyphs(False), glyphs(True)


def glyphs_for(wish: str, environ: Mapping[str, str]) -> Glyphs:
    """The set for "unicode", "ascii" or "auto", which picks ASCII on the Linux console and without UTF-8."""
    if wish in {"unicode", "ascii"}:
        return ASCII if wish == "ascii" else UNICODE
    charset = locale.getpreferredencoding(False).lower().replace("-", "")
    return ASCII if environ.get("TERM") in {"linux", "dumb"} or charset != "utf8" else UNICODE
