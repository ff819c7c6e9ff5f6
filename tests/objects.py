"""A cluster's objects in memory, for the rooms that are pure functions of them.

It takes objects as dicts, and makes what controllers would make of Deployments: ReplicaSets, pods and
EndpointSlices. Patches and deletes are applied as the API server applies them, guards included.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonpatch
import jsonpointer
import msgspec
import yaml

from cockpit.model import objects as kinds
from cockpit.model.kinds import KINDS
from cockpit.model.objects import Obj
from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import (
    DEPLOYMENTS,
    ENDPOINTSLICES,
    INGRESSCLASSES,
    INGRESSES,
    PODS,
    REPLICASETS,
    SERVICES,
    Ref,
    Resource,
)

SEEDS = Path(__file__).parent / "fixtures" / "seeds"
RESOURCES = {r.kind: r for r in (PODS, SERVICES, REPLICASETS, DEPLOYMENTS, ENDPOINTSLICES, INGRESSES, INGRESSCLASSES)}
STRUCTS = {(row.resource.api_version, row.resource.kind): row.struct for row in KINDS}
SHARED_NAMES = {
    ("rollouts.kruise.io", "Rollout"): "KruiseRollout",
    ("apps.kruise.io", "StatefulSet"): "AdvancedStatefulSet",
    ("networking.istio.io", "Gateway"): "IstioGateway",
}
Doc = dict[str, Any]
START = "2026-01-01T00:00:00Z"


def seed(name: str) -> list[Doc]:
    """The objects of one of the seeds' manifests."""
    return [doc for doc in yaml.safe_load_all((SEEDS / f"{name}.yaml").read_text()) if doc]


class ConflictError(Exception):
    """A guard did not hold: 409 or 422 of the API server."""


