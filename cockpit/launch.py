"""The composition root: the only file that sees every room, each loaded when it is needed."""

from __future__ import annotations

import sys
from pathlib import Path

from cockpit.cli.main import command_line


def main() -> None:
    """Entry point of `cockpit` and `kubectl-cockpit`."""
    called = Path(sys.argv[0]).name
    command_line(prog_name="kubectl cockpit" if called == "kubectl-cockpit" else "cockpit", obj=None)
