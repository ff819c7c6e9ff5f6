"""Several pictures of a screen as one that moves: an SVG that shows one after the other, by its own style sheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, groupby
from operator import itemgetter

_FRAME = re.compile(r'<g class="frame[^>]*>(.*?)</g><!-- frame -->', re.DOTALL)
_RECT = re.compile(
    r'<rect fill="([^"]+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" shape-rendering="crispEdges"/>'
)
_TEXT = re.compile(
    r'<text class="([^"]+)" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)" clip-path="([^"]+)">([^<]*)</text>'
)
_ROOM = re.compile(r'viewBox="([^"]+)"')
# Where one piece ends the next one begins, to a part of a column.
_TOUCHING = 0.5


def moving(frames: Sequence[tuple[str, float]]) -> str:
    """One SVG of whole pictures, each with the seconds for which it is seen; the first is seen where nothing moves."""
    whole = sum(seconds for _, seconds in frames)
    ends = list(accumulate(seconds for _, seconds in frames))
    rules, groups = [], []
    for number, ((svg, seconds), end) in enumerate(zip(frames, ends, strict=True)):
        begin, stop = (100 * at / whole for at in (end - seconds, end))
        shown = f"{begin:.3f}% {{ visibility: visible }} {stop:.3f}% {{ visibility: hidden }}"
        before = "0% { visibility: hidden } " if number else ""
        after = " 100% { visibility: hidden }" if number < len(frames) - 1 else ""
        rules.append(f"@keyframes seen-{number} {{ {before}{shown}{after} }}")
        rules.append(f".frame-{number} {{ animation: seen-{number} {whole:g}s step-end infinite }}")
        groups.append(f'<g class="frame frame-{number}">{compact(svg)}</g><!-- frame -->')
    room = _ROOM.search(frames[0][0])
    assert room, "a picture says how large it is"
    first = ".frame { visibility: hidden } .frame-0 { visibility: visible }"
    still = "@media (prefers-reduced-motion: reduce) { .frame { animation: none } }"
    style = "\n".join([first, *rules, still])
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{room[1]}">'
    return "\n".join([head, f"<style>\n{style}\n</style>", *groups, "</svg>\n"])


def frames_of(svg: str) -> list[str]:
    """The pictures in a moving one."""
    return _FRAME.findall(svg)


def compact(svg: str) -> str:
    """The same picture in fewer pieces: neighbours of one look are one, however the screen was drawn."""
    svg = re.sub(rf"(?:{_RECT.pattern}\s*)+", lambda run: "".join(_rects(_RECT.findall(run[0]))), svg)
    svg = re.sub(rf"(?:{_TEXT.pattern}\s*)+", lambda run: "".join(_texts(_TEXT.findall(run[0]))), svg)
    return "\n".join(line.strip() for line in svg.splitlines() if line.strip())


def _rects(found: Sequence[tuple[str, ...]]) -> Iterator[str]:
    for (fill, y, height), run in groupby(found, key=itemgetter(0, 2, 4)):
        for left, right, _ in _touching((float(x), float(width), "") for _, x, _, width, _ in run):
            yield (
                f'<rect fill="{fill}" x="{left:g}" y="{y}" width="{right - left:g}" height="{height}" '
                'shape-rendering="crispEdges"/>'
            )


def _texts(found: Sequence[tuple[str, ...]]) -> Iterator[str]:
    for (look, y, clip), run in groupby(found, key=itemgetter(0, 2, 4)):
        for left, right, text in _touching((float(x), float(width), words) for _, x, _, width, _, words in run):
            yield (
                f'<text class="{look}" x="{left:g}" y="{y}" textLength="{right - left:g}" '
                f'clip-path="{clip}">{text}</text>\n'
            )


def _touching(pieces: Iterable[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Left end, right end and text of pieces (left end, width, text), those that touch put together."""
    found: list[tuple[float, float, str]] = []
    for left, width, text in pieces:
        if found and abs(found[-1][1] - left) < _TOUCHING:
            found[-1] = (found[-1][0], left + width, found[-1][2] + text)
        else:
            found.append((left, left + width, text))
    return found
