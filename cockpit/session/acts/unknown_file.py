"""Writes whose outcome is not known, on disk: a later session goes on looking for them.

They contain request bodies, so only the owner can read the file (0600). They never contain Secrets, because no act
writes one.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

import msgspec

from cockpit.model.plan import Act, Plan, Request
from cockpit.model.refs import RolloutKey
from cockpit.model.values import dataclass
from cockpit.session.acts.undo import UndoStep
from cockpit.session.state_file import locked, put_aside, read_file, replace_file

log = logging.getLogger(__name__)

MAX_BYTES = 64 * 1024 * 1024
_MOST_WRITES = 100


@dataclass(frozen=True, slots=True)
class UnknownWrite:
    """Requests of one act that may have happened, sent by process `pid`. Times are UTC seconds.

    `traces` are those of the requests' objects before. `until` is how long they may still arrive. `step` undoes them;
    `stepped`: it is on the undo stack. `rest` is true if other requests of the act were done for certain.
    """

    id: str
    at: float
    who: str
    server: str
    rollout: RolloutKey
    act: Act
    title: str
    requests: tuple[Request, ...]
    until: float
    step: UndoStep
    stepped: bool = False
    rest: bool = False
    pid: int = 0
    traces: tuple[str, ...] = ()

    @property
    def plan(self) -> Plan:
        """As much of the plan as the journal tells."""
        return Plan(self.act, self.rollout, self.title, (), self.requests, ())

    @property
    def abandoned(self) -> bool:
        """Whether the process that sent it is gone."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return self.pid == os.getpid()


class UnknownFile:
    """The writes of every session; without a path they live as long as this one. A file that fails stops no act."""

    def __init__(self, path: Path | None = None, servers: Mapping[str, str] | None = None) -> None:
        self._path = path
        self._servers = dict(servers or {})
        self._here: dict[str, UnknownWrite] = {}

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[list[UnknownWrite]]:
        """Made for the first file that is there: most commands meet none."""
        return msgspec.json.Decoder(list[UnknownWrite])

    def server(self, context: str) -> str:
        """The address that tells clusters of one name apart."""
        return self._servers.get(context, "")

    def put(self, write: UnknownWrite) -> None:
        """Keep a write, or what is known of it by now."""
        self._change(lambda kept: [*(one for one in kept if one.id != write.id), write])

    def drop(self, id_: str) -> None:
        """Forget a write, because its outcome is known."""
        self._change(lambda kept: [one for one in kept if one.id != id_])

    def left(self) -> tuple[UnknownWrite, ...]:
        """The writes to this session's clusters whose sessions are gone."""
        return tuple(
            one for one in self._read() if one.abandoned and self._servers.get(one.rollout.context) == one.server
        )

    def _change(self, change: Callable[[list[UnknownWrite]], list[UnknownWrite]]) -> None:
        if self._path is None:
            return
        try:
            with locked(self._path.parent):
                before = self._read()
                after = change(before)[-_MOST_WRITES:]
                if after != before:
                    replace_file(self._path, msgspec.json.encode(after))
        except OSError as error:
            log.warning("%s cannot be written, so no later session looks for lost acts: %s", self._path, error.strerror)

    def _read(self) -> list[UnknownWrite]:
        if self._path is None:
            return []
        try:
            return self._decoder.decode(read_file(self._path, MAX_BYTES))
        except FileNotFoundError:
            return []
        except OSError as error:
            log.warning("%s cannot be read, so lost acts are not looked for: %s", self._path, error.strerror)
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            aside = put_aside(self._path) or "nothing"
            log.warning("%s: %s; renamed to %s, so lost acts are not looked for", self._path, error, aside)
        return []
