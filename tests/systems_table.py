"""`python -m tests.systems_table` writes the README's table of systems, made from the adapters themselves."""

from __future__ import annotations

import sys
from pathlib import Path

from cockpit.session.facts.adapters import ADAPTERS

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- systems: made by `make readme` -->", "<!-- end of systems -->"


def table() -> str:
    """One row for each way of releasing that an adapter knows."""
    rows = [
        f"| {card.name} | {card.objects} | {card.shows} | {', '.join(act.value for act in card.acts) or 'none'} |"
        for adapter in ADAPTERS
        for card in adapter.cards
    ]
    return "\n".join(["| system | read from | shows | acts |", "|---|---|---|---|", *rows])


def with_table(text: str) -> str:
    """The text with the table between the marks as it is made now; raises ValueError without the marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{README.name} has no place for the table: {BEGIN} and {END} are missing")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> int:
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
