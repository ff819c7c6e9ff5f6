"""The gateways whose Ingresses are obeyed, and which one an Ingress belongs to."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cockpit.demo.gateway import alb, apig, higress, nginx
from cockpit.demo.gateway.decisions import Decision, HasEndpoints
from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.rules import Ingress, read

LEGACY_CLASS = "kubernetes.io/ingress.class"


class Table(Protocol):
    """The compiled routes of one gateway."""

    def serves(self, host: str) -> bool:
        """Whether a server is configured for a host by name or wildcard."""

    def decide(self, request: Request, rng: random.Random, has_endpoints: HasEndpoints) -> Decision:
        """The Service port that gets a request, or what answers it instead."""


@dataclass(frozen=True)
class Dialect:
    """One kind of gateway: its usual class name, the `spec.controller` of its classes, and how it reads Ingresses."""

    name: str
    controller: str
    compile: Callable[[Sequence[Ingress]], Table]


NGINX = Dialect("nginx", "k8s.io/ingress-nginx", nginx.compile_table)
APIG = Dialect("apig", "ingress.vke.volcengine.com/apig", apig.compile_table)
HIGRESS = Dialect("higress", "higress.io/higress-controller", higress.compile_table)
MSE = Dialect("mse", "mse.alibabacloud.com/ingress", higress.compile_table)
ALB = Dialect("alb", "ingress.k8s.alibabacloud/alb", alb.compile_table)
DIALECTS = (NGINX, APIG, HIGRESS, MSE, ALB)


def dialect_of(ingress: Mapping[str, Any], controllers: Mapping[str, str]) -> Dialect | None:
    """The dialect of an Ingress by its class, given each class's controller; None: no controller serves it."""
    spec = ingress.get("spec") or {}
    name = spec.get("ingressClassName") or (ingress["metadata"].get("annotations") or {}).get(LEGACY_CLASS)
    if not name:
        return None
    controller = controllers.get(name)
    for dialect in DIALECTS:
        if controller == dialect.controller or (controller is None and name == dialect.name):
            return dialect
    return None


@dataclass(frozen=True)
class Routes:
    """The routes of every dialect behind one address."""

    tables: tuple[Table, ...]

    def decide(self, request: Request, rng: random.Random, has_endpoints: HasEndpoints) -> Decision:
        """Ask the table that serves the host; without one, the first with an answer for every host."""
        for table in self.tables:
            if table.serves(request.host):
                return table.decide(request, rng, has_endpoints)
        decision: Decision = 404
        for table in self.tables:
            decision = table.decide(request, rng, has_endpoints)
            if decision != 404:
                return decision
        return decision


def compile_routes(ingresses: Iterable[Mapping[str, Any]], classes: Iterable[Mapping[str, Any]]) -> Routes:
    """Read Ingresses and IngressClasses, as stored, into routes."""
    groups: dict[str, list[Ingress]] = {dialect.name: [] for dialect in DIALECTS}
    for dialect, ingress in _by_dialect(ingresses, classes):
        groups[dialect.name].append(ingress)
    return Routes(tuple(dialect.compile(groups[dialect.name]) for dialect in DIALECTS))


def obeyed(ingresses: Iterable[Mapping[str, Any]], classes: Iterable[Mapping[str, Any]]) -> list[Ingress]:
    """The Ingresses that a gateway obeys, the oldest first."""
    return nginx.in_order([ingress for _, ingress in _by_dialect(ingresses, classes)])


def _by_dialect(
    ingresses: Iterable[Mapping[str, Any]], classes: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[Dialect, Ingress]]:
    controllers = {obj["metadata"]["name"]: (obj.get("spec") or {}).get("controller", "") for obj in classes}
    for obj in ingresses:
        dialect = dialect_of(obj, controllers)
        if dialect and not obj["metadata"].get("deletionTimestamp"):
            yield dialect, read(obj)
