"""Queries of a user's own, with placeholders for the rollout and its version. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from cockpit.metrics.promql import parts, quoted
from cockpit.model.durations import duration_words
from cockpit.model.lazy_re import lazy_re
from cockpit.model.rollout import Rollout

PLACEHOLDERS = ("namespace", "name", "version", "workload", "window")
_LONGEST = 2000
# Versions that own queries are asked for: each is a query of its own.
MOST_VERSIONS = 8
_PLACEHOLDER = lazy_re(r"\{([a-z_]{1,40})\}")

Query = Annotated[str, Meta(max_length=_LONGEST)]


class OwnQueries(Struct, frozen=True, forbid_unknown_fields=True):
    """PromQL for one version in the time `{window}`: how many requests it got, and how many failed.

    `p50` and `p99` are in milliseconds. `{version}` is the version's name, `{workload}` its workload's.
    """

    requests: Query
    errors: Query = ""
    p50: Query = ""
    p99: Query = ""

    def problem(self) -> str:
        """What is wrong with them, as a user reads it; "" if nothing is."""
        for key, text in self.by_part().items():
            for name in _PLACEHOLDER.findall(text):
                if name not in PLACEHOLDERS:
                    import difflib

                    near = difflib.get_close_matches(name, PLACEHOLDERS, n=1)
                    known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
                    hint = f"did you mean {{{near[0]}}}?" if near else f"there are {known}"
                    return f"{key}: no placeholder {{{name}}}; {hint}"
        if not self.requests.strip():
            return "requests: is empty; write a query that counts the requests of one version"
        if "{version}" not in self.requests and "{workload}" not in self.requests:
            return "requests: has neither {version} nor {workload}, so it would count the same for every version"
        if "{window}" not in self.requests:
            return "requests: has no {window}, the time to count in, such as increase(metric[{window}])"
        return ""

    def by_part(self) -> Mapping[str, str]:
        """The queries that are given, by what they say."""
        found = {"requests": self.requests, "errors": self.errors, "p50": self.p50, "p99": self.p99}
        return {name: text for name, text in found.items() if text.strip()}


def own_query(queries: OwnQueries, rollout: Rollout, seconds: int) -> str:
    """All of the queries for all versions in one, each part named PART-PLACE by the version's place.

    Counts are asked for twice, the second time for the stretch before: `PART_before-PLACE`.
    """
    wanted = {}
    for place, version in enumerate(rollout.own_versions[:MOST_VERSIONS]):
        workload = version.workload.name if version.workload else version.name
        values = {
            "namespace": rollout.key.namespace,
            "name": rollout.key.name,
            "version": version.name,
            "workload": workload,
            "window": duration_words(seconds).replace(" ", ""),
        }
        for part, text in queries.by_part().items():
            query = _filled(text, values)
            wanted[f"{part}-{place}"] = f"sum({query})"
            if part in ("requests", "errors"):
                wanted[f"{part}_before-{place}"] = f"sum({_earlier(query, values['window'])})"
    return parts(wanted)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders replaced; values cannot end a string literal that they stand in."""
    return _PLACEHOLDER.sub(lambda found: quoted(values.get(found.group(1), found.group()))[1:-1], text)


def _earlier(query: str, window: str) -> str:
    """The same query, evaluated one window earlier: a subquery of one step, which any expression can be in."""
    return f"last_over_time(({query})[{window}:{window}] offset {window})"
