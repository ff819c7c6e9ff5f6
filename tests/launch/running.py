"""The program without a terminal."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.launch.terminals import COCKPIT


def run(words: list[str], state: Path) -> subprocess.CompletedProcess[bytes]:
    """What it wrote, and how it ended."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT", "KUBE"))}
    done = subprocess.run(
        [*COCKPIT, *words],
        env=environ | {"COCKPIT_STATE": str(state), "XDG_CONFIG_HOME": str(state)},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    return done
