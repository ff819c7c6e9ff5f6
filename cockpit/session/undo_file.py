"""Steps back on disk, so that what one process sent another can take back.

They hold objects that were deleted as they were read, and so may hold what a pod's environment holds: the
file is for its owner alone (0600). Secrets are never among them, as no act touches one.
"""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from cockpit.model.refs import RolloutKey

log = logging.getLogger(__name__)

S = TypeVar("S")
# Rollouts whose steps are kept, the last acted on at the end.
_MOST_ROLLOUTS = 100
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Kept(Generic[S]):
    """`server` tells clusters apart that bear the same context name, as every embedded cluster does."""

    server: str
    key: RolloutKey
    steps: list[S]


class UndoFile(Generic[S]):
    """Lists of steps of the type `step` by rollout. A file that cannot be read or written stops no act.

    `servers` gives the address of the API server by context.
    """

    def __init__(self, path: Path, servers: Mapping[str, str], step: type[S]) -> None:
        self._path = path
        self._servers = servers
        self._decoder = msgspec.json.Decoder(list[_Kept[step]])  # type: ignore[valid-type]
        self._seen: tuple[int, int, int] | None = None

    def news(self) -> dict[RolloutKey, list[S]] | None:
        """What is kept for the clusters at hand; None where the file is as it was last read or written here."""
        stamp = self._stamp()
        if stamp == self._seen:
            return None
        self._seen = stamp
        return {kept.key: kept.steps for kept in self._read() if self._servers.get(kept.key.context) == kept.server}

    def keep(self, key: RolloutKey, steps: Sequence[S]) -> None:
        """Put these in place of what was kept for one rollout."""
        server = self._servers.get(key.context, "")
        others = [kept for kept in self._read() if (kept.server, kept.key) != (server, key)]
        if steps:
            others.append(_Kept(server, key, list(steps)))
        try:
            self._replace(msgspec.json.encode(others[-_MOST_ROLLOUTS:]))
        except OSError as error:
            log.warning("%s cannot be written, so undo works in this process only: %s", self._path, error.strerror)
        self._seen = self._stamp()

    def _read(self) -> list[_Kept[S]]:
        try:
            if self._path.stat().st_size > MAX_BYTES:
                raise ValueError("it is too large")
            return self._decoder.decode(self._path.read_bytes())
        except FileNotFoundError:
            return []
        except (OSError, ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            log.warning("%s cannot be read, so earlier acts cannot be undone: %s", self._path, error)
            return []

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    def _replace(self, content: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes the file with mode 0600.
        handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(temporary).replace(self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
            raise
