"""What hurts and the way back, on top of a rollout's screen; one line when all is fine."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.health import NOT_MEASURED, Health, RolloutHealth
from cockpit.model.rollout import Severity
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Sync
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import BLANK, Line, Span, clip, width_of, wrap, wrap_line
from cockpit.tui.panels import FRAME_COLUMNS, FRAME_LINES, in_frame
from cockpit.tui.widgets.findings import ORDER, FindingLines, finding_lines
from cockpit.tui.widgets.painted import Painted

WORDS = {Health.HURT: "users are hurt"}
FRAMES = {Health.HURT: "risk", Health.DOUBTFUL: "waiting"}
MOST_REASON = 1000
MOST_REASON_LINES, MOST_BACK_LINES = 3, 3
BACK_INDENT = 6


@dataclass(frozen=True, slots=True)
class Told:
    """A health with its reason and evidence, the way back, and what else was found, worst first.

    `before` are findings that make the health itself uncertain, such as a cluster that is not read. `word` is what the
    release does where its health alone does not say it.
    """

    health: RolloutHealth = NOT_MEASURED
    evidence: str = ""
    back: Line = BLANK
    before: Sequence[FindingLines] = ()
    others: Sequence[FindingLines] = ()
    word: str = ""

    @property
    def calm(self) -> bool:
        """Whether one line says it all."""
        # What has a name is about another cluster.
        grave = any(each.rank < CALM or each.name for each in self.others)
        return self.health.health is Health.FINE and not self.before and not grave


# Findings of this rank and below are good to know, and wait behind a key.
CALM = ORDER.index(Severity.INFO)
GRAVE = ORDER.index(Severity.CRITICAL)


def calm_line(told: Told, width: int, glyphs: Glyphs, key: str) -> Line:
    """A health in one line, and how to read what else was found."""
    look = glyphs.healths[told.health.health]
    reason = safe_text(told.health.reason, MOST_REASON)
    more = f"  {key}: {len(told.others)} more " if told.others and key else ""
    head = Span(f" {look.sign} {_title(told)}" + (": " if reason else ""), look.style)
    line = (head, Span(reason), Span(f"  {safe_text(told.evidence, MOST_REASON)}" if told.evidence else "", "quiet"))
    return (*clip(line, width - len(more), glyphs.ellipsis), Span(more, "quiet"))


def _title(told: Told) -> str:
    return told.word or WORDS.get(told.health.health, told.health.health.value)


def reason_lines(told: Told, width: int, most: int, glyphs: Glyphs) -> list[Line]:
    """The reason with its evidence, wrapped, in at most `most` lines."""
    reason = safe_text(told.health.reason, MOST_REASON)
    evidence = safe_text(told.evidence, MOST_REASON)
    if not reason:
        return []
    lines: list[Line] = [(Span(f" {words}"),) for words in wrap(reason, max(width - 2, 8))]
    if evidence and width_of(lines[-1]) + len(evidence) + 3 <= width:
        lines[-1] = (*lines[-1], Span(f"  {evidence}", "quiet"))
    if len(lines) > most:
        lines[most - 1 :] = [clip((*lines[most - 1], Span(f" {glyphs.ellipsis}")), width, glyphs.ellipsis)]
    return lines


def back_lines(told: Told, width: int, most: int, glyphs: Glyphs) -> list[Line]:
    """The way back in at most `most` lines; what it sends, at its end, is worth no line of its own."""
    line = told.back
    core = line[:-1] if len(line) > 2 and line[-1].style == "quiet" else line
    if not line or most < 1:
        return []
    if width_of(core) <= width or most == 1:
        return [clip(line, width, glyphs.ellipsis)]
    lines = wrap_line(line, width, BACK_INDENT)
    rest = tuple(span for each in lines[most - 1 :] for span in each)
    return [*lines[: most - 1], clip(rest, width, glyphs.ellipsis)]


def in_title(told: Told) -> bool:
    """Whether the reason stands beside the title: good news leave the room to what is not."""
    return told.health.health is Health.FINE and not told.before


def title_line(told: Told, width: int, glyphs: Glyphs) -> tuple[Line, str]:
    """The title of the panel, and the style of its frame."""
    look, health = glyphs.healths[told.health.health], told.health.health
    if told.before:
        lost = glyphs.syncs[Sync.RETRYING]
        return (Span(f"{lost.sign} this may be out of date", lost.style),), lost.style
    words: Line = (Span(f"{look.sign} {_title(told)}", look.style),)
    if in_title(told) and told.health.reason:
        words = (*words, Span(f": {safe_text(told.health.reason, MOST_REASON)}"))
    return clip(words, width - 6, glyphs.ellipsis), FRAMES.get(health, "quiet")


def body_lines(told: Told, width: int, height: int, glyphs: Glyphs) -> tuple[list[Line], int, bool]:
    """The lines of the panel, how many findings did not fit, and whether a line was cut."""
    lines: list[Line] = []
    left = [*told.before]
    told_below = _why_and_back(told, width, glyphs)
    while left and len(lines) < max(height - 2, 1):
        # Two lines for a long one, where the reason and the way back leave them.
        room = height - len(lines) - told_below - (len(left) - 1)
        lines += finding_lines(left.pop(0), width, glyphs, 2 if room >= 2 else 1)
    room = height - len(lines)
    why = [] if in_title(told) else reason_lines(told, width, min(MOST_REASON_LINES, room - bool(told.back)), glyphs)
    lines += why
    lines += back_lines(told, width, min(MOST_BACK_LINES, room - len(why)), glyphs)
    left += told.others
    while left and len(lines) < height:
        # Two lines for a long one, unless another one has none.
        room = height - len(lines) - (len(left) - 1)
        lines += finding_lines(left.pop(0), width, glyphs, 2 if room >= 2 else 1)
    cut = any(line and line[-1].text.endswith(glyphs.ellipsis) for line in lines)
    return lines[:height], len(left), cut


def least_height(told: Told, width: int, glyphs: Glyphs) -> int:
    """Lines that show a cluster that is not read, the reason, the way back and other clusters."""
    if told.calm:
        return 1
    elsewhere = any(each.name for each in told.others)
    inside = max(width - FRAME_COLUMNS, 8)
    return FRAME_LINES + max(len(told.before[:1]) + _why_and_back(told, inside, glyphs) + elsewhere, 2)


def _why_and_back(told: Told, inside: int, glyphs: Glyphs) -> int:
    """Lines of the reason and the way back, so many columns wide."""
    reason = [] if in_title(told) else reason_lines(told, inside, MOST_REASON_LINES, glyphs)
    return len(reason) + len(back_lines(told, inside, MOST_BACK_LINES, glyphs))


def wanted_height(told: Told, width: int, glyphs: Glyphs, most: int) -> int:
    """Lines that show everything, at most `most`."""
    if told.calm:
        return 1
    inside = max(width - FRAME_COLUMNS, 8)
    lines = _why_and_back(told, inside, glyphs)
    for each in (*told.before, *told.others)[:most]:
        lines += len(finding_lines(each, inside, glyphs, 2))
    return min(max(lines, 1) + FRAME_LINES, most)


class HealthPanel(Painted):
    """The health of a rollout with its reason, the way back, and findings. `key` shows all of them in full."""

    def __init__(self, glyphs: Glyphs, key: str = "") -> None:
        super().__init__()
        self.glyphs = glyphs
        self.key = key
        self.told = Told()

    def show(self, told: Told) -> None:
        """Show this health."""
        self.told = told
        self.repaint()

    def draw(self, width: int, height: int) -> list[Line]:
        told, glyphs = self.told, self.glyphs
        if told.calm or height <= FRAME_LINES:
            return [calm_line(told, width, glyphs, self.key)]
        title, style = title_line(told, width, glyphs)
        _, hidden, cut = body_lines(told, width - FRAME_COLUMNS, height - FRAME_LINES, glyphs)
        more = f"{hidden} more{glyphs.joiner}" if hidden else ""
        foot = f"{more}{self.key}: in full" if self.key and (hidden or cut) else more
        return in_frame(
            lambda columns, lines: body_lines(told, columns, lines, glyphs)[0], width, height,
            glyphs.frame, title, style=style, foot=(Span(foot, "quiet"),) if foot else BLANK,
        )  # fmt: skip


def told_of(
    health: RolloutHealth, note: str, back: Line, found: Sequence[FindingLines], clusters: Sequence[FindingLines],
    word: str = "",
) -> Told:  # fmt: skip
    """What a rollout's screen tells: a finding that says what the health says gives it its evidence."""
    reason = safe_text(health.reason)
    same = next((each for each in found if reason and safe_text(each.text) == reason), None)
    others = [each for each in found if each is not same]
    grave = [each for each in clusters if each.rank == GRAVE]
    rest = [each for each in clusters if each not in grave]
    ranked = sorted([*others, *rest], key=lambda each: each.rank)
    return Told(health, same.evidence if same else note, back, grave, ranked, word)