class Cluster:
    """Implements `cockpit.model.lookup.Objects`; `unknown` are kinds that cannot be listed."""

    def __init__(self, docs: Iterable[Doc] = (), *, context: str = "test", unknown: Iterable[Resource] = ()) -> None:
        self._context = context
        self._namespace: str | None = None
        self._unknown = frozenset(unknown)
        self.docs: dict[tuple[str, str, str], Doc] = {}
        self._revision = 0
        self.add(*docs)

    @property
    def context(self) -> str:
        return self._context

    def known(self, resource: Resource) -> bool:
        return resource not in self._unknown

    def unread(self, resource: Resource) -> bool:
        return resource in self._unknown

    def covers(self, namespace: str) -> bool:
        return self._namespace in (None, namespace)

    def kept_to(self, namespace: str) -> Cluster:
        """Read this namespace only."""
        self._namespace = namespace
        return self

    def get(self, resource: Resource, namespace: str, name: str) -> Obj | None:
        doc = self.docs.get((_word(resource), namespace if resource.namespaced else "", name))
        read = self.known(resource) and (not resource.namespaced or self.covers(namespace))
        return decode(doc) if doc and read else None

    def every(self, resource: Resource, namespace: str) -> Sequence[Obj]:
        if not self.known(resource) or (resource.namespaced and not self.covers(namespace)):
            return ()
        place = (_word(resource), namespace)
        return [decode(d) for (kind, ns, _), d in sorted(self.docs.items()) if (kind, ns) == place]

    def keyed(self, resource: Resource, namespace: str, key: str) -> Sequence[Obj]:
        return [o for o in self.every(resource, namespace) if key in set(o.index_keys())]

    def anywhere(self, resource: Resource, key: str) -> Sequence[Obj]:
        read = ((kind, doc) for (kind, ns, _), doc in sorted(self.docs.items()) if self.covers(ns))
        found = [decode(doc) for kind, doc in read if kind == _word(resource)]
        return [o for o in found if self.known(resource) and key in set(o.index_keys())]

    def selected(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        wanted = {f"{k}={v}" for k, v in labels.items()}
        return [o for o in self.every(resource, namespace) if wanted and wanted <= set(o.index_keys())]

    def members(self, resource: Resource, namespace: str, labels: Mapping[str, str]) -> Sequence[Obj]:
        return self.selected(resource, namespace, labels)

    def owned(self, resource: Resource, namespace: str, uid: str) -> Sequence[Obj]:
        return [
            o
            for o in self.every(resource, namespace)
            if any(r.uid == uid for r in getattr(o.metadata, "owner_references", None) or ())
        ]

    def doc(self, kind: str, name: str, namespace: str = "default") -> Doc:
        return self.docs[kind, namespace, name]

    def ingress(self, name: str) -> Obj:
        return decode(self.doc("Ingress", name))

    def backend(self, name: str) -> Doc:
        """The Service behind the first path of an Ingress."""
        service: Doc = self.doc("Ingress", name)["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
        return service

    def use_class(self, name: str) -> Cluster:
        """Give all Ingresses to another gateway."""
        for (kind, _, _), doc in self.docs.items():
            if kind == "Ingress":
                doc["spec"]["ingressClassName"] = name
        return self

    def add(self, *docs: Doc, created: str | None = None) -> Cluster:
        """Apply objects: what is there keeps its uid and age, as with `kubectl apply`."""
        for given in docs:
            doc = copy.deepcopy(given)
            meta = doc.setdefault("metadata", {})
            namespace = "" if doc["kind"] == "IngressClass" else meta.setdefault("namespace", "default")
            key = (kind_word(doc), namespace, meta["name"])
            before = self.docs.get(key, {}).get("metadata", {})
            meta.setdefault("uid", before.get("uid") or f"uid-{doc['kind']}-{meta['name']}".lower())
            meta.setdefault("creationTimestamp", before.get("creationTimestamp") or created or START)
            if doc["kind"] == "Deployment":
                doc.setdefault("spec", {}).setdefault("replicas", 1)
                meta.setdefault("generation", 1)
            self._write(key, doc)
        return self

    def run(self, name: str, *, ready: int | None = None, namespace: str = "default") -> Cluster:
        """Give a Deployment its ReplicaSet and pods, `ready` of them ready (all of them by default)."""
        deployment = self.doc("Deployment", name, namespace)
        spec, meta = deployment["spec"], deployment["metadata"]
        template = spec["template"]
        digest = hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:8]
        labels = {**template["metadata"]["labels"], "pod-template-hash": digest}
        replica_set: Doc = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{name}-{digest}",
                "namespace": namespace,
                "labels": labels,
                "creationTimestamp": meta["creationTimestamp"],
                "ownerReferences": [owner(deployment)],
                "annotations": {"deployment.kubernetes.io/revision": "1"},
            },
            "spec": {
                "replicas": spec["replicas"],
                "selector": {"matchLabels": labels},
                "template": {**template, "metadata": {**template["metadata"], "labels": labels}},
            },
            "status": {},
        }
        self.add(replica_set)
        count = spec["replicas"] if ready is None else ready
        for key in [k for k, d in self.docs.items() if k[0] == "Pod" and owned_by(d, replica_set["metadata"]["name"])]:
            del self.docs[key]
        for number in range(spec["replicas"]):
            self.add(pod(self.doc("ReplicaSet", f"{name}-{digest}", namespace), number, ready=number < count))
        deployment["status"] = self.doc("ReplicaSet", f"{name}-{digest}", namespace)["status"] = {
            "observedGeneration": meta["generation"],
            "replicas": spec["replicas"],
            "readyReplicas": count,
            "updatedReplicas": spec["replicas"],
            "availableReplicas": count,
        }
        return self.balance(namespace)

    def balance(self, namespace: str = "default") -> Cluster:
        """EndpointSlices of every Service with a selector, as their controller would write them."""
        for key in [k for k in self.docs if k[0] == "EndpointSlice" and k[1] == namespace]:
            del self.docs[key]
        for (kind, ns, name), service in list(self.docs.items()):
            selector = service.get("spec", {}).get("selector") if (kind, ns) == ("Service", namespace) else None
            if not selector:
                continue
            pods = [
                d
                for (k, n, _), d in sorted(self.docs.items())
                if (k, n) == ("Pod", namespace) and selector.items() <= (d["metadata"].get("labels") or {}).items()
            ]
            self.add(slice_of(service, name, pods))
        return self

    def remove(self, kind: str, name: str, namespace: str = "default") -> Cluster:
        """Delete an object and, as the garbage collector does, what it owns."""
        gone = self.docs.pop((kind, namespace, name))
        uid = gone["metadata"]["uid"]
        for key, doc in list(self.docs.items()):
            if key in self.docs and any(r["uid"] == uid for r in doc["metadata"].get("ownerReferences") or ()):
                self.remove(key[0], key[2], key[1])
        return self

    def send(self, request: Request) -> None:
        """What the API server does with a request; `ConflictError` where a guard fails."""
        ref = request.ref
        key = (_word(ref.resource), ref.namespace, ref.name)
        if request.verb is Verb.CREATE:
            self.add(request.body)
            return
        if key not in self.docs:
            raise ConflictError(f"{ref} is gone")
        before = self.docs[key]
        if request.verb is Verb.DELETE:
            wanted = request.body.get("preconditions", {})
            if any(before["metadata"][field] != value for field, value in wanted.items()):
                raise ConflictError(str(wanted))
            self.remove(*((key[0], key[2], key[1])))
        elif request.patch is PatchType.JSON:
            try:
                self._write(key, jsonpatch.apply_patch(before, _asked(before, request.body)))
            except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
                raise ConflictError(str(error)) from error
        else:
            version = request.body.get("metadata", {}).get("resourceVersion")
            if version is not None and version != before["metadata"]["resourceVersion"]:
                raise ConflictError("resourceVersion")
            self._write(key, merged(before, request.body))
        self.balance(ref.namespace)

    def send_all(self, requests: Iterable[Request]) -> Cluster:
        for request in requests:
            self.send(request)
        return self

    def plain(self) -> dict[tuple[str, str, str], Doc]:
        """All objects without what every write changes, for comparing."""
        docs = copy.deepcopy({k: d for k, d in self.docs.items() if k[0] != "EndpointSlice"})
        for doc in docs.values():
            doc["metadata"].pop("resourceVersion")
        return docs

    def _write(self, key: tuple[str, str, str], doc: Doc) -> None:
        self._revision += 1
        if not doc["metadata"].get("annotations", True):
            del doc["metadata"]["annotations"]  # an empty map is not kept (omitempty)
        doc["metadata"]["resourceVersion"] = str(self._revision)
        self.docs[key] = doc


