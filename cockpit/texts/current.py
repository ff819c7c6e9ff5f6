"""The language of this process: set once when it starts, then asked where text is painted or printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.texts.languages import ENGLISH, folder_of

if TYPE_CHECKING:
    from cockpit.texts.translator import Translator

_translators: dict[str, Translator] = {}
_current: Translator | None = None


class Verbatim(str):
    """Text to be shown as it is: a name, a command, what a cluster said, or what is translated already."""

    __slots__ = ()

    def __add__(self, other: str) -> Verbatim:
        """With padding or another name behind it, it stays what it is."""
        return Verbatim(str.__add__(self, other))

    def rstrip(self, chars: str | None = None, /) -> Verbatim:
        """Without padding too."""
        return Verbatim(str.rstrip(self, chars))


def use(language: str) -> None:
    """Show texts in this language from now on, one of `languages`; the catalogue is read when it is first used."""
    global _current  # noqa: PLW0603  # one process, one screen, one language
    if language == ENGLISH:
        _current = None
        return
    if language not in _translators:
        from cockpit.texts.catalogue import read_catalogue
        from cockpit.texts.translator import Translator

        _translators[language] = Translator(read_catalogue(folder_of(language)))
    _current = _translators[language]


def wide() -> bool:
    """Whether texts are in a script whose characters take two columns."""
    return _current is not None


def translated(text: str) -> str:
    """A text of ours in the language of this process; a Verbatim stays as it is."""
    if _current is None or isinstance(text, Verbatim):
        return text
    return Verbatim(_current.translate(text))
