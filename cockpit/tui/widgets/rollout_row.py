"""One rollout in one line of the fleet: fixed columns, each with its heading; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

from rich.cells import cell_len

from cockpit.model.counts import counted
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Phase, Rollout, Share
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import FleetView, RolloutView
from cockpit.texts.current import Verbatim
from cockpit.tui.glyphs import Glyphs
from cockpit.tui.lines import Line, Span, clip, fit, fit_front, fit_middle, width_of
from cockpit.tui.rows import Order
from cockpit.tui.since import Since, short_age
from cockpit.tui.standing import Cause, cause_of, reasons, sign_of
from cockpit.tui.text import names_of_release, new_share, share_bar

# The cursor and the sign of a row, each with a space.
MARKS = 4
_PERCENT = 5  # " 100%"
_PAD = 1  # after the last column
_LONGEST_CELL = 60
# From this share on, nobody is left with another version.
_EVERYONE = 0.995


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in columns; 0 hides one. `MARKS` stand in front of the name, a space between two.

    `own` are a person's columns, by heading and width.
    """

    name: int
    release: int = 0
    users: int = 0
    why: int = 0
    since: int = 0
    own: tuple[tuple[str, int], ...] = ()


# Fixed widths of release, users, why and since, and the room from which they are used, widest first. The name takes
# the rest: it is what is cut last.
_LAYOUTS = (
    (114, (20, 19, 27, 5)),
    (98, (17, 15, 22, 5)),
    (88, (13, 14, 20, 5)),
    (76, (13, 14, 12, 5)),
    (62, (13, 5, 12, 5)),
    (46, (0, 5, 12, 5)),
    (34, (0, 5, 12, 0)),
    (26, (0, 0, 9, 0)),
    (0, (0, 0, 0, 0)),
)


# From this width on a person's own columns are shown, where they leave the others so much room.
_WITH_OWN, _KEPT = 98, 76
_OWN_LEAST, _OWN_MOST = 10, 16


def columns(width: int, own: Sequence[str] = ()) -> Columns:
    """The columns for a line of `width`, with those of a person's `own` that fit; no value moves them."""
    shown, left = list[tuple[str, int]](), width - _KEPT if width >= _WITH_OWN else 0
    for name in own:
        size = min(max(cell_len(name), _OWN_LEAST), _OWN_MOST)
        if size + 1 > left:
            break
        shown.append((name, size))
        left -= size + 1
    room = width - sum(size + 1 for _, size in shown)
    fixed = next(sizes for least, sizes in _LAYOUTS if room >= least)
    taken = sum(size + 1 for size in fixed if size)
    return Columns(max(room - MARKS - taken - _PAD, 1), *fixed, tuple(shown))


_HEADINGS = {
    Order.NAME: "ROLLOUT",
    Order.RELEASE: "RELEASE",
    Order.USERS: "USERS ON NEW",
    Order.WHY: "WHY",
    Order.SINCE: "SINCE",
}


