"""Objects as YAML, and their events, as safe text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import yaml

from cockpit.kube.errors import KubeError
from cockpit.model.inspection import EventGroup
from cockpit.model.redact import HIDDEN, redacted
from cockpit.model.refs import Ref
from cockpit.model.text import safe_lines, safe_text

# An object can be 1.5 MB; nobody reads more than this on a terminal.
YAML_LINES = 5_000
_NEVER_READ = frozenset({"secrets"})
# Different messages of events of one reason; there can be one for each pod.
_MOST_MESSAGES = 5
HIDDEN_NOTE = "# (hidden): values of env, args, command and data can be secret"


class ReadText(Protocol):
    """The part of a cluster's API that this module uses."""

    @property
    def context(self) -> str: ...

    async def get(self, ref: Ref) -> dict[str, Any]: ...

    async def events(self, ref: Ref) -> list[dict[str, Any]]: ...

    async def logs(self, ref: Ref, lines: int = 200) -> str: ...


async def read_object(api: ReadText, ref: Ref) -> dict[str, Any] | str:
    """The object without managedFields and without values that can be secret; a failure as a sentence.

    Secrets are never requested.
    """
    if ref.resource.plural in _NEVER_READ:
        return f"{ref} in {api.context}: Secrets are never read"
    try:
        found = await api.get(ref)
    except KubeError as error:
        return str(error)
    metadata = found.get("metadata")
    if isinstance(metadata, dict):
        found = {**found, "metadata": {k: v for k, v in metadata.items() if k != "managedFields"}}
    hidden = redacted(found)
    return hidden if isinstance(hidden, dict) else {}


async def as_yaml(api: ReadText, ref: Ref) -> str:
    """The object as YAML; a failure as a sentence."""
    found = await read_object(api, ref)
    if isinstance(found, str):
        return found
    try:
        text = yaml.safe_dump(found, sort_keys=False, allow_unicode=True, width=1000)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return safe_text(f"{ref} in {api.context}: cannot be shown as YAML: {error}")
    lines = text.count("\n")
    shown = "\n".join(safe_lines(text[: YAML_LINES * 200], lines=YAML_LINES))
    note = f"{HIDDEN_NOTE}\n" if HIDDEN in shown else ""
    return note + (shown if lines <= YAML_LINES else f"{shown}\n… {lines} lines in all")


async def events_of(api: ReadText, ref: Ref) -> tuple[EventGroup, ...] | str:
    """The events about an object by type and reason, the newest first; a failure as a sentence."""
    try:
        found = await api.events(ref)
    except KubeError as error:
        return str(error)
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for event in found:
        groups.setdefault((_text(event, "type"), _text(event, "reason")), []).append(event)
    merged = [_group(*key, events) for key, events in groups.items()]
    return tuple(sorted(merged, key=lambda group: (group.last, group.reason), reverse=True))


async def log_of(api: ReadText, pod: Ref, lines: int) -> tuple[str, ...]:
    """The last lines of a pod's log; a failure as a single line."""
    try:
        return safe_lines(await api.logs(pod, lines), lines=lines)
    except KubeError as error:
        return (str(error),)


def _group(type: str, reason: str, events: list[Mapping[str, Any]]) -> EventGroup:
    newest = sorted(events, key=_last_seen, reverse=True)
    messages = dict.fromkeys(safe_text(event.get("message") or "", 500) for event in newest)
    source = newest[0].get("source")
    component = source.get("component") if isinstance(source, Mapping) else newest[0].get("reportingComponent")
    return EventGroup(
        type,
        reason,
        tuple(messages)[:_MOST_MESSAGES],
        sum(map(_count, events)),
        min(map(_first_seen, events)),
        _last_seen(newest[0]),
        safe_text(component or "", 60),
    )


def _text(event: Mapping[str, Any], field: str) -> str:
    return safe_text(event.get(field) or "", 60)


def _count(event: Mapping[str, Any]) -> int:
    series = event.get("series")
    counts = [event.get("count"), series.get("count") if isinstance(series, Mapping) else None]
    return max((count for count in counts if isinstance(count, int) and 0 < count < 10**9), default=1)


def _last_seen(event: Mapping[str, Any]) -> str:
    """RFC 3339 in UTC, which sorts as text; "" if there is none."""
    series = event.get("series")
    seen = series.get("lastObservedTime") if isinstance(series, Mapping) else None
    return _time(seen or event.get("lastTimestamp") or event.get("eventTime") or _made(event))


def _first_seen(event: Mapping[str, Any]) -> str:
    return _time(event.get("firstTimestamp") or event.get("eventTime") or _made(event)) or _last_seen(event)


def _made(event: Mapping[str, Any]) -> object:
    metadata = event.get("metadata")
    return metadata.get("creationTimestamp") if isinstance(metadata, Mapping) else None


def _time(text: object) -> str:
    """To the second: some events tell fractions, others do not."""
    return f"{safe_text(text, 40)[:19]}Z" if text else ""
