"""`python -m tests.verdict_picture` draws `cockpit/docs/verdicts.svg`: evidence over a run whose split goes wrong."""

from __future__ import annotations

import math
import sys
from itertools import chain, islice
from pathlib import Path

from cockpit.probe.detectors import ALARM, DOUBTFUL
from cockpit.probe.split_detector import SplitDetector
from tests.probe.simulation import by_chance

PICTURE = Path(__file__).parents[1] / "cockpit" / "docs" / "verdicts.svg"
WIDTH, HEIGHT = 760, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 30, 40
# Answers at 5/s: three minutes of the written 5 %, four of 10 %, five of 5 % again.
_PHASES = ((900, 0.05, "v2 gets the 5% that are written"), (1200, 0.10, "v2 gets 10%"), (1500, 0.05, "5% again"))
_PER_MINUTE = 300
_LEAST, _MOST = -1.0, 8.0  # powers of ten


def evidence() -> list[float]:
    """Evidence against a written 5 % after each answer; an alarm counts as its threshold."""
    detector = SplitDetector({"v1": 0.95, "v2": 0.05})
    phases = (
        islice(by_chance({"v1": 1 - share, "v2": share}, 20 + n), size) for n, (size, share, _) in enumerate(_PHASES)
    )
    found = []
    for name in chain.from_iterable(phases):
        detector.see(name)
        found.append(min(detector.evidence, ALARM))
    return found


def picture() -> str:
    """The drawing as SVG."""
    found = evidence()
    total = len(found)

    def x(answer: float) -> float:
        return _LEFT + answer / total * (WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        power = min(max(math.log10(max(value, 1e-9)), _LEAST), _MOST)
        return _TOP + (_MOST - power) / (_MOST - _LEAST) * (HEIGHT - _TOP - _BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for value, label, colour in ((DOUBTFUL, "doubtful", "#b26a00"), (ALARM, "OFF", "#c62828")):
        parts.append(_line(x(0), y(value), x(total), y(value), colour, dashed=True))
        parts.append(_text(8, y(value) + 4, label, colour))
    begun = 0
    for size, _, words in _PHASES:
        parts.append(_line(x(begun), _TOP, x(begun), HEIGHT - _BOTTOM, "#bdbdbd"))
        parts.append(_text(x(begun) + 6, _TOP - 10, words, "#424242"))
        begun += size
    for minute in range(0, total // _PER_MINUTE + 1, 2):
        parts.append(_text(x(minute * _PER_MINUTE) - 4, HEIGHT - _BOTTOM + 18, str(minute), "#616161"))
    parts.append(_text(x(total / 2) - 60, HEIGHT - 6, "minutes at 5 answers a second", "#616161"))
    points = " ".join(f"{x(n):.1f},{y(value):.1f}" for n, value in enumerate(found) if n % 4 == 0)
    parts.append(f'<polyline points="{points}" fill="none" stroke="#1565c0" stroke-width="1.5"/>')
    return "\n".join([*parts, "</svg>", ""])


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, dashed: bool = False) -> str:
    dashes = ' stroke-dasharray="6 4"' if dashed else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{dashes}/>'


def _text(x: float, y: float, words: str, colour: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}">{words}</text>'


def main() -> int:
    PICTURE.write_text(picture(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
