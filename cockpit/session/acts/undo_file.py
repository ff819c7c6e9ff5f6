"""Undo steps on disk, so that one process can undo what another one sent.

They contain deleted objects in full, which can include the environment of pods, so only the owner can read the
file (0600). They never contain Secrets, because no act writes one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from cockpit.model.refs import RolloutKey
from cockpit.model.values import dataclass
from cockpit.session.state_file import locked, put_aside, read_file, replace_file

log = logging.getLogger(__name__)

S = TypeVar("S")
# Number of rollouts to keep, the most recently changed at the end.
_MOST_ROLLOUTS = 100
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Kept(Generic[S]):
    """`server` distinguishes clusters with the same context name, such as embedded clusters."""

    server: str
    key: RolloutKey
    steps: list[S]


class UndoFile(Generic[S]):
    """Lists of steps of type `step` by rollout. An unreadable or unwritable file does not stop an act.

    `servers` gives the address of the API server by context.
    """

    def __init__(self, path: Path, servers: Mapping[str, str], step: type[S]) -> None:
        self._path = path
        self._servers = servers
        self._step = step
        self._seen: tuple[int, int, int] | None = None
        self._told = False  # whether it was said that the file cannot be looked at

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[list[_Kept[S]]]:
        """Made for the first file that is there: most commands meet none."""
        return msgspec.json.Decoder(list[_Kept[self._step]])  # type: ignore[name-defined]

    def news(self) -> dict[RolloutKey, list[S]] | None:
        """The steps for this session's clusters; None if the file has not changed since the last read or write."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        self._seen = stamp
        return {kept.key: kept.steps for kept in self._read() if self._servers.get(kept.key.context) == kept.server}

    def change(self, key: RolloutKey, change: Callable[[list[S]], list[S]]) -> list[S] | None:
        """Change the stored steps of one rollout, as they are now; returns them, None if they cannot be stored.

        No other session writes between reading and writing, so that none of its steps is lost.
        """
        server = self._servers.get(key.context, "")
        try:
            with locked(self._path.parent):
                known = self._stamp() == self._seen
                stored = self._read()
                mine = next((kept.steps for kept in stored if (kept.server, kept.key) == (server, key)), [])
                others = [kept for kept in stored if (kept.server, kept.key) != (server, key)]
                steps = change(list(mine))
                if steps:
                    others.append(_Kept(server, key, steps))
                replace_file(self._path, msgspec.json.encode(others[-_MOST_ROLLOUTS:]))
                # What another session wrote since the last look is news still.
                self._seen = self._stamp() if known else None
                return steps
        except OSError as error:
            log.warning("%s cannot be written, so undo works only in this process: %s", self._path, error.strerror)
            return None

    def _read(self) -> list[_Kept[S]]:
        try:
            return self._decoder.decode(read_file(self._path, MAX_BYTES))
        except FileNotFoundError:
            return []
        except OSError as error:
            log.warning("%s cannot be read, so earlier acts cannot be undone: %s", self._path, error.strerror)
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            log.warning("%s: %s; renamed to %s, so earlier acts cannot be undone", self._path, error, self._aside())
        return []

    def _aside(self) -> str:
        return put_aside(self._path) or "nothing"

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            if not self._told:
                self._told = True
                log.warning("%s cannot be read, so earlier acts cannot be undone: %s", self._path, error.strerror)
            return None
        return stat.st_ino, stat.st_mtime_ns, stat.st_size
