"""Which settings a user gave as flags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.cli.program import Options


def set_by_flags(options: Options) -> Mapping[str, Any]:
    """Settings by their dotted names; None for one that no flag gives."""
    return {
        "theme": options.theme,
        "lang": options.lang,
        "read_only": options.read_only,
        "request_timeout": options.request_timeout,
        "probe.rate": options.probe_rate,
        "probe.max_errors": options.max_errors,
        "probe.sample": options.sample,
        "probe.budget": options.probe_budget,
        "prometheus": options.prometheus,
    }
