"""The settings for Prometheus: where it is, with which headers and queries, for each context and rollout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from cockpit.metrics.own_queries import OwnQueries
from cockpit.model.lazy_re import lazy_re
from cockpit.model.refs import RolloutKey

# A context may have colons and slashes in it, such as one of a cloud.
_ROLLOUT = lazy_re(r"(?:.+:)?[^/:]+/[^/:]+")


class HeaderSource(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a header's value comes from when a request is sent: a variable or a file. `prefix` goes before it."""

    env: str = ""
    file: str = ""
    prefix: str = ""


class PrometheusSource(Struct, frozen=True, forbid_unknown_fields=True):
    """One Prometheus. Without a `url` it is looked for in the cluster; `insecure` skips the check of a certificate.

    `gateway` says whose metrics to read; `auto` finds out.
    """

    url: str = ""
    insecure: bool = False
    headers: dict[str, HeaderSource] = msgspec.field(default_factory=dict)
    gateway: Literal["auto", "istio", "nginx", "traefik", "envoy-gateway"] = "auto"
    queries: OwnQueries | None = None


class PrometheusSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Real traffic is read where a URL is set, with `mode: auto` also where a Prometheus is found in the cluster.

    `url`, `headers`, `insecure`, `gateway` and `queries` are for all contexts; `contexts` (by name) and `rollouts`
    ([CONTEXT:]NAMESPACE/NAME) have their own instead. `window` is the seconds to count in. One that is
    looked for in the cluster may also be in `namespaces`.
    """

    mode: Literal["off", "url", "auto"] = "url"
    url: str = ""
    insecure: bool = False
    headers: dict[str, HeaderSource] = msgspec.field(default_factory=dict)
    gateway: Literal["auto", "istio", "nginx", "traefik", "envoy-gateway"] = "auto"
    queries: OwnQueries | None = None
    contexts: dict[str, PrometheusSource] = msgspec.field(default_factory=dict)
    rollouts: dict[str, PrometheusSource] = msgspec.field(default_factory=dict)
    window: Annotated[int, Meta(ge=30, le=3_600)] = 120
    namespaces: tuple[str, ...] = ()

    @property
    def anywhere(self) -> bool:
        """Whether one may be read before somebody asks for it."""
        return self.mode == "auto" or (self.mode == "url" and bool(self.url or self.contexts or self.rollouts))

    @property
    def general(self) -> PrometheusSource:
        """The source for contexts and rollouts without their own."""
        return PrometheusSource(self.url, self.insecure, self.headers, self.gateway, self.queries)

    def source(self, key: RolloutKey) -> PrometheusSource:
        """What applies to a rollout: its own source, else its context's, else the general one."""
        name = f"{key.namespace}/{key.name}"
        for found in (
            self.rollouts.get(f"{key.context}:{name}"),
            self.rollouts.get(name),
            self.contexts.get(key.context),
        ):
            if found is not None:
                return self._completed(found, key.context)
        return self.general

    def _completed(self, found: PrometheusSource, context: str) -> PrometheusSource:
        """A source with own queries only is asked where its context's Prometheus is, with its headers."""
        above = self.contexts.get(context, self.general)
        if found.url or found is above:
            return found
        return msgspec.structs.replace(found, url=above.url, insecure=above.insecure, headers=above.headers)

    def problem(self) -> tuple[str, str]:
        """The key that is wrong, and what is wrong with it; two empty texts if nothing is."""
        sources = {"": self.general}
        sources |= {f"contexts.{name}.": source for name, source in self.contexts.items()}
        sources |= {f"rollouts.{name}.": source for name, source in self.rollouts.items()}
        for place, source in sources.items():
            key, problem = _problem(source)
            if problem:
                return f"{place}{key}", problem
        for name in self.rollouts:
            if not _ROLLOUT.fullmatch(name):
                return f"rollouts.{name}", "is no rollout; write [CONTEXT:]NAMESPACE/NAME"
        return "", ""


def _problem(source: PrometheusSource) -> tuple[str, str]:
    if source.url:
        from cockpit.probe.target import ProbeTargetError, parse_target

        try:
            target = parse_target(source.url)
        except ProbeTargetError as error:
            return "url", str(error).replace("pass them with --header 'Authorization: ...'", "set `headers`")
        if "?" in target.path:
            return "url", "has a query; write the address up to where /api/v1 begins"
    for name, header in source.headers.items():
        if bool(header.env) == bool(header.file):
            return f"headers.{name}", "takes its value from a variable or a file: {env: NAME} or {file: PATH}"
    problem = source.queries.problem() if source.queries else ""
    key, _, words = problem.partition(": ")
    return (f"queries.{key}", words) if problem else ("", "")


def from_word(value: Any) -> Any:
    """A mode or a URL in one word as the map that it stands for; what is no word stays.

    YAML reads `off` as false.
    """
    if value is False or value == "off":
        return {"mode": "off"}
    if value == "auto":
        return {"mode": "auto"}
    return {"mode": "url", "url": value} if isinstance(value, str) else value


def with_headers_in_words(value: Mapping[str, Any]) -> str:
    """The key of a header whose value is written in the settings; "" if there is none."""
    maps = [("", value)]
    for group in ("contexts", "rollouts"):
        own = value.get(group)
        maps += [(f"{group}.{name}.", one) for name, one in own.items()] if isinstance(own, dict) else []
    for place, one in maps:
        headers = one.get("headers") if isinstance(one, dict) else None
        for name, header in headers.items() if isinstance(headers, dict) else ():
            if isinstance(header, str):
                return f"{place}headers.{name}"
    return ""