def heading(layout: Columns, order: Order, glyphs: Glyphs) -> Line:
    """The names of the columns; a sign marks the one that rows are sorted by, in the gap beside it if it must."""
    sizes = {
        Order.NAME: layout.name,
        Order.RELEASE: layout.release,
        Order.USERS: layout.users,
        Order.WHY: layout.why,
        Order.SINCE: layout.since,
    }
    spans = [Span(" " * MARKS)]
    for column, size in sizes.items():
        if not size:
            continue
        if column is Order.SINCE:
            spans += [
                Span(fit(Verbatim(name), wide, ellipsis=glyphs.ellipsis) + " ", "quiet") for name, wide in layout.own
            ]
        text = _HEADINGS[column] if size >= cell_len(_HEADINGS[column]) else _HEADINGS[column].split()[0]
        mark = glyphs.sorted if column is order else ""
        style, align = "strong" if mark else "quiet", "right" if column is Order.SINCE else "left"
        if size < cell_len(text):
            text = mark or text[:size]
        elif cell_len(text + mark) <= size:
            text += mark
        elif align == "right":
            spans[-1] = Span(mark, style)
            mark = ""
        gap = Span(mark or " ", style) if mark and not text.endswith(mark) else Span(" ")
        spans += [Span(fit(text, size, align), style), gap]
    return tuple(spans[:-1]) if spans[-1].text == " " else tuple(spans)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a row shows of the list that it stands in.

    `namespaces` and `contexts`: whether there are several, so that names need them; `doubled` are the keys that look
    like another one even then; `parts` is the number of clusters by group; `cut` are the forms of names without room.
    """

    namespaces: bool = False
    contexts: bool = False
    doubled: frozenset[RolloutKey] = frozenset()
    parts: Mapping[RolloutKey, int] | None = None
    opened: frozenset[RolloutKey] = frozenset()
    cut: Mapping[str, str] | None = None


ALONE = Surroundings()


def surroundings(keys: Sequence[RolloutKey], everywhere: bool, parts: Mapping[RolloutKey, int]) -> Surroundings:
    """What the names of these rollouts need to be told apart; `everywhere`: all namespaces are read."""
    namespaces = everywhere or len({key.namespace for key in keys}) > 1
    contexts = len({key.context for key in keys}) > 1
    looks = [(contexts and key.context, namespaces and key.namespace, key.name) for key in keys]
    count = Counter(looks)
    doubled = frozenset(key for key, look in zip(keys, looks, strict=True) if count[look] > 1)
    return Surroundings(namespaces, contexts, doubled, parts)


class KnownSurroundings:
    """The surroundings of the rows of a view, worked out again only if other rollouts are shown."""

    def __init__(self) -> None:
        self._shown: tuple[object, ...] = (None, None, None)
        self._same: object = None
        self._around = ALONE

    def of(self, view: FleetView, opened: Set[RolloutKey]) -> Surroundings:
        """Those of a view, of which some groups are opened; the same value as long as nothing differs."""
        everywhere = any(cluster.namespace is None for cluster in view.clusters)
        shown = (view.rollouts, view.groups, everywhere)
        if any(a is not b for a, b in zip(self._shown, shown, strict=True)):
            keys = tuple(each.rollout.key for each in view.rollouts)
            parts = {group.view.rollout.key: len(group.parts) for group in view.groups}
            same = (keys, everywhere, parts)
            if same != self._same:
                self._same, self._around = same, surroundings(keys, everywhere, parts)
            self._shown = shown
        seen = frozenset(opened & (self._around.parts or {}).keys())
        return replace(self._around, opened=seen) if seen else self._around


def row(
    view: RolloutView,
    layout: Columns,
    glyphs: Glyphs,
    around: Surroundings,
    since: Since | None,
    now: float,
    own: Sequence[str] = (),
) -> Line:
    """One rollout, with safe names, from its sign on; `own` are the values of a person's columns."""
    rollout = view.rollout
    sign = sign_of(view, glyphs)
    urgent = cause_of(view) is not Cause.AT_REST
    spans = [Span(f"{sign.sign} ", sign.style), *_name(rollout, layout.name, around, glyphs, urgent)]
    if layout.release:
        spans += [Span(" "), Span(release_words(rollout, layout.release, glyphs), "" if urgent else "quiet")]
    if layout.users:
        spans += [Span(" "), *_padded(users(view, layout.users, glyphs), layout.users, glyphs)]
    if layout.why:
        spans += [Span(" "), *_padded(why(view, layout.why, glyphs, now), layout.why, glyphs)]
    for text, (_, size) in zip(own, layout.own, strict=False):
        cell = fit(Verbatim(safe_text(text, _LONGEST_CELL)), size, ellipsis=glyphs.ellipsis)
        spans += [Span(" "), Span(cell, "quiet")]
    if layout.since:
        age = short_age(since, now, glyphs.none)
        spans += [Span(" "), Span(fit(age, layout.since, "right"), "quiet")]
    return tuple(spans)


def _padded(line: Line, width: int, glyphs: Glyphs) -> Line:
    line = clip(line, width, glyphs.ellipsis)
    return (*line, Span(" " * (width - width_of(line))))


def label(key: RolloutKey, around: Surroundings) -> tuple[str, str, str]:
    """What stands before the name, the name, and what stands after it, safe."""
    name = safe_text(key.name)
    before = f"{safe_text(key.namespace, 63)}/" if around.namespaces else ""
    after = f" {safe_text(key.system, 40)}" if key in around.doubled else ""
    parts = around.parts or {}
    if key in parts:
        after += f" ({counted(parts[key], 'part')})"
    elif around.contexts and key.context:
        before = f"{safe_text(key.context, 60)}:{before}"
    return before, name, after


