"""Probe targets chosen by the user, remembered by rollout across sessions.

The file contains no secrets: of headers and parameters of the URL that may carry credentials only the names are
written, so that a later session can say which must be entered again. A header's value is kept where the header is
known to be harmless, or the value is a plain word, a version or a small number.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from cockpit.model.lazy_re import lazy_re
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.secret_headers import may_be_stored
from cockpit.model.secret_parameters import secret_parameters, without_secret_parameters
from cockpit.model.values import dataclass
from cockpit.model.view import Kept
from cockpit.session.state_file import locked, put_aside, read_file, replace_file

MAX_BYTES = 4_000_000
_SCHEME = lazy_re(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, slots=True)
class RememberedTarget:
    """A remembered probe target. `withheld` are headers whose values were not written and must be entered again."""

    probe_target: ProbeTarget
    withheld: tuple[str, ...] = ()


class TargetsError(Exception):
    """The file of remembered targets cannot be written; the text gives the file and the reason."""


class Targets:
    """Remembered targets in one JSON file, replaced atomically and readable by its owner only (0600)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""  # why the file could not be read; it is then renamed to .unreadable
        self._held: Mapping[str, RememberedTarget] = {}
        self._seen: tuple[int, int, int] | None = None  # what tells the file that is held from another
        self._looked = self._stamp()

    def get(self, key: RolloutKey) -> RememberedTarget | None:
        """The remembered target of this rollout."""
        return self._read().get(_name(key))

    def of(self, rollout: Rollout, current: Collection[RolloutKey]) -> RememberedTarget | None:
        """Like `get`, but also finds a target stored under another name of this rollout that no rollout has now."""
        read, key = self._read(), rollout.key
        if (found := read.get(_name(key))) is not None:
            return found
        former = _former(read, rollout, current)
        return read[former[0]] if len(former) == 1 else None

    def remember(
        self,
        key: RolloutKey,
        probe_target: ProbeTarget | None,
        rollout: Rollout | None = None,
        current: Collection[RolloutKey] = (),
    ) -> RememberedTarget | None:
        """Remember `probe_target`, or forget it with None: under all names by which `of` finds it for `rollout`.

        Returns what was written; raises TargetsError.
        """
        name = _name(key)
        try:
            with locked(self.path.parent):
                targets = dict(self._load())
                if probe_target is None:
                    others = _former(targets, rollout, current) if rollout else []
                    if [known for known in (name, *others) if targets.pop(known, None)]:
                        self._write(targets)
                    return None
                targets[name] = without_secrets(probe_target)
                self._write(targets)
                return targets[name]
        except OSError as error:
            raise TargetsError(f"{self.path}: cannot be written: {error.strerror}") from None

    def replaced(self) -> bool:
        """Whether there is another file than at the last call that can be read.

        Nobody forgets a target by a file that is gone or spoilt.
        """
        seen = self._stamp()
        if seen is None or seen == self._looked or self._readable() is None:
            return False
        # The first reading can make the file private, which changes it.
        self._looked = self._stamp()
        return True

    def _read(self) -> Mapping[str, RememberedTarget]:
        """What the file holds. It is asked for each rollout of a cluster, and read again only when it was replaced."""
        seen = self._stamp()
        if seen is None:
            return self._load()
        if seen != self._seen:
            self._held, self._seen = self._load(), seen
        return self._held

    def _stamp(self) -> tuple[int, int, int] | None:
        """What tells the file from another; None without one."""
        try:
            found = os.lstat(self.path)
        except OSError:
            return None
        return (found.st_ino, found.st_ctime_ns, found.st_size)

    def _load(self) -> Mapping[str, RememberedTarget]:
        found = self._readable()
        return {} if found is None else found

    def _readable(self) -> Mapping[str, RememberedTarget] | None:
        """What the file holds, nothing without one; None if it cannot be read."""
        try:
            return msgspec.json.decode(read_file(self.path, MAX_BYTES), type=dict[str, RememberedTarget])
        except FileNotFoundError:
            return {}
        except OSError as error:
            self.problem = f"{self.path}: cannot be read: {error.strerror}"
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            aside = put_aside(self.path) or "nothing"
            self.problem = f"{self.path}: {error}; renamed to {aside}, starting without remembered probe targets"
        return None

    def _write(self, targets: Mapping[str, RememberedTarget]) -> None:
        replace_file(self.path, json.dumps(msgspec.to_builtins(dict(targets)), indent=1, sort_keys=True).encode())


def without_secrets(probe_target: ProbeTarget) -> RememberedTarget:
    """`probe_target` without credentials in headers, in its own URL and in the proxy's."""
    kept = tuple((name, value) for name, value in probe_target.headers if may_be_stored(name, value))
    withheld = tuple(name for name, value in probe_target.headers if not may_be_stored(name, value))
    proxy = probe_target.proxy
    if proxy and "@" in proxy:
        scheme = _SCHEME.match(proxy)
        proxy = (scheme.group() if scheme else "") + proxy.rpartition("@")[2]
        withheld += ("proxy credentials",)
    withheld += tuple(f"parameter {name}" for name in secret_parameters(probe_target.path))
    path = without_secret_parameters(probe_target.path)
    return RememberedTarget(replace(probe_target, path=path, headers=kept, proxy=proxy), withheld)


def _name(key: RolloutKey) -> str:
    return f"{key} ({key.system})"


def _former(names: Iterable[str], rollout: Rollout, current: Collection[RolloutKey]) -> list[str]:
    """The other names of a rollout, among these, that no rollout has now."""
    place = f"{rollout.key.context}:{rollout.key.namespace}/"
    former = [
        name
        for name in sorted(names)
        if name.startswith(place) and rollout.is_called(name.removeprefix(place).partition(" (")[0])
    ]
    if not former:
        return []
    taken = {_name(other) for other in (rollout.key, *current)}
    return [name for name in former if name not in taken]


async def keep_target(
    targets: Targets | None,
    key: RolloutKey,
    probe_target: ProbeTarget | None,
    rollout: Rollout | None,
    current: Collection[RolloutKey],
) -> Kept:
    """Remember a target, or forget it with None; the result says where, and what could not be kept."""
    if targets is None:
        return Kept()
    try:
        target = await asyncio.to_thread(targets.remember, key, probe_target, rollout, current)
    except TargetsError as error:
        return Kept(problem=str(error))
    return Kept(str(targets.path), target.withheld if target else ())
