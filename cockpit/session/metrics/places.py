"""Where the Prometheus of each rollout is: as the settings say, else as found in its cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from cockpit.kube.api import KubeApi
from cockpit.metrics.answers import MetricsError
from cockpit.model.clock import Clock
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import RolloutKey
from cockpit.probe.target import parse_target
from cockpit.session.metrics.finding import find_prometheus
from cockpit.session.metrics.settings import HeaderSource, PrometheusSettings

# Seconds for which what was found, or not found, in a cluster stands.
_FOUND_SECONDS = 600.0
_MISSED_SECONDS = 120.0
_LONGEST_HEADER = 16_384


class Places:
    """Knows where to ask. `api` gives the API of a context, `environ` the variables that headers are read from."""

    def __init__(
        self,
        settings: PrometheusSettings,
        api: Callable[[str], KubeApi | None],
        clock: Clock,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.settings = settings
        self._api = api
        self._clock = clock
        self._environ = environ
        self._asked: set[str] = set()  # contexts in which somebody asked for it
        self._found: dict[str, tuple[float, ProbeTarget | str]] = {}

    def ask(self, contexts: Collection[str]) -> None:
        """Look for a Prometheus in these contexts too, now."""
        self._asked |= set(contexts)
        for context in contexts:
            self._found.pop(context, None)

    def wanted(self, key: RolloutKey) -> bool:
        """Whether a Prometheus is to be read for this rollout."""
        if key.context in self._asked:
            return True
        mode = self.settings.mode
        return mode == "auto" or (mode == "url" and bool(self.settings.source(key).url))

    async def place(self, key: RolloutKey) -> ProbeTarget:
        """Where to ask for a rollout, with the headers to send. Raises MetricsError."""
        source = self.settings.source(key)
        if source.url:
            target = replace(parse_target(source.url), insecure=source.insecure)
        else:
            target = await self._in_cluster(key.context)
        headers = tuple((name, self._value(name, header)) for name, header in source.headers.items())
        return replace(target, headers=headers)

    async def _in_cluster(self, context: str) -> ProbeTarget:
        now = self._clock.monotonic()
        until, found = self._found.get(context, (now, ""))
        if until <= now:
            found, seconds = await self._look(context), _FOUND_SECONDS
            if isinstance(found, str):
                seconds = _MISSED_SECONDS
            self._found[context] = (now + seconds, found)
        if isinstance(found, str):
            raise MetricsError(found)
        return found

    async def _look(self, context: str) -> ProbeTarget | str:
        api = self._api(context)
        if api is None:
            return f"{context} is not among the contexts of this session"
        try:
            return await find_prometheus(api, self.settings.namespaces)
        except MetricsError as error:
            return str(error)

    def _value(self, name: str, header: HeaderSource) -> str:
        """The value of a header; an error names where it should be and never repeats it."""
        if header.env:
            place, value = f"variable {header.env}", self._environ.get(header.env, "")
        else:
            place = f"file {header.file}"
            try:
                value = _content(Path(header.file).expanduser())
            except (OSError, UnicodeDecodeError, RuntimeError):
                raise MetricsError(f"the value of header {name} cannot be read: {place}") from None
        value = value.strip()
        if not value:
            raise MetricsError(f"the value of header {name} is empty: {place}")
        if not value.isprintable() or not value.isascii():
            raise MetricsError(f"the value of header {name} has characters that cannot be sent: {place}")
        return f"{header.prefix}{value}"


def _content(path: Path) -> str:
    """The beginning of a file. Raises OSError, also for a pipe, for whose writer the session would wait."""
    if not path.is_file():
        raise OSError(f"{path} is not a file")
    with path.open(encoding="utf-8") as opened:
        return opened.read(_LONGEST_HEADER)
