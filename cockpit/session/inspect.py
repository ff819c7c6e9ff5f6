"""Objects, events and logs as safe text, for reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import yaml

from cockpit.kube.errors import KubeError
from cockpit.model.refs import Ref
from cockpit.model.text import safe_lines, safe_text

# An object is at most 1.5 MB; what is longer than this nobody reads on a terminal.
YAML_LINES = 5_000
_NEVER_READ = frozenset({"secrets"})


class Reading(Protocol):
    """What this file needs of a cluster's API."""

    @property
    def context(self) -> str: ...

    async def get(self, ref: Ref) -> dict[str, Any]: ...

    async def events(self, ref: Ref) -> list[dict[str, Any]]: ...

    async def logs(self, ref: Ref, lines: int = 200) -> str: ...


async def as_yaml(api: Reading, ref: Ref) -> str:
    """The object as YAML without managedFields; a failure as a sentence. Secrets are not even asked for."""
    if ref.resource.plural in _NEVER_READ:
        return f"{ref} in {api.context}: Secrets are never read"
    try:
        found = await api.get(ref)
    except KubeError as error:
        return str(error)
    metadata = found.get("metadata")
    if isinstance(metadata, dict):
        found = {**found, "metadata": {k: v for k, v in metadata.items() if k != "managedFields"}}
    try:
        text = yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=1000)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return safe_text(f"{ref} in {api.context}: cannot be shown as YAML: {error}")
    lines = text.count("\n")
    shown = "\n".join(safe_lines(text[: YAML_LINES * 200], lines=YAML_LINES))
    return shown if lines <= YAML_LINES else f"{shown}\n… {lines} lines in all"


async def events_of(api: Reading, ref: Ref) -> tuple[str, ...]:
    """One safe line an event, oldest first; a failure as a single line."""
    try:
        found = await api.events(ref)
    except KubeError as error:
        return (str(error),)
    return tuple(_event_line(event) for event in sorted(found, key=_last_seen))


async def log_of(api: Reading, pod: Ref, lines: int) -> tuple[str, ...]:
    """The last lines of a pod's log; a failure as a single line."""
    try:
        return safe_lines(await api.logs(pod, lines), lines=lines)
    except KubeError as error:
        return (str(error),)


def _last_seen(event: Mapping[str, Any]) -> str:
    """RFC 3339 in UTC, which sorts as text; "" where none is given."""
    series = event.get("series")
    seen = series.get("lastObservedTime") if isinstance(series, Mapping) else None
    metadata = event.get("metadata")
    made = metadata.get("creationTimestamp") if isinstance(metadata, Mapping) else None
    return str(seen or event.get("lastTimestamp") or event.get("eventTime") or made or "")


def _event_line(event: Mapping[str, Any]) -> str:
    count = event.get("count")
    times = f" ({count} times)" if isinstance(count, int) and count > 1 else ""
    kind, reason, message = (event.get(field) or "" for field in ("type", "reason", "message"))
    when = _last_seen(event)[:19].replace("T", " ")
    return safe_text(f"{when}  {kind}  {reason}  {message}{times}", 500)
