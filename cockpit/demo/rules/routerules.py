"""What the API refuses in Services and Ingresses."""

from __future__ import annotations

from typing import Any

from cockpit.demo.errors import Cause
from cockpit.demo.rules.names import (
    broken_dns_1035,
    broken_key,
    broken_label,
    broken_label_value,
    broken_port_name,
    broken_subdomain,
    broken_wildcard_host,
    invalid_value,
)
from cockpit.demo.schemas.objects import Object

REQUIRED = "FieldValueRequired"
SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
PATH_TYPES = ("Exact", "ImplementationSpecific", "Prefix")
BETWEEN = "must be between 1 and 65535, inclusive"


def _unsupported(value: Any, supported: tuple[str, ...]) -> str:
    return f'Unsupported value: "{value}": supported values: ' + ", ".join(f'"{item}"' for item in supported)


def _in_range(port: Any) -> bool:
    return isinstance(port, int) and 1 <= port <= 65535


def check_service(service: Object) -> list[Cause]:
    """The broken fields of a Service."""
    spec = service.get("spec") or {}
    causes = []
    ports = spec.get("ports") or []
    headless = spec.get("clusterIP") == "None"
    if not ports and not headless and spec.get("type") != "ExternalName":
        causes.append(Cause("spec.ports", "Required value", REQUIRED))
    names: set[str] = set()
    for index, port in enumerate(ports):
        causes += _check_service_port(port, f"spec.ports[{index}]", names, named=len(ports) > 1)
    for key, value in (spec.get("selector") or {}).items():
        if why := broken_key(key):
            causes.append(Cause("spec.selector", invalid_value(key, why)))
        if why := broken_label_value(value):
            causes.append(Cause("spec.selector", invalid_value(value, why)))
    if spec.get("sessionAffinity") not in ("ClientIP", "None"):
        text = _unsupported(spec.get("sessionAffinity"), ("ClientIP", "None"))
        causes.append(Cause("spec.sessionAffinity", text, "FieldValueNotSupported"))
    if spec.get("type") not in SERVICE_TYPES:
        causes.append(Cause("spec.type", _unsupported(spec.get("type"), SERVICE_TYPES), "FieldValueNotSupported"))
    if spec.get("type") == "ExternalName" and not spec.get("externalName"):
        causes.append(Cause("spec.externalName", "Required value", REQUIRED))
    return causes + _check_duplicate_ports(ports)


def _check_service_port(port: dict[str, Any], path: str, names: set[str], *, named: bool) -> list[Cause]:
    causes = []
    name = port.get("name") or ""
    if not name and named:
        causes.append(Cause(f"{path}.name", "Required value", REQUIRED))
    elif name and (why := broken_label(name)):
        causes.append(Cause(f"{path}.name", invalid_value(name, why)))
    elif name and name in names:
        causes.append(Cause(f"{path}.name", f'Duplicate value: "{name}"', "FieldValueDuplicate"))
    names.add(name)
    if not _in_range(port.get("port")):
        causes.append(Cause(f"{path}.port", invalid_value(port.get("port", 0), BETWEEN)))
    if port.get("protocol") not in ("SCTP", "TCP", "UDP"):
        text = _unsupported(port.get("protocol"), ("SCTP", "TCP", "UDP"))
        causes.append(Cause(f"{path}.protocol", text, "FieldValueNotSupported"))
    target = port.get("targetPort")
    if isinstance(target, int) and not _in_range(target):
        causes.append(Cause(f"{path}.targetPort", invalid_value(target, BETWEEN)))
    return causes


def _check_duplicate_ports(ports: list[dict[str, Any]]) -> list[Cause]:
    causes, seen = [], set()
    for index, port in enumerate(ports):
        key = (port.get("protocol"), port.get("port"))
        if key in seen:
            text = f'Duplicate value: {{"protocol":"{key[0]}","port":{key[1]}}}'
            causes.append(Cause(f"spec.ports[{index}]", text, "FieldValueDuplicate"))
        seen.add(key)
    return causes