def _name(rollout: Rollout, width: int, around: Surroundings, glyphs: Glyphs, urgent: bool) -> Line:
    """The name between its place and what tells it from others; those are cut first, the name last."""
    key, parts = rollout.key, around.parts or {}
    before, name, after = label(key, around)
    if key in parts:
        sign = glyphs.opened if key in around.opened else glyphs.closed
        before = f"{sign} {before}"
    elif any((key.namespace, key.name, key.system) == (g.namespace, g.name, g.system) for g in parts):
        before = f"  {before}"  # a part, below its row
    room = width - cell_len(name)
    if cell_len(after) > room - 2:
        after = ""
    room -= cell_len(after)
    if cell_len(before) > room:
        # The slash stays: a name alone would look like one of this place.
        kept = room - 1
        before = fit_middle(before[:-1], kept, glyphs.ellipsis) + before[-1:] if kept >= 2 else ""
    name = (around.cut or {}).get(name, name)
    name = fit_middle(name, max(width - cell_len(before) - cell_len(after), 1), glyphs.ellipsis).rstrip()
    shown = [Verbatim(each) for each in (before, name, after)]
    line = (Span(shown[0], "quiet"), Span(shown[1], "strong" if urgent else ""), Span(shown[2], "quiet"))
    return (*line, Span(" " * max(width - width_of(line), 0)))


def release_words(rollout: Rollout, width: int, glyphs: Glyphs) -> str:
    """The version that it starts from and the one that it brings, in exactly `width` columns, cut at their fronts."""
    names = [safe_text(name, 63) for name in names_of_release(rollout)]
    if not names:
        return fit(glyphs.none, width)
    if len(names) == 1:
        return fit_front(names[0], width, glyphs.ellipsis)
    arrow = f" {glyphs.arrow} "
    room = width - cell_len(arrow)
    old, new = names
    if cell_len(old) + cell_len(new) > room:
        # A short one leaves its room to the other.
        half = room // 2
        first = min(cell_len(old), max(half, room - cell_len(new)))
        second = min(cell_len(new), room - first)
        old = fit_front(old, first, glyphs.ellipsis).rstrip()
        new = fit_front(new, second, glyphs.ellipsis).rstrip()
    return fit(Verbatim(f"{old}{arrow}{new}"), width, ellipsis=glyphs.ellipsis)


def users(view: RolloutView, width: int, glyphs: Glyphs) -> Line:
    """How many users are on the new version: observed as a bar and percent, else what is written, marked as such."""
    rollout, share = view.rollout, new_share(view.rollout)
    if share is None:
        return (Span(glyphs.none, "quiet"),)
    observed = share.observed
    if observed is None or not observed.samples:
        return (Span(_unobserved(rollout, share, width, glyphs), "quiet"),)
    number = percent(observed.share)
    if rollout.phase is Phase.AT_REST and observed.share >= _EVERYONE and not rollout.inside_only:
        return (Span("everyone" if width > len("everyone") else number, "quiet"),)
    style = "quiet" if not view.probe.running else "risk" if cause_of(view) is Cause.HURT else ""
    if width <= _PERCENT:
        return (Span(fit(number, _PERCENT - 1, "right"), style),)
    return (*share_bar(observed.share, width - _PERCENT, glyphs, style), Span(fit(number, _PERCENT, "right"), style))


def _unobserved(rollout: Rollout, share: Share, width: int, glyphs: Glyphs) -> str:
    """What is written or declared; nothing where there is no room to say that it is not what users get."""
    lane = rollout.default_lane
    if share.written is None and share.declared is None:
        # A group's key has no context: its clusters do not agree.
        return "differ" if not rollout.key.context and width > _PERCENT else glyphs.none
    if width <= _PERCENT:
        return glyphs.none
    if share.written is None:
        return f"declared {percent(share.declared)}"
    return f"{'by pods' if lane and lane.derived else 'written'} {percent(share.written)}"


def why(view: RolloutView, width: int, glyphs: Glyphs, now: float) -> Line:
    """The reasons that fit, the most important one first."""
    first, *others = reasons(view, now)
    line: Line = (first,)
    for each in others:
        longer = (*line, Span(glyphs.joiner, "quiet"), each)
        if width_of(longer) <= width:
            line = longer
    return line
