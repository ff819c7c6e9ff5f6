"""Field numbers of the objects that `kubectl create` and `kubectl auth` send as protobuf.

From the generated.proto files of k8s.io/api (core/v1, apps/v1, networking/v1, authorization/v1) and of
k8s.io/apimachinery/pkg/apis/meta/v1; only the fields that those commands set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TEXT, NUMBER, FLAG, BYTES = "text", "number", "flag", "bytes"
TEXTS = "map of texts"
SECRETS = "map of bytes"
INT_OR_STRING = "int or string"

Shape = dict[int, tuple[str, Any]]


@dataclass(frozen=True)
class Many:
    """A repeated field."""

    of: Any


@dataclass(frozen=True)
class Inlined:
    """A message whose fields stand in its parent's JSON."""

    of: Shape


def _texts(*names: str) -> Shape:
    return {number: (name, TEXT) for number, name in enumerate(names, 1)}


META: Shape = {
    1: ("name", TEXT),
    2: ("generateName", TEXT),
    3: ("namespace", TEXT),
    6: ("resourceVersion", TEXT),
    11: ("labels", TEXTS),
    12: ("annotations", TEXTS),
    14: ("finalizers", Many(TEXT)),
}
REQUIREMENT: Shape = {1: ("key", TEXT), 2: ("operator", TEXT), 3: ("values", Many(TEXT))}
SELECTOR: Shape = {1: ("matchLabels", TEXTS), 2: ("matchExpressions", Many(REQUIREMENT))}
CONTAINER_PORT: Shape = {1: ("name", TEXT), 3: ("containerPort", NUMBER), 4: ("protocol", TEXT)}
CONTAINER: Shape = {
    1: ("name", TEXT),
    2: ("image", TEXT),
    3: ("command", Many(TEXT)),
    4: ("args", Many(TEXT)),
    6: ("ports", Many(CONTAINER_PORT)),
    7: ("env", Many({1: ("name", TEXT), 2: ("value", TEXT)})),
}
POD_TEMPLATE: Shape = {1: ("metadata", META), 2: ("spec", {2: ("containers", Many(CONTAINER))})}
DEPLOYMENT: Shape = {
    1: ("replicas", NUMBER),
    2: ("selector", SELECTOR),
    3: ("template", POD_TEMPLATE),
    5: ("minReadySeconds", NUMBER),
}
SERVICE_PORT: Shape = {
    1: ("name", TEXT),
    2: ("protocol", TEXT),
    3: ("port", NUMBER),
    4: ("targetPort", INT_OR_STRING),
    5: ("nodePort", NUMBER),
}
SERVICE: Shape = {
    1: ("ports", Many(SERVICE_PORT)),
    2: ("selector", TEXTS),
    3: ("clusterIP", TEXT),
    4: ("type", TEXT),
    7: ("sessionAffinity", TEXT),
    10: ("externalName", TEXT),
}
BACKEND: Shape = {4: ("service", {1: ("name", TEXT), 2: ("port", {1: ("name", TEXT), 2: ("number", NUMBER)})})}
INGRESS_PATH: Shape = {1: ("path", TEXT), 2: ("backend", BACKEND), 3: ("pathType", TEXT)}
INGRESS_RULE: Shape = {
    1: ("host", TEXT),
    2: ("", Inlined({1: ("http", {1: ("paths", Many(INGRESS_PATH))})})),
}
INGRESS: Shape = {
    1: ("defaultBackend", BACKEND),
    2: ("tls", Many({1: ("hosts", Many(TEXT)), 2: ("secretName", TEXT)})),
    3: ("rules", Many(INGRESS_RULE)),
    4: ("ingressClassName", TEXT),
}
RESOURCE = _texts("namespace", "verb", "group", "version", "resource", "subresource", "name")

BODIES: dict[str, Shape] = {
    "SelfSubjectAccessReview": {
        2: ("spec", {1: ("resourceAttributes", RESOURCE), 2: ("nonResourceAttributes", _texts("path", "verb"))}),
    },
    "SelfSubjectRulesReview": {2: ("spec", _texts("namespace"))},
    "Namespace": {1: ("metadata", META)},
    "ServiceAccount": {1: ("metadata", META)},
    "ConfigMap": {1: ("metadata", META), 2: ("data", TEXTS), 3: ("binaryData", SECRETS), 4: ("immutable", FLAG)},
    "Secret": {1: ("metadata", META), 2: ("data", SECRETS), 3: ("type", TEXT), 5: ("immutable", FLAG)},
    "Deployment": {1: ("metadata", META), 2: ("spec", DEPLOYMENT)},
    "Service": {1: ("metadata", META), 2: ("spec", SERVICE)},
    "Ingress": {1: ("metadata", META), 2: ("spec", INGRESS)},
}
ENVELOPE: Shape = {1: ("typeMeta", _texts("apiVersion", "kind")), 2: ("raw", BYTES)}
