"""Regular expressions that are compiled when they are first used.

Loading the cockpit passes by some seventy of them, of which a command uses a few; compiling is done in Python and slow.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def lazy_re(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As `re.compile`, but a mistake in `text` is found at its first use."""
    return cast("re.Pattern[AnyStr]", _Pattern(text, flags))


class _Pattern:
    """Becomes what it stands for: each method is found once, and then its own."""

    def __init__(self, text: str | bytes, flags: int) -> None:
        self._wanted = (text, flags)
        self._compiled: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._compiled is None:
            self._compiled = re.compile(*self._wanted)
        found = getattr(self._compiled, name)
        setattr(self, name, found)
        return found
