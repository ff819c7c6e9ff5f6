"""What an API server says of itself on /metrics: what it was asked for, what it sent, and whom it turned away."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

_LINE = re.compile(r"([a-z_]+)\{(.*)\} ([0-9.e+-]+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Counts = Counter[tuple[str, str]]
"""By verb and plural, both as the server names them; "" is a path that is no kind's."""


@dataclass(frozen=True)
class Served:
    """Counters of a server since its start. Lengths are bytes; those of watches do not tell who watched."""

    requests: Counts = field(default_factory=Counter)
    """Answered requests. A watch counts once it ends."""
    answers: Counts = field(default_factory=Counter)
    """Bytes of answers other than watches, as they were sent."""
    events: Counts = field(default_factory=Counter)
    """Bytes of watch events."""
    dispatched: Counter[str] = field(default_factory=Counter)
    """Requests that were let through, by flow schema. A watch counts as it begins."""
    rejected: Counter[str] = field(default_factory=Counter)
    """Requests that were answered 429, by flow schema."""

    def since(self, before: Served) -> Served:
        """What came after `before`."""
        return Served(
            self.requests - before.requests,
            self.answers - before.answers,
            self.events - before.events,
            self.dispatched - before.dispatched,
            self.rejected - before.rejected,
        )


def read(text: str) -> Served:
    """Counters from the text that Prometheus reads."""
    found = Served()
    for line in text.splitlines():
        parts = _LINE.fullmatch(line)
        if not parts:
            continue
        labels, value = dict(_LABEL.findall(parts[2])), float(parts[3])
        kind = (labels.get("verb", "WATCH"), labels.get("resource", ""))
        match parts[1]:
            case "apiserver_request_total":
                found.requests[kind] += int(value)
            case "apiserver_response_sizes_sum":
                found.answers[kind] += int(value)
            case "apiserver_watch_events_sizes_sum":
                found.events[kind] += int(value)
            case "apiserver_flowcontrol_dispatched_requests_total":
                found.dispatched[labels["flow_schema"]] += int(value)
            case "apiserver_flowcontrol_rejected_requests_total":
                found.rejected[labels["flow_schema"]] += int(value)
    return found


def scrape(client: httpx.Client) -> Served:
    """The counters now."""
    return read(client.get("/metrics").raise_for_status().text)


def beyond(found: Mapping[tuple[str, str], int], calm: Mapping[tuple[str, str], int], ratio: float) -> Counts:
    """What is more than others had made anyway: `calm` is a time without the measured program, `ratio` the length of
    the measured time in such times."""
    return Counter(
        {kind: more for kind, count in found.items() if (more := count - round(calm.get(kind, 0) * ratio)) > 0}
    )
