"""What to sample in each context, as people decided, remembered across sessions."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from pathlib import Path

import msgspec

from cockpit.model.sampling import SampleScope
from cockpit.model.values import dataclass
from cockpit.session.state_file import locked, put_aside, read_file, replace_file

log = logging.getLogger(__name__)

MAX_BYTES = 1_000_000


class ChoicesError(Exception):
    """The file of choices cannot be written; the text gives the file and the reason."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """`server` distinguishes clusters whose contexts have the same name: a choice for one is none for the other."""

    server: str
    sample: SampleScope


class SampleChoices:
    """What is sampled in each context of a session; `servers` gives the address of its API server by context.

    `given` applies to all contexts until somebody decides in this session. Without it the choices in the file apply,
    and contexts without one are undecided. Without a file nothing is remembered.
    """

    def __init__(
        self, path: Path | None = None, servers: Mapping[str, str] | None = None, given: SampleScope | None = None
    ) -> None:
        self._path = path
        self._servers = dict(servers or {})
        self._given = given
        self._decided: dict[str, SampleScope] = {}
        self._remembered = self._of_this_session() if given is None else {}

    def scope(self, context: str) -> SampleScope:
        """What is sampled in this context."""
        if context in self._decided:
            return self._decided[context]
        return self._given or self._remembered.get(context, SampleScope.UNDECIDED)

    def decide(self, contexts: Collection[str], scope: SampleScope) -> None:
        """Sample this in these contexts from now on."""
        self._decided |= dict.fromkeys(contexts, scope)

    def remember(self, contexts: Collection[str], scope: SampleScope) -> str:
        """Write the choice for later sessions; returns the file, "" if nothing is remembered. Raises ChoicesError."""
        if self._path is None:
            return ""
        try:
            with locked(self._path.parent):
                choices = dict(self._read())
                choices |= {context: _Choice(self._servers.get(context, ""), scope) for context in contexts}
                replace_file(self._path, json.dumps(msgspec.to_builtins(choices), indent=1, sort_keys=True).encode())
        except OSError as error:
            raise ChoicesError(f"{self._path}: cannot be written: {error.strerror}") from None
        return str(self._path)

    def _of_this_session(self) -> dict[str, SampleScope]:
        choices = self._read()
        return {
            context: choices[context].sample
            for context, server in self._servers.items()
            if context in choices and choices[context].server == server
        }

    def _read(self) -> Mapping[str, _Choice]:
        if self._path is None:
            return {}
        try:
            return msgspec.json.decode(read_file(self._path, MAX_BYTES), type=dict[str, _Choice])
        except FileNotFoundError:
            return {}
        except OSError as error:
            log.warning("%s: cannot be read, so what to sample is asked again: %s", self._path, error.strerror)
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            aside = put_aside(self._path) or "nothing"
            log.warning("%s: %s; renamed to %s, so what to sample is asked again", self._path, error, aside)
        return {}
