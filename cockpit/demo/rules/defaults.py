"""The values the API fills in where an object says nothing (k8s.io/kubernetes/pkg/apis/*/v1/defaults.go)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from cockpit.demo.rules.crds import set_definition_defaults
from cockpit.demo.rules.kruiserules import set_advanced_stateful_set_defaults, set_clone_set_defaults
from cockpit.demo.rules.lookup import Lookup
from cockpit.demo.rules.poddefaults import set_pod_defaults, set_template_defaults
from cockpit.demo.rules.servicedefaults import set_service_defaults
from cockpit.demo.rules.storeddefaults import STORED_SETTERS
from cockpit.demo.schemas import customkinds, kinds, storedkinds
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object
from cockpit.demo.schemas.structural import fill_in

DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"


def set_defaults(kind: Kind, obj: Object, storage: Lookup, old: Object | None = None) -> None:
    """Fill in what `obj` leaves out; `old` is the stored object on an update."""
    if kind.custom and (schema := storage.registry.schema(kind)) is not None:
        fill_in(schema, obj)
    if kind is kinds.SERVICES:
        set_service_defaults(obj, storage, old)
    elif kind is kinds.INGRESSES:
        _ingress(obj, storage, old)
    elif kind in SETTERS:
        SETTERS[kind](obj)


def _spec(obj: Object) -> dict[str, Any]:
    spec = obj.setdefault("spec", {})
    return spec if isinstance(spec, dict) else {}


def _percentages(spec: dict[str, Any], field: str, values: dict[str, Any]) -> None:
    strategy = spec.setdefault(field, {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        for key, value in values.items():
            rolling.setdefault(key, value)


def _deployment(obj: Object) -> None:
    spec = _spec(obj)
    spec.setdefault("replicas", 1)
    _percentages(spec, "strategy", {"maxUnavailable": "25%", "maxSurge": "25%"})
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    set_template_defaults(spec)
    obj.setdefault("status", {})


def _replica_set(obj: Object) -> None:
    spec = _spec(obj)
    spec.setdefault("replicas", 1)
    set_template_defaults(spec)
    obj.setdefault("status", {}).setdefault("replicas", 0)


def _stateful_set(obj: Object) -> None:
    spec = _spec(obj)
    spec.setdefault("replicas", 1)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    _percentages(spec, "updateStrategy", {"partition": 0})
    spec.setdefault("revisionHistoryLimit", 10)
    retention = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    retention.setdefault("whenDeleted", "Retain")
    retention.setdefault("whenScaled", "Retain")
    set_template_defaults(spec)


def _daemon_set(obj: Object) -> None:
    spec = _spec(obj)
    _percentages(spec, "updateStrategy", {"maxUnavailable": 1, "maxSurge": 0})
    spec.setdefault("revisionHistoryLimit", 10)
    set_template_defaults(spec)


def _namespace(obj: Object) -> None:
    meta = obj["metadata"]
    meta.setdefault("labels", {})["kubernetes.io/metadata.name"] = meta["name"]
    if not meta.get("deletionTimestamp"):
        _spec(obj).setdefault("finalizers", ["kubernetes"])
    obj.setdefault("status", {}).setdefault("phase", "Active")


def _secret(obj: Object) -> None:
    obj.setdefault("type", "Opaque")
    for key, value in (obj.pop("stringData", None) or {}).items():
        obj.setdefault("data", {})[key] = base64.b64encode(value.encode()).decode()


def _endpoint_slice(obj: Object) -> None:
    for port in obj.get("ports") or []:
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def _ingress(obj: Object, storage: Lookup, old: Object | None) -> None:
    obj.setdefault("status", {}).setdefault("loadBalancer", {})
    if old is not None or _spec(obj).get("ingressClassName"):
        return
    if "kubernetes.io/ingress.class" in (obj["metadata"].get("annotations") or {}):
        return
    for candidate in storage.scan(kinds.INGRESSCLASSES):
        if (candidate["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true":
            obj["spec"]["ingressClassName"] = candidate["metadata"]["name"]


SETTERS: dict[Kind, Callable[[Object], None]] = {
    kinds.DEPLOYMENTS: _deployment,
    kinds.REPLICASETS: _replica_set,
    kinds.STATEFULSETS: _stateful_set,
    kinds.DAEMONSETS: _daemon_set,
    kinds.PODS: set_pod_defaults,
    kinds.NAMESPACES: _namespace,
    kinds.SECRETS: _secret,
    kinds.ENDPOINTSLICES: _endpoint_slice,
    storedkinds.CUSTOMRESOURCEDEFINITIONS: set_definition_defaults,
    **STORED_SETTERS,
    customkinds.CLONESETS: set_clone_set_defaults,
    customkinds.ADVANCED_STATEFULSETS: set_advanced_stateful_set_defaults,
}
