"""`python -m tests.findings_page` writes `cockpit/docs/findings.md`, made from the catalogue of findings."""

from __future__ import annotations

import sys
from pathlib import Path

from cockpit.model.finding_catalogue import GROUPS

PAGE = Path(__file__).parents[1] / "cockpit" / "docs" / "findings.md"
_HEAD = """\
# Findings

Made by `make readme` from `cockpit/model/finding_catalogue.py`; change it there.

A finding has an id, which stays the same for scripts (`cockpit show NAME -o json`), a severity and a text with its
evidence. `info` is worth knowing, `warning` needs a look, `critical` hurts users now. Where several severities are
listed, the finding shows the one that fits the situation.
"""


def page() -> str:
    """The page with one table for each group of the catalogue."""
    parts = [_HEAD]
    for heading, rows in GROUPS:
        parts.append(f"\n## {heading}\n\n| id | severity | what it means | what to do |\n|---|---|---|---|\n")
        for name, kind in rows.items():
            severities = ", ".join(severity.value for severity in kind.severities)
            parts.append(f"| `{name}` | {severities} | {kind.meaning} | {kind.action} |\n")
    return "".join(parts)


def main() -> int:
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
