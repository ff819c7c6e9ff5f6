"""Asks a Prometheus over HTTP: the only file that does.

It sends through the probe's transports (`model.probe_answer.ProbeTransport`), so that an answer is bounded in bytes and
time, no redirect is followed, no cookie is kept, and a Service is reached through the API server like any other.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from cockpit.metrics.answers import MetricsError, Sample, samples_of
from cockpit.model.probe_answer import ProbeRequest, ProbeTransport
from cockpit.model.probe_target import ProbeTarget

# Seconds for one answer; Prometheus itself gives a query two minutes.
TIMEOUT = 10.0
# Longer URLs are refused by proxies on the way.
_LONGEST_QUERY = 24_000


async def ask(transport: ProbeTransport, place: ProbeTarget, query: str) -> list[Sample]:
    """The samples that answer a query now. `place` is where the Prometheus is: its path is before `/api/v1`.

    Raises MetricsError, whose text repeats no header.
    """
    encoded = quote(query, safe="")
    if len(encoded) > _LONGEST_QUERY:
        raise MetricsError("the query is too long: the rollout has too many Services or workloads")
    path = f"{place.path.rstrip('/')}/api/v1/query?query={encoded}&timeout={TIMEOUT:g}s"
    request = ProbeRequest(replace(place, path=path), timeout=TIMEOUT)
    return samples_of(await transport.send(request))
