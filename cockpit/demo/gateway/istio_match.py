"""Whether a request meets a match block of a VirtualService, as Envoy decides it once istiod has translated the block.

Source: istio, pilot/pkg/networking/core/route/route.go (TranslateRouteMatch); what the API leaves open is as istiod
1.22 with Envoy 1.40 does it: a `withoutHeaders` condition with a value is not met without the header, an empty
prefix meets everything, `exact: ""` only an empty value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from cockpit.demo.gateway.match import Request
from cockpit.demo.gateway.patterns import full_match

MESH = "mesh"


@dataclass(frozen=True)
class Client:
    """Who asks: a gateway ("namespace/name"), or `mesh` for a pod with a sidecar; `port` is the one that it asked."""

    gateways: frozenset[str] = frozenset({MESH})
    namespace: str = "default"
    labels: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None


def meets(block: Mapping[str, Any], request: Request, client: Client, namespace: str) -> bool:
    """Whether all conditions of a block hold; `namespace` is the VirtualService's."""
    return _from(block, client, namespace) and _asks(block, request)


def _from(block: Mapping[str, Any], client: Client, namespace: str) -> bool:
    """Conditions on the client; with gateways named, its labels do not count."""
    port = block.get("port")
    if port and client.port is not None and port != client.port:
        return False
    gateways = block.get("gateways")
    if isinstance(gateways, list) and gateways:
        return any(full_gateway(name, namespace) in client.gateways for name in gateways)
    labels, source = block.get("sourceLabels"), block.get("sourceNamespace")
    wanted = labels.items() if isinstance(labels, Mapping) else ()
    return all(client.labels.get(k) == v for k, v in wanted) and source in (None, "", client.namespace)


def _asks(block: Mapping[str, Any], request: Request) -> bool:
    values = {
        "uri": request.path,
        "method": request.method,
        "scheme": request.scheme,
        "authority": request.headers.get("host", request.host),
    }
    for name, value in values.items():
        if not _fits(block.get(name), value, folded=name == "uri" and bool(block.get("ignoreUriCase"))):
            return False
    for name, wanted in _pairs(block.get("headers")):
        if not _header(wanted, request.headers.get(name.lower())):
            return False
    for name, wanted in _pairs(block.get("withoutHeaders")):
        present = request.headers.get(name.lower())
        if (present is None and wanted) or (present is not None and _header(wanted, present)):
            return False
    query = dict(reversed(parse_qsl(request.query, keep_blank_values=True)))
    return all(_header(wanted, query.get(name)) for name, wanted in _pairs(block.get("queryParams")))


def _pairs(value: Any) -> list[tuple[str, Any]]:
    return [(str(name), wanted) for name, wanted in value.items()] if isinstance(value, Mapping) else []


def _header(wanted: Any, value: str | None) -> bool:
    """A condition on something that may be absent; one without a value asks for presence."""
    if isinstance(wanted, Mapping) and wanted.get("prefix") == "":
        return True
    if value is None:
        return False
    return not wanted or _fits(wanted, value)


def _fits(wanted: Any, value: str, *, folded: bool = False) -> bool:
    """A StringMatch; none at all fits everything."""
    if not wanted or not isinstance(wanted, Mapping):
        return True
    if folded:
        value = value.lower()
    for kind in ("exact", "prefix", "regex"):
        text = wanted.get(kind)
        if not isinstance(text, str):
            continue
        if folded and kind != "regex":
            text = text.lower()
        if kind == "exact":
            return value == text
        return value.startswith(text) if kind == "prefix" else full_match(text, value)
    return True


def full_gateway(name: Any, namespace: str) -> str:
    """`mesh`, or a gateway as "namespace/name"."""
    text = str(name)
    return text if text == MESH or "/" in text else f"{namespace}/{text}"
