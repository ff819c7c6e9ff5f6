"""What the API server answers under `services/NAME/proxy`: an endpoint of the Service, drawn for each request.

As kube-apiserver 1.34 does it (pkg/registry/core/service/storage: ResourceLocation): it draws one of the subsets of
the Service's Endpoints, one for each set of container ports, then a ready address in it. So pods that listen on other
ports than their neighbours get another share than by their number.
"""

from __future__ import annotations

import re
from typing import Any

from cockpit.demo.controllers.world import World
from cockpit.demo.errors import BadRequest, NotFound, ServiceUnavailable
from cockpit.demo.gateway.endpoints import Endpoint, Endpoints, ready_in
from cockpit.demo.gateway.http1 import Reply
from cockpit.demo.gateway.loadbalancers import answer_from
from cockpit.demo.schemas.kinds import SERVICES
from cockpit.demo.schemas.objects import Object

# [SCHEME:]NAME[:PORT], as apimachinery's SplitSchemeNamePort reads it.
_ASKED = re.compile(r"(?:(https?):(?=[^:]*:))?([^:]+)(?::([^:]*))?")
_NOT_TLS = "error trying to reach service: http: server gave HTTP response to HTTPS client"


class ServiceProxy:
    """Asks pods on behalf of clients of the API."""

    def __init__(self, world: World, endpoints: Endpoints) -> None:
        self._world = world
        self._endpoints = endpoints

    def ask(self, namespace: str, asked: str, path: str) -> Reply:
        """The answer of a ready pod to a request for `path`; raises what the API server itself answers.

        `asked` is the name in the path of the request: `NAME`, `NAME:PORT` or `SCHEME:NAME:PORT`.
        """
        match = _ASKED.fullmatch(asked)
        if match is None:
            raise BadRequest(f'invalid service request "{asked}"')
        scheme, name, port = match[1] or "http", match[2], match[3] or ""
        service = self._world.storage.peek(SERVICES, namespace, name)
        wanted = _port_name(service, name, port)
        if service is None or not ((service.get("spec") or {}).get("selector")):
            # The Endpoints are looked up, and without a selector nobody makes them.
            raise NotFound(f'services "{name}" not found', details={"name": name, "kind": "services"})
        endpoint = self._drawn(namespace, name, wanted)
        if endpoint is None:
            named = asked if self._has_endpoints(namespace, name) else name
            raise ServiceUnavailable(f'no endpoints available for service "{named}"')
        if scheme == "https":
            raise ServiceUnavailable(_NOT_TLS)
        reply = answer_from(self._endpoints, endpoint, path, self._world)
        if reply.drop:
            place = f"{endpoint.address}:{endpoint.port}"
            raise ServiceUnavailable(f"error trying to reach service: dial tcp {place}: connect: connection refused")
        return reply

    def _has_endpoints(self, namespace: str, name: str) -> bool:
        return any(piece.get("endpoints") for piece in self._world.slices.under(("service", namespace, name)))

    def _drawn(self, namespace: str, name: str, port: str) -> Endpoint | None:
        subsets: dict[tuple[Any, ...], dict[str, Endpoint]] = {}
        for piece in self._world.slices.under(("service", namespace, name)):
            found = {endpoint.uid: endpoint for endpoint in ready_in(piece, port)}
            if found:
                subsets.setdefault(_ports(piece), {}).update(found)
        if not subsets:
            return None
        drawn = self._world.rng.choice(list(subsets.values()))
        return self._world.rng.choice(list(drawn.values()))


def _port_name(service: Object | None, name: str, port: str) -> str:
    """The port's name, which endpoints carry: a number is looked up in the Service."""
    if not port.isdecimal() or service is None:
        return port
    for entry in (service.get("spec") or {}).get("ports") or []:
        if str(entry.get("port")) == port:
            return str(entry.get("name") or "")
    raise ServiceUnavailable(f'no service port {port} found for service "{name}"')


def _ports(piece: Object) -> tuple[Any, ...]:
    return tuple(sorted((str(entry.get("name") or ""), entry.get("port")) for entry in piece.get("ports") or []))
