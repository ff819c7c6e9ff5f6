"""Style names of painted lines, resolved to terminal styles with the current theme."""

from __future__ import annotations

from collections.abc import Mapping

from rich.style import Style
from textual.color import Color

# style name -> (theme variable of the colour, whether it is the background, other attributes)
STYLES: Mapping[str, tuple[str, bool, str]] = {
    "version-1": ("version-1", False, ""),
    "version-2": ("version-2", False, ""),
    "version-3": ("version-3", False, ""),
    "version-4": ("version-4", False, ""),
    "ok": ("ok", False, ""),
    "waiting": ("waiting", False, ""),
    "risk": ("risk", False, "bold"),
    "quiet": ("quiet", False, ""),
    "accent": ("key", False, ""),
    "key": ("key", False, "bold"),
    "strong": ("", False, "bold"),
    "added": ("added", False, ""),
    "removed": ("removed", False, ""),
    "cursor": ("cursor", True, ""),
    "production": ("production", True, "bold"),
    "reverse": ("", False, "reverse"),
}


# The beginning of a style name that makes a link of the text; the rest is of `model.hyperlinks.link_target`.
LINK = "link:"


class Styles:
    """Looks up styles by name; names separated by spaces are combined in order."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._single = {name: _style(variables, *recipe) for name, recipe in STYLES.items()}
        self._combined: dict[str, Style] = {"": Style.null()}

    def __getitem__(self, names: str) -> Style:
        style = self._combined.get(names)
        if style is None:
            parts = [self._part(name) for name in names.split()]
            if "cursor" in names.split() and self._single["cursor"].reverse:
                # Reversed, each colour would become a ground of its own.
                parts = [part.without_color for part in parts]
            style = self._combined[names] = Style.combine(parts)
        return style

    def _part(self, name: str) -> Style:
        return Style(link=name.removeprefix(LINK), underline=True) if name.startswith(LINK) else self._single[name]


def _style(variables: Mapping[str, str], variable: str, background: bool, attributes: str) -> Style:
    style = Style.parse(attributes) if attributes else Style.null()
    if not variable:
        return style
    parsed = Color.parse(variables[variable])
    if background and parsed.ansi == -1:
        # The terminal's own background does not stand out; reverse video does.
        return style + Style(reverse=True)
    if variable == "quiet" and parsed.ansi == -1:
        # Which of a terminal's greys can be read is not known; its own text made fainter can.
        return style + Style(dim=True)
    colour = parsed.rich_color
    return style + (Style(bgcolor=colour) if background else Style(color=colour))