def decode(doc: Doc) -> Obj:
    """As the store decodes it: from JSON bytes into the fields that are used."""
    known = STRUCTS.get((doc.get("apiVersion", ""), doc["kind"]))
    kind: type[Obj] = known or getattr(kinds, doc["kind"])
    return msgspec.json.decode(json.dumps(doc), type=kind)


def kind_word(doc: Doc) -> str:
    """What `Cluster.docs` calls a kind: as the API does, where no two share the name."""
    group = doc.get("apiVersion", "").rpartition("/")[0]
    kind: str = doc["kind"]
    return SHARED_NAMES.get((group, kind), kind)


def _word(resource: Resource) -> str:
    return SHARED_NAMES.get((resource.group, resource.kind), resource.kind)


def ref(doc: Doc) -> Ref:
    return Ref(RESOURCES[doc["kind"]], doc["metadata"]["namespace"], doc["metadata"]["name"])


def _asked(before: Doc, operations: list[Doc]) -> list[Doc]:
    """Without tests for null of what is not there, which the API server takes as held (evanphx/json-patch)."""

    def absent(operation: Doc) -> bool:
        try:
            return jsonpointer.JsonPointer(operation["path"]).get(before, None) is None
        except jsonpointer.JsonPointerException:
            return True

    return [o for o in operations if o["op"] != "test" or o["value"] is not None or not absent(o)]


def merged(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def owner(doc: Doc) -> Doc:
    return {
        "apiVersion": doc["apiVersion"],
        "kind": doc["kind"],
        "name": doc["metadata"]["name"],
        "uid": doc["metadata"]["uid"],
        "controller": True,
    }


def owned_by(doc: Doc, name: str) -> bool:
    return any(r["name"] == name for r in doc["metadata"].get("ownerReferences") or ())


def pod(keeper: Doc, number: int, *, ready: bool = True) -> Doc:
    name = f"{keeper['metadata']['name']}-{number}"
    template = keeper["spec"]["template"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": keeper["metadata"]["namespace"],
            "labels": dict(template["metadata"]["labels"]),
            "ownerReferences": [owner(keeper)],
        },
        "spec": template["spec"],
        "status": {
            "phase": "Running" if ready else "Pending",
            "conditions": [{"type": "Ready", "status": str(ready)}],
        },
    }


def slice_of(service: Doc, name: str, pods: list[Doc]) -> Doc:
    def endpoint(doc: Doc) -> Doc:
        ready = doc["status"]["conditions"][0]["status"] == "True"
        ready = ready or service["spec"].get("publishNotReadyAddresses", False)
        meta = doc["metadata"]
        return {
            "addresses": [meta["name"]],
            "conditions": {"ready": ready},
            "targetRef": {"kind": "Pod", "name": meta["name"], "uid": meta["uid"]},
        }

    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-slice",
            "namespace": service["metadata"]["namespace"],
            "labels": {"kubernetes.io/service-name": name},
        },
        "addressType": "IPv4",
        "endpoints": [endpoint(p) for p in pods],
        "ports": [{"name": p.get("name", ""), "port": 8080} for p in service["spec"].get("ports", ())],
    }
