"""Where this system keeps a program's files for a user."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal

APP = "cockpit"
# The XDG Base Directory Specification: variable, and the folder below the home where that is not set.
_XDG = {"config": ("XDG_CONFIG_HOME", ".config"), "state": ("XDG_STATE_HOME", ".local/state")}


def own_folder(what: Literal["config", "state"]) -> Path:
    """The folder for settings, or the one for what is remembered."""
    variable, usual = _XDG[what]
    given, home = os.environ.get(variable, ""), os.environ.get("HOME", "")
    if sys.platform == "linux" and (os.path.isabs(given) or os.path.isabs(home)):
        return Path(given, APP) if os.path.isabs(given) else Path(home, usual, APP)
    # It knows other systems; loading it takes as long as reading a kubeconfig.
    import platformdirs

    folders = platformdirs.PlatformDirs(APP, appauthor=False)
    return folders.user_config_path if what == "config" else folders.user_state_path
