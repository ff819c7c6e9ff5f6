"""Probe targets that a user chose, remembered by rollout between sessions.

The file holds no secrets: values of headers that carry credentials are left out when it is written, and
their names are kept, so that a later session can say which header to give again.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from cockpit.model.door import Door
from cockpit.model.refs import RolloutKey

# Header names that carry credentials: exactly these, and any name with one of the words in it.
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
SECRET_WORDS = ("token", "secret", "api-key", "apikey", "password", "session", "credential")
MAX_BYTES = 4_000_000
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class RememberedTarget:
    """A remembered door. `withheld` names the headers whose values were not written and must be given again."""

    door: Door
    withheld: tuple[str, ...] = ()


class TargetsError(Exception):
    """The file of remembered targets cannot be written; the text names file and reason."""


class Targets:
    """Remembered targets in one JSON file, replaced atomically and readable by its owner only (0600)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""  # why the file could not be read, in words; it is then kept beside as .unreadable

    def get(self, key: RolloutKey) -> RememberedTarget | None:
        """What was remembered for this rollout."""
        return self._read().get(_name(key))

    def remember(self, key: RolloutKey, door: Door | None) -> RememberedTarget | None:
        """Remember `door`, or forget with None. What is answered is what was written; raises TargetsError."""
        targets = dict(self._read())
        name = _name(key)
        if door is None:
            if targets.pop(name, None) is not None:
                self._write(targets)
            return None
        targets[name] = without_secrets(door)
        self._write(targets)
        return targets[name]

    def _read(self) -> Mapping[str, RememberedTarget]:
        try:
            content = self.path.read_bytes()
            if len(content) > MAX_BYTES:
                raise ValueError(f"is larger than {MAX_BYTES} bytes")
            return msgspec.json.decode(content, type=dict[str, RememberedTarget])
        except FileNotFoundError:
            return {}
        except OSError as error:
            self.problem = f"{self.path}: cannot be read: {error.strerror}"
        except ValueError as error:  # msgspec's errors are ValueErrors
            aside = self.path.with_suffix(".unreadable")
            self.problem = f"{self.path}: {error}; kept as {aside.name}, remembered probe targets start afresh"
            with contextlib.suppress(OSError):
                self.path.replace(aside)
        return {}

    def _write(self, targets: Mapping[str, RememberedTarget]) -> None:
        content = json.dumps(msgspec.to_builtins(dict(targets)), indent=1, sort_keys=True).encode()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # mkstemp makes the file with mode 0600.
            handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(content)
                Path(temporary).replace(self.path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise TargetsError(f"{self.path}: cannot be written: {error.strerror}") from None


def carries_secret(header: str) -> bool:
    """True for names of headers whose values must not be written down."""
    name = header.lower()
    return name in SECRET_HEADERS or any(word in name for word in SECRET_WORDS)


def without_secrets(door: Door) -> RememberedTarget:
    """`door` as it may be written: without credentials in headers and in the proxy's URL."""
    kept = tuple((name, value) for name, value in door.headers if not carries_secret(name))
    withheld = tuple(name for name, _ in door.headers if carries_secret(name))
    proxy = door.proxy
    if proxy and "@" in proxy:
        scheme = _SCHEME.match(proxy)
        proxy = (scheme.group() if scheme else "") + proxy.rpartition("@")[2]
        withheld += ("proxy credentials",)
    return RememberedTarget(replace(door, headers=kept, proxy=proxy), withheld)


def _name(key: RolloutKey) -> str:
    return f"{key} ({key.system})"
