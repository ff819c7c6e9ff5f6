"""The tables of Services and of what is in front of and behind them."""

from __future__ import annotations

from typing import Any

from cockpit.demo.api.tables.cells import NONE, age, joined_labels
from cockpit.demo.api.tables.columns import Cells, TableForm, columns

MOST_SHOWN = 3


def _addresses(status: dict[str, Any]) -> str:
    entries = (status.get("loadBalancer") or {}).get("ingress") or []
    return ",".join(entry.get("ip") or entry.get("hostname") or "" for entry in entries)


def _external(spec: dict[str, Any], status: dict[str, Any]) -> str:
    own = ",".join(spec.get("externalIPs") or [])
    match spec.get("type"):
        case "LoadBalancer":
            return ",".join(filter(None, (_addresses(status), own))) or "<pending>"
        case "ExternalName":
            return str(spec.get("externalName", ""))
    return own or NONE


def _port(port: dict[str, Any]) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port')}{node}/{port.get('protocol', 'TCP')}"


def _service(obj: dict[str, Any], now: float) -> Cells:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    return [
        obj["metadata"]["name"],
        spec.get("type", "ClusterIP"),
        spec.get("clusterIP") or NONE,
        _external(spec, status),
        ",".join(_port(port) for port in spec.get("ports") or []) or NONE,
        age(obj, now),
        joined_labels(spec.get("selector")),
    ]


def _endpoints(obj: dict[str, Any], now: float) -> Cells:
    shown: list[str] = []
    more = 0
    for subset in obj.get("subsets") or []:
        for address in subset.get("addresses") or []:
            for port in subset.get("ports") or [{}]:
                if len(shown) < MOST_SHOWN:
                    shown.append(f"{address.get('ip')}:{port['port']}" if "port" in port else str(address.get("ip")))
                else:
                    more += 1
    text = ",".join(shown) + (f" + {more} more..." if more else "")
    return [obj["metadata"]["name"], text or NONE, age(obj, now)]


def _shortened(values: list[str]) -> str:
    if not values:
        return "<unset>"
    extra = len(values) - MOST_SHOWN
    return ",".join(values[:MOST_SHOWN]) + (f" + {extra} more..." if extra > 0 else "")


def _endpoint_slice(obj: dict[str, Any], now: float) -> Cells:
    ports = [str(port["port"]) if port.get("port") is not None else "*" for port in obj.get("ports") or []]
    addresses = [address for endpoint in obj.get("endpoints") or [] for address in endpoint.get("addresses") or []]
    return [
        obj["metadata"]["name"],
        obj.get("addressType", ""),
        _shortened(ports),
        _shortened(addresses),
        age(obj, now),
    ]


def _ingress(obj: dict[str, Any], now: float) -> Cells:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    hosts = [rule["host"] for rule in spec.get("rules") or [] if rule.get("host")]
    text = ",".join(hosts[:MOST_SHOWN]) or "*"
    if len(hosts) > MOST_SHOWN:
        text += f" + {len(hosts) - MOST_SHOWN} more..."
    return [
        obj["metadata"]["name"],
        spec.get("ingressClassName") or NONE,
        text,
        _addresses(status),
        "80, 443" if spec.get("tls") else "80",
        age(obj, now),
    ]


def _ingress_class(obj: dict[str, Any], now: float) -> Cells:
    spec = obj.get("spec") or {}
    target = spec.get("parameters")
    named = NONE
    if target:
        group = f".{target['apiGroup']}" if target.get("apiGroup") else ""
        named = f"{target.get('kind')}{group}/{target.get('name')}"
    return [obj["metadata"]["name"], spec.get("controller", ""), named, age(obj, now)]


SERVICES = TableForm(
    columns(("Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "Selector"), wide=("Selector",)), _service
)
ENDPOINTS = TableForm(columns(("Endpoints", "Age")), _endpoints)
ENDPOINTSLICES = TableForm(columns(("AddressType", "Ports", "Endpoints", "Age")), _endpoint_slice)
INGRESSES = TableForm(columns(("Class", "Hosts", "Address", "Ports", "Age")), _ingress)
INGRESSCLASSES = TableForm(columns(("Controller", "Parameters", "Age")), _ingress_class)