def check_service_update(service: Object, old: Object) -> list[Cause]:
    """A Service keeps its address."""
    new, before = service["spec"], old["spec"]
    if "ExternalName" in (new.get("type"), before.get("type")) or new.get("clusterIP") == before.get("clusterIP"):
        return []
    return [Cause("spec.clusterIPs[0]", invalid_value([new.get("clusterIP")], "may not change once set"))]


def check_ingress(ingress: Object) -> list[Cause]:
    """The broken fields of an Ingress."""
    spec = ingress.get("spec") or {}
    causes = []
    rules = spec.get("rules") or []
    if not rules and not spec.get("defaultBackend"):
        text = "either `defaultBackend` or `rules` must be specified"
        causes.append(Cause("spec", invalid_value(None, text)))
    if spec.get("defaultBackend"):
        causes += _check_backend(spec["defaultBackend"], "spec.defaultBackend")
    for index, rule in enumerate(rules):
        causes += _check_host(rule.get("host") or "", f"spec.rules[{index}].host")
        http = rule.get("http")
        if http is not None and not http.get("paths"):
            causes.append(Cause(f"spec.rules[{index}].http.paths", "Required value", REQUIRED))
        for at, path in enumerate((http or {}).get("paths") or []):
            causes += _check_path(path, f"spec.rules[{index}].http.paths[{at}]")
    name = spec.get("ingressClassName")
    if name and (why := broken_subdomain(name)):
        causes.append(Cause("spec.ingressClassName", invalid_value(name, why)))
    return causes


def _check_host(host: str, path: str) -> list[Cause]:
    if not host:
        return []
    parts = host.split(".")
    if len(parts) == 4 and all(part.isdigit() and int(part) < 256 for part in parts):
        return [Cause(path, invalid_value(host, "must be a DNS name, not an IP address"))]
    why = broken_wildcard_host(host) if "*" in host else broken_subdomain(host)
    return [Cause(path, invalid_value(host, why))] if why else []


def _check_path(entry: dict[str, Any], path: str) -> list[Cause]:
    causes = []
    type_, text = entry.get("pathType"), entry.get("path") or ""
    if type_ is None:
        return [Cause(f"{path}.pathType", "Required value: pathType must be specified", REQUIRED)]
    if type_ not in PATH_TYPES:
        causes.append(Cause(f"{path}.pathType", _unsupported(type_, PATH_TYPES), "FieldValueNotSupported"))
    elif type_ in ("Exact", "Prefix"):
        if not text.startswith("/"):
            causes.append(Cause(f"{path}.path", invalid_value(text, "must be an absolute path")))
        for bad in ("//", "/./", "/../", "%2f", "%2F"):
            if bad in text:
                causes.append(Cause(f"{path}.path", invalid_value(text, f"must not contain '{bad}'")))
    elif text and not text.startswith("/"):
        causes.append(Cause(f"{path}.path", invalid_value(text, "must be an absolute path")))
    return causes + _check_backend(entry.get("backend") or {}, f"{path}.backend")


def _check_backend(backend: dict[str, Any], path: str) -> list[Cause]:
    service, resource = backend.get("service"), backend.get("resource")
    if service is not None and resource is not None:
        return [Cause(path, 'Invalid value: "": cannot set both resource and service backends')]
    if resource is not None:
        return []
    if service is None:
        return [Cause(path, "Required value: resource or service backend is required", REQUIRED)]
    causes = []
    name = service.get("name") or ""
    if not name:
        causes.append(Cause(f"{path}.service.name", "Required value", REQUIRED))
    elif why := broken_dns_1035(name):
        causes.append(Cause(f"{path}.service.name", invalid_value(name, why)))
    port = service.get("port") or {}
    number, label = port.get("number"), port.get("name")
    if number and label:
        causes.append(Cause(path, 'Invalid value: "": cannot set both port name & port number'))
    elif not number and not label:
        causes.append(Cause(path, "Required value: port name or number is required", REQUIRED))
    elif label and (why := broken_port_name(label)):
        causes.append(Cause(f"{path}.service.port.name", invalid_value(label, why)))
    elif number and not _in_range(number):
        causes.append(Cause(f"{path}.service.port.number", invalid_value(number, BETWEEN)))
    return causes
