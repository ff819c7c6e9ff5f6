"""`python -m tests.benchmarks [--only NAME]` measures, and ends with every figure beside its peer and its budget.

A figure comes from the function `figures` of a module of this folder; NAME is a part of the module's name.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.figure import Figure

HEADS = ("FIGURE", "OURS", "PEER", "BUDGET", "MET")


def modules() -> list[str]:
    """The names of the modules that give figures, told by their text: loading them all takes what they measure."""
    found = sorted(Path(__file__).parent.glob("*.py"))
    return [path.stem for path in found if "\ndef figures(" in path.read_text(encoding="utf-8")]


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns; a last line says which budgets are missed."""
    rows = [HEADS, *((f.what, f.ours, f.peer or "-", f.budget or "-", _met(f.met)) for f in figures)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(HEADS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    missed = [figure.what for figure in figures if figure.met is False]
    return "\n".join([*lines, "", f"budgets missed: {', '.join(missed) or 'none'}"])


def _met(met: bool | None) -> str:
    return {True: "yes", False: "NO", None: "not measured"}[met]


def main(words: Sequence[str]) -> int:
    """Measure what is wanted and print it; 2 if there is no such module."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", default="", metavar="NAME", help=f"one of: {', '.join(modules())}")
    only = parser.parse_args(words).only
    wanted = [name for name in modules() if only in name]
    if not wanted:
        print(f"no benchmark is called {only!r}; there are {', '.join(modules())}", file=sys.stderr)
        return 2
    found: list[Figure] = []
    for name in wanted:
        print(f"measuring {name.removeprefix('test_')} ...", file=sys.stderr, flush=True)
        found += importlib.import_module(f"tests.benchmarks.{name}").figures()
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
