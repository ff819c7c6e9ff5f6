"""What the gateway counts of its answers, in the format and with the names of ingress-nginx's metrics.

As older ingress-nginx controllers do it, `service` is the Service that answered, also for a canary
(rootfs/etc/nginx/lua/monitor.lua). Format: Prometheus, "Exposition formats", text format 0.0.4.
"""

from __future__ import annotations

from collections import Counter

from cockpit.demo.gateway.rules import Upstream

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_REQUESTS = "nginx_ingress_controller_requests"
_TOOK = "nginx_ingress_controller_request_duration_seconds"
# Upper bounds in seconds, as ingress-nginx has them (prometheus.DefBuckets).
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class GatewayMetrics:
    """Counts answers by Service and status; their number is bounded by what routes name."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, int]] = Counter()
        self._within: dict[tuple[str, str, int], list[int]] = {}
        self._seconds: dict[tuple[str, str, int], float] = {}

    def count(self, upstream: Upstream, status: int, seconds: float) -> None:
        """One answer of a Service with this status, after so many seconds."""
        key = (upstream.namespace, upstream.service, status)
        self._counts[key] += 1
        self._seconds[key] = self._seconds.get(key, 0.0) + seconds
        within = self._within.setdefault(key, [0] * len(_BOUNDS))
        for place, bound in enumerate(_BOUNDS):
            within[place] += seconds <= bound

    def text(self) -> bytes:
        """Everything counted so far, as a scrape reads it."""
        lines = [f"# TYPE {_REQUESTS} counter"]
        lines += [f"{_REQUESTS}{{{_labels(key)}}} {count}" for key, count in self._counts.items()]
        lines.append(f"# TYPE {_TOOK} histogram")
        for key, count in self._counts.items():
            for bound, within in zip(_BOUNDS, self._within[key], strict=True):
                lines.append(f'{_TOOK}_bucket{{{_labels(key)},le="{bound:g}"}} {within}')
            lines.append(f'{_TOOK}_bucket{{{_labels(key)},le="+Inf"}} {count}')
            lines += [f"{_TOOK}_sum{{{_labels(key)}}} {self._seconds[key]}", f"{_TOOK}_count{{{_labels(key)}}} {count}"]
        return "\n".join([*lines, ""]).encode()


def _labels(key: tuple[str, str, int]) -> str:
    """Names of Services and namespaces have no character that would need an escape."""
    namespace, service, status = key
    return f'namespace="{namespace}",service="{service}",status="{status}"'
