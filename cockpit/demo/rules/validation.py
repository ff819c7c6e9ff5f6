"""What the API refuses in an object, worded as kube-apiserver words it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cockpit.demo.errors import Cause, invalid
from cockpit.demo.rules.crdrules import check_schema, check_schema_of_status
from cockpit.demo.rules.crds import check_definition
from cockpit.demo.rules.eventrules import check_event
from cockpit.demo.rules.gatewayrules import check_route
from cockpit.demo.rules.names import (
    broken_cron_job_name,
    broken_dns_1035,
    broken_key,
    broken_label_name,
    broken_label_value,
    broken_nothing,
    broken_path_segment,
    broken_subdomain,
    invalid_value,
)
from cockpit.demo.rules.podrules import check_pod, check_pod_update
from cockpit.demo.rules.routerules import check_ingress, check_service, check_service_update
from cockpit.demo.rules.workloadrules import check_daemon_set, check_replicated, check_selector_kept, check_stateful_set
from cockpit.demo.schemas import customkinds, kinds, storedkinds
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object
from cockpit.demo.schemas.structural import Schema

ANNOTATIONS_LIMIT = 256 * 1024
Check = Callable[[Object], list[Cause]]
Comparison = Callable[[Object, Object], list[Cause]]

CHECKS: dict[Kind, Check] = {
    kinds.PODS: check_pod,
    kinds.DEPLOYMENTS: check_replicated,
    kinds.REPLICASETS: check_replicated,
    kinds.STATEFULSETS: check_stateful_set,
    kinds.DAEMONSETS: check_daemon_set,
    kinds.SERVICES: check_service,
    kinds.INGRESSES: check_ingress,
    kinds.EVENTS: check_event,
    storedkinds.CUSTOMRESOURCEDEFINITIONS: check_definition,
    customkinds.CLONESETS: check_replicated,
    customkinds.ADVANCED_STATEFULSETS: check_stateful_set,
    customkinds.HTTPROUTES: check_route,
    customkinds.GRPCROUTES: check_route,
}
COMPARISONS: dict[Kind, Comparison] = {
    kinds.PODS: check_pod_update,
    kinds.DEPLOYMENTS: check_selector_kept,
    kinds.REPLICASETS: check_selector_kept,
    kinds.STATEFULSETS: check_selector_kept,
    kinds.DAEMONSETS: check_selector_kept,
    kinds.SERVICES: check_service_update,
    customkinds.CLONESETS: check_selector_kept,
    customkinds.ADVANCED_STATEFULSETS: check_selector_kept,
}
NAME_FORMS: dict[Kind, Callable[[str], str]] = {
    kinds.NAMESPACES: broken_label_name,
    kinds.STATEFULSETS: broken_label_name,
    kinds.EVENTS: broken_path_segment,
    storedkinds.CRONJOBS: broken_cron_job_name,
    storedkinds.PODDISRUPTIONBUDGETS: broken_path_segment,
    storedkinds.APISERVICES: broken_path_segment,
    storedkinds.CERTIFICATESIGNINGREQUESTS: broken_nothing,
    storedkinds.IPADDRESSES: broken_path_segment,
    kinds.SERVICES: broken_dns_1035,
    kinds.ROLES: broken_path_segment,
    kinds.ROLEBINDINGS: broken_path_segment,
    kinds.CLUSTERROLES: broken_path_segment,
    kinds.CLUSTERROLEBINDINGS: broken_path_segment,
}


def validate_create(kind: Kind, obj: Object, schema: Schema | None) -> None:
    """Raise Invalid with a cause per broken field; `schema` is that of the object's CRD."""
    causes = _check_metadata(kind, obj["metadata"])
    if schema:
        causes += check_schema(schema, obj)
    if kind in CHECKS:
        causes += CHECKS[kind](obj)
    if causes:
        raise invalid(kind.kind, kind.group, obj["metadata"]["name"], causes)


def validate_update(kind: Kind, obj: Object, old: Object, subresource: str, schema: Schema | None) -> None:
    """Raise Invalid for what may not change, besides what `validate_create` refuses."""
    if subresource in ("status", "finalize"):
        causes = check_schema_of_status(schema, obj, old) if subresource == "status" and schema else []
        if causes:
            raise invalid(kind.kind, kind.group, obj["metadata"]["name"], causes)
        return
    if subresource == "scale" and obj["spec"]["replicas"] < 0:
        text = f"Invalid value: {obj['spec']['replicas']}: must be greater than or equal to 0"
        raise invalid("Scale", "autoscaling", obj["metadata"]["name"], [Cause("spec.replicas", text)])
    causes = _check_metadata(kind, obj["metadata"])
    if schema:
        causes += check_schema(schema, obj, old)
    if kind in CHECKS:
        causes += CHECKS[kind](obj)
    if kind in COMPARISONS:
        causes += COMPARISONS[kind](obj, old)
    if causes:
        raise invalid(kind.kind, kind.group, obj["metadata"]["name"], causes)


def _check_metadata(kind: Kind, meta: dict[str, Any]) -> list[Cause]:
    causes = []
    name = meta.get("name", "")
    broken = NAME_FORMS.get(kind, broken_subdomain)(name)
    if broken:
        causes.append(Cause("metadata.name", invalid_value(name, broken)))
    causes += check_labels(meta.get("labels") or {}, "metadata.labels")
    size = 0
    for key, value in (meta.get("annotations") or {}).items():
        size += len(key) + len(value)
        if why := broken_key(key.lower()):
            causes.append(Cause("metadata.annotations", invalid_value(key, why)))
    if size > ANNOTATIONS_LIMIT:
        text = f"Too long: may not be more than {ANNOTATIONS_LIMIT} bytes"
        causes.append(Cause("metadata.annotations", text, "FieldValueTooLong"))
    return causes


def check_labels(labels: dict[str, str], path: str) -> list[Cause]:
    """The broken keys and values of a map of labels."""
    causes = []
    for key, value in labels.items():
        if why := broken_key(key):
            causes.append(Cause(path, invalid_value(key, why)))
        if why := broken_label_value(value):
            causes.append(Cause(path, invalid_value(value, why)))
    return causes
