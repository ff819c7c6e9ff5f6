"""Which settings are in force, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from cockpit.model.redact import HIDDEN
from cockpit.model.secret_headers import carries_secret
from cockpit.model.secret_parameters import shown_path
from cockpit.model.values import dataclass
from cockpit.session.settings import Settings, set_by

DEFAULT = "default"
_GROUPS = frozenset(
    field.name for field in msgspec.structs.fields(Settings) if isinstance(getattr(Settings(), field.name), Struct)
)


@dataclass(frozen=True, slots=True)
class SettingInForce:
    """One setting by its dotted name: its value as JSON, safe to show, and what set it.

    `source` is "default", the path of a file, the name of a variable, or a flag.
    """

    key: str
    value: Any
    source: str


def settings_in_force(
    settings: Settings, path: Path, environ: Mapping[str, str], flags: Mapping[str, Any]
) -> tuple[SettingInForce, ...]:
    """Every setting. `settings` are those that were loaded from this file, environment and flags (dotted names)."""
    sources = dict.fromkeys(_given_in(path), str(path))
    sources |= {key: variable for variable in sorted(environ) if (key := set_by(variable))}
    sources |= {
        key: f"--{key.rpartition('.')[2].replace('_', '-')}" for key, given in flags.items() if given is not None
    }
    return tuple(
        SettingInForce(key, without_credentials(value), _source(key, sources)) for key, value in _settings(settings, "")
    )


def _settings(settings: Struct, prefix: str) -> Iterator[tuple[str, Any]]:
    for field in msgspec.structs.fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, Struct):
            yield from _settings(value, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", msgspec.to_builtins(value)


def _given_in(path: Path) -> list[str]:
    """The dotted names that the file holds; none if there is no file."""
    try:
        document = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError, ValueError, RecursionError):
        return []
    found: list[str] = []
    for key, value in document.items() if isinstance(document, dict) else ():
        in_group = isinstance(value, dict) and key in _GROUPS
        found += [f"{key}.{name}" for name in value] if in_group else [str(key)]
    return found


def _source(key: str, sources: Mapping[str, str]) -> str:
    """What set it: itself, or a word for its whole group, such as `pairing: advisory`."""
    return sources.get(key) or sources.get(key.partition(".")[0], DEFAULT)


def without_credentials(value: Any) -> Any:
    """The value with "(hidden)" for what may be a credential: by its name, in a URL, or as a word of a command."""
    match value:
        case dict():
            return {
                key: HIDDEN
                if isinstance(item, str) and item and carries_secret(str(key))
                else without_credentials(item)
                for key, item in value.items()
            }
        case list() | tuple():
            return _words(value)
        case str():
            return _url(value)
    return value


def _words(words: Sequence[Any]) -> list[Any]:
    """A list, which may be a command: the word behind `--token` and what stands behind `--token=` is hidden."""
    shown: list[Any] = []
    for number, word in enumerate(words):
        before = words[number - 1] if number else ""
        name, sign, rest = word.partition("=") if isinstance(word, str) else ("", "", "")
        if (
            isinstance(before, str)
            and before.startswith("-")
            and "=" not in before
            and carries_secret(before.strip("-"))
        ):
            shown.append(HIDDEN)
        elif sign and rest and carries_secret(name.strip("-")):
            shown.append(f"{name}={HIDDEN}")
        else:
            shown.append(without_credentials(word))
    return shown


def _url(text: str) -> str:
    scheme, sign, rest = text.partition("://")
    if not sign:
        return text
    authority, slash, path = rest.partition("/")
    _, at, host = authority.rpartition("@")
    return shown_path(f"{scheme}://{HIDDEN + at if at else ''}{host}{slash}{path}")
