"""Themes from YAML files: colours by meaning, turned into themes of the screen library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

import yaml
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from cockpit.kube.yaml_text import parsed
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass

# Colour keys of a theme; missing ones are taken from the packaged `dark` or `light`.
BASE = ("background", "foreground", "surface")
MEANINGS = (
    *("version-1", "version-2", "version-3", "version-4"),
    *("ok", "waiting", "risk", "quiet", "key", "added", "removed", "cursor", "header", "production"),
)
FALLBACK = "dark"
MAX_BYTES = 100_000


class ThemeError(Exception):
    """A theme that cannot be used; the text names the key."""


@dataclass(frozen=True, slots=True)
class Themes:
    """Usable themes sorted by name, and the problems of the others."""

    themes: Mapping[str, Theme]
    problems: tuple[str, ...]
    files: Mapping[str, Path] = field(default_factory=dict)  # of the user's own themes

    def usable(self, name: str) -> tuple[str, str]:
        """The theme of this name, or the one used instead and why."""
        if name in self.themes:
            return name, ""
        return FALLBACK, f"no usable theme {name}; using {FALLBACK} instead; available: {', '.join(self.themes)}"

    def after(self, name: str) -> str:
        """The next theme; after the last comes the first."""
        names = list(self.themes)
        return names[(names.index(name) + 1) % len(names)] if name in names else names[0]


def packaged_directory() -> Path:
    """Folder of the built-in themes: in the package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def load_themes(own: Path, others: Iterable[Path] = ()) -> Themes:
    """Every `*.yaml` of the built-in folder and of `directories`; a later one of the same name wins.

    A bad theme is skipped and reported. Raises ThemeError only if the built-in `dark` or `light` is bad.
    """
    defaults = {dark: _document(own / f"{name}.yaml") for name, dark in (("dark", True), ("light", False))}
    known = {own / f"{'dark' if dark else 'light'}.yaml": document for dark, document in defaults.items()}
    themes = {}
    problems = []
    files = {}
    for directory in (own, *others):
        for path in sorted(directory.glob("*.yaml")) if directory.is_dir() else ():
            try:
                themes[path.stem] = theme_of(path.stem, known.get(path) or _document(path), defaults)
                if directory != own:
                    files[path.stem] = path
            except ThemeError as error:
                problems.append(f"theme {path.name}: {error}")
    return Themes(dict(sorted(themes.items())), tuple(problems), files)


def read_again(path: Path, own: Path) -> Theme:
    """A user's theme as its file is now; raises ThemeError."""
    defaults = {dark: _document(own / f"{name}.yaml") for name, dark in (("dark", True), ("light", False))}
    return theme_of(path.stem, _document(path), defaults)


def _document(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ThemeError(f"cannot be read: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise ThemeError(f"larger than {MAX_BYTES} bytes")
    try:
        document = parsed(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise ThemeError(f"not YAML in line {mark.line + 1}" if mark else "not YAML") from None
    if not isinstance(document, dict):
        raise ThemeError("expected a map of keys to colours")
    return document


def theme_of(name: str, document: Mapping[Any, Any], defaults: Mapping[bool, Mapping[str, str]]) -> Theme:
    """A theme from keys and colours; raises ThemeError with the bad key."""
    known = {"dark", "ansi", *BASE, *MEANINGS}
    for key in document:
        if key not in known:
            raise ThemeError(f"{safe_text(key, 40)}: unknown key; keys are {', '.join(sorted(known))}")
    dark, ansi = _flag(document, "dark", True), _flag(document, "ansi", False)
    colours = {key: _colour(document.get(key, defaults[dark][key]), key) for key in (*BASE, *MEANINGS)}
    return Theme(
        name=name,
        dark=dark,
        ansi=ansi,
        primary=colours["key"],
        accent=colours["key"],
        success=colours["ok"],
        warning=colours["waiting"],
        error=colours["risk"],
        panel=colours["surface"],
        background=colours["background"],
        foreground=colours["foreground"],
        surface=colours["surface"],
        variables=_library_variables(dark, ansi) | {key: colours[key] for key in MEANINGS},
    )


def _library_variables(dark: bool, ansi: bool) -> dict[str, str]:
    # The library derives colours by mixing, which a terminal's own palette does not allow.
    return dict(BUILTIN_THEMES["ansi-dark" if dark else "ansi-light"].variables) if ansi else {}


def _flag(document: Mapping[Any, Any], key: str, default: bool) -> bool:
    value = document.get(key, default)
    if not isinstance(value, bool):
        raise ThemeError(f"{key}: expected true or false")
    return value


def _colour(value: object, key: str) -> str:
    try:
        Color.parse(value if isinstance(value, str) else "")
    except ColorParseError:
        shown = safe_text(value, 40)
        raise ThemeError(f"{key}: {shown!r} is not a valid colour; write it as '#3a7bd5', in quotes") from None
    assert isinstance(value, str)
    return value
