"""What a part of the app inherits: to a type checker the app itself, at run time nothing.

The library prepares every class that inherits its own, which takes time before the first paint; it finds the handlers
and actions of a part without that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App

    AppPart = App[None]
else:

    class AppPart:
        """Base of the parts of `CockpitApp`. `@on`, bindings and reactive values work in `CockpitApp` alone."""
