"""Which languages there are, and which one a user wants."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = "en"
CHINESE = "zh_CN"
# What can be written, in small letters, and the language that it means.
_NAMES = {"en": ENGLISH, "zh": CHINESE, "zh_cn": CHINESE, "zh_hans": CHINESE, "zh_sg": CHINESE}
CHOICES = ("en", "zh")
VARIABLE = "COCKPIT_LANG"
# In the order in which POSIX looks at them.
_LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")


def language_of(name: str) -> str:
    """The language of a name such as "zh", "zh-CN" or "en_GB.UTF-8"; raises ValueError."""
    plain = name.strip().partition(".")[0].partition("@")[0].lower().replace("-", "_")
    found = _NAMES.get(plain) or (ENGLISH if plain.startswith("en_") else None)
    if found is None:
        raise ValueError(f"{name!r} is not a language of the cockpit; write {' or '.join(CHOICES)}")
    return found


def of_locale(environ: Mapping[str, str]) -> str:
    """The language of the locale: the first variable that is set decides; English for all but Chinese."""
    locale = next((environ[name] for name in _LOCALES if environ.get(name)), "")
    return CHINESE if locale.lower().startswith("zh") else ENGLISH


def of_environment(environ: Mapping[str, str]) -> str:
    """The language of COCKPIT_LANG, else that of the locale."""
    try:
        return language_of(environ[VARIABLE])
    except (KeyError, ValueError):
        return of_locale(environ)


def folder_of(language: str) -> Path:
    """The folder with the catalogue of a language other than English."""
    return Path(__file__).parent / language
