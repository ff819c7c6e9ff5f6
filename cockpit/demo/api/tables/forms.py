"""Which table a kind has, and tables as the API answers them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from cockpit.demo.api.tables import argo, cluster, custom, gateway_api, istio, kruise, network, pods, stored, workloads
from cockpit.demo.api.tables.columns import TableForm
from cockpit.demo.schemas import customkinds, kinds
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.store.history import Record, typed

FORMS: dict[Kind, TableForm] = {
    kinds.PODS: pods.PODS,
    kinds.DEPLOYMENTS: workloads.DEPLOYMENTS,
    kinds.REPLICASETS: workloads.REPLICASETS,
    kinds.STATEFULSETS: workloads.STATEFULSETS,
    kinds.DAEMONSETS: workloads.DAEMONSETS,
    **stored.FORMS,
    kinds.CONTROLLERREVISIONS: workloads.CONTROLLERREVISIONS,
    kinds.SERVICES: network.SERVICES,
    kinds.ENDPOINTS: network.ENDPOINTS,
    kinds.ENDPOINTSLICES: network.ENDPOINTSLICES,
    kinds.INGRESSES: network.INGRESSES,
    kinds.INGRESSCLASSES: network.INGRESSCLASSES,
    kinds.NAMESPACES: cluster.NAMESPACES,
    kinds.NODES: cluster.NODES,
    kinds.EVENTS: cluster.EVENTS,
    kinds.EVENTS_V1: cluster.EVENTS,
    kinds.LEASES: cluster.LEASES,
    kinds.CONFIGMAPS: cluster.CONFIGMAPS,
    kinds.SECRETS: cluster.SECRETS,
    kinds.ROLEBINDINGS: cluster.ROLEBINDINGS,
    kinds.CLUSTERROLEBINDINGS: cluster.ROLEBINDINGS,
    kinds.SERVICEACCOUNTS: cluster.SERVICEACCOUNTS,
    customkinds.KRUISE_ROLLOUTS: kruise.ROLLOUTS,
    customkinds.KRUISE_ROLLOUTS_V1ALPHA1: kruise.ROLLOUTS_V1ALPHA1,
    customkinds.BATCHRELEASES: kruise.BATCHRELEASES,
    customkinds.BATCHRELEASES_V1ALPHA1: kruise.BATCHRELEASES,
    customkinds.CLONESETS: kruise.CLONESETS,
    customkinds.ADVANCED_STATEFULSETS: kruise.STATEFULSETS,
    customkinds.ARGO_ROLLOUTS: argo.ROLLOUTS,
    customkinds.ANALYSISRUNS: argo.RUNS,
    customkinds.EXPERIMENTS: argo.RUNS,
    customkinds.VIRTUALSERVICES: istio.VIRTUALSERVICES,
    customkinds.VIRTUALSERVICES_V1BETA1: istio.VIRTUALSERVICES,
    customkinds.VIRTUALSERVICES_V1ALPHA3: istio.VIRTUALSERVICES,
    customkinds.ISTIO_GATEWAYS: istio.GATEWAYS,
    customkinds.ISTIO_GATEWAYS_V1BETA1: istio.GATEWAYS,
    customkinds.ISTIO_GATEWAYS_V1ALPHA3: istio.GATEWAYS,
    customkinds.DESTINATIONRULES: istio.DESTINATIONRULES,
    customkinds.DESTINATIONRULES_V1BETA1: istio.DESTINATIONRULES,
    customkinds.DESTINATIONRULES_V1ALPHA3: istio.DESTINATIONRULES,
    customkinds.GATEWAYCLASSES: gateway_api.GATEWAYCLASSES,
    customkinds.GATEWAYS: gateway_api.GATEWAYS,
    customkinds.GATEWAYS_V1BETA1: gateway_api.GATEWAYS,
    customkinds.HTTPROUTES: gateway_api.ROUTES,
    customkinds.HTTPROUTES_V1BETA1: gateway_api.ROUTES,
    customkinds.GRPCROUTES: gateway_api.ROUTES,
}


def table(
    kind: Kind,
    records: Iterable[Record],
    metadata: dict[str, Any],
    now: float,
    *,
    include: str = "Metadata",
    headings: bool = True,
    printer_columns: Sequence[dict[str, Any]] = (),
) -> bytes:
    """A `Table` of the records; `include` is None, Metadata or Object, as `includeObject=` asks.

    `printer_columns` are those that the definition of a custom kind asks for.
    """
    form = FORMS.get(kind) or (custom.form_of(printer_columns) if kind.custom else cluster.PLAIN)
    body: dict[str, Any] = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    body["columnDefinitions"] = [column.as_dict() for column in form.columns] if headings else []
    rows = []
    for record in records:
        row: dict[str, Any] = {"cells": form.cells(record.obj, now)}
        if include != "None":
            row["object"] = msgspec.Raw(record.encoded if include == "Object" else partial(record))
        rows.append(row)
    body["rows"] = rows
    return msgspec.json.encode(body)


def partial(record: Record) -> bytes:
    """An object's metadata alone, as `PartialObjectMetadata`."""
    bare = msgspec.json.encode({"metadata": record.obj["metadata"]})
    return typed("meta.k8s.io/v1", "PartialObjectMetadata", bare)
