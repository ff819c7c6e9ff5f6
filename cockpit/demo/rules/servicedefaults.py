"""The defaults of Services, and the addresses and node ports they are given."""

from __future__ import annotations

from typing import Any

from cockpit.demo.rules.lookup import Lookup
from cockpit.demo.schemas import kinds
from cockpit.demo.schemas.objects import Object, copied

NODE_PORTS = (30000, 32767)
AFFINITY_SECONDS = 10800
EXPOSED = ("NodePort", "LoadBalancer")


def set_service_defaults(service: Object, storage: Lookup, old: Object | None) -> None:
    """Fill in a Service; what it was given before stays where an update leaves it out."""
    spec: dict[str, Any] = service.setdefault("spec", {})
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    if spec["sessionAffinity"] == "ClientIP":
        config = spec.setdefault("sessionAffinityConfig", {}).setdefault("clientIP", {})
        config.setdefault("timeoutSeconds", AFFINITY_SECONDS)
    for port in spec.get("ports") or []:
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port.get("port"))
    before = (old or {}).get("spec") or {}
    _set_addresses(spec, before, storage)
    _set_node_ports(spec, before, storage)
    service.setdefault("status", {}).setdefault("loadBalancer", {})


def _set_addresses(spec: dict[str, Any], before: dict[str, Any], storage: Lookup) -> None:
    if spec["type"] == "ExternalName":
        for field in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
            spec.pop(field, None)
        return
    if not spec.get("clusterIP"):
        spec["clusterIP"] = before.get("clusterIP") or _free_address(storage)
    if not spec.get("clusterIPs"):
        spec["clusterIPs"] = [spec["clusterIP"]]
    for field, value in (("ipFamilies", ["IPv4"]), ("ipFamilyPolicy", "SingleStack")):
        spec.setdefault(field, copied(before.get(field, value)))
    spec.setdefault("internalTrafficPolicy", "Cluster")


def _set_node_ports(spec: dict[str, Any], before: dict[str, Any], storage: Lookup) -> None:
    if spec["type"] not in EXPOSED:
        if before.get("type") in EXPOSED:
            for port in spec.get("ports") or []:
                port.pop("nodePort", None)
            for field in ("externalTrafficPolicy", "allocateLoadBalancerNodePorts"):
                spec.pop(field, None)
        return
    spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    else:
        spec.pop("allocateLoadBalancerNodePorts", None)
    had = {(port.get("port"), port.get("protocol")): port.get("nodePort") for port in before.get("ports") or []}
    taken = {
        port.get("nodePort")
        for service in storage.scan(kinds.SERVICES)
        for port in (service.get("spec") or {}).get("ports") or []
    }
    for port in spec.get("ports") or []:
        if not port.get("nodePort"):
            number = had.get((port.get("port"), port["protocol"])) or _free_port(taken, storage)
            taken.add(number)
            port["nodePort"] = number


def _free_address(storage: Lookup) -> str:
    taken = {(service.get("spec") or {}).get("clusterIP") for service in storage.scan(kinds.SERVICES)}
    while True:
        address = f"10.96.{storage.rng.randrange(1, 255)}.{storage.rng.randrange(1, 255)}"
        if address not in taken:
            return address


def _free_port(taken: set[Any], storage: Lookup) -> int:
    while True:
        port = storage.rng.randint(*NODE_PORTS)
        if port not in taken:
            return port
