"""Istio's VirtualServices and DestinationRules under a release (pkg/trafficrouting/network/customNetworkProvider).

Each is worked out from a copy of how it was before, which lies in an annotation and is put back in the end.
"""

from __future__ import annotations

import json
import math
from typing import Any

from cockpit.demo.controllers.kruise.annotations import kept
from cockpit.demo.controllers.kruise.names import MANAGER, ORIGINAL_SPEC
from cockpit.demo.controllers.replicas import resolve
from cockpit.demo.controllers.world import World
from cockpit.demo.errors import BadRequest
from cockpit.demo.schemas.customkinds import DESTINATIONRULES, VIRTUALSERVICES
from cockpit.demo.schemas.kinds import Kind
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.storage import not_found

Spec = dict[str, Any]
GROUP = "networking.istio.io"
KINDS = {kind.kind: kind for kind in (VIRTUALSERVICES, DESTINATIONRULES)}
FORMS = {"RegularExpression": "regex", "Exact": "exact", "PathPrefix": "prefix", "Prefix": "prefix"}


class Meshes:
    """The objects that `customNetworkRefs` name."""

    def __init__(
        self, world: World, rollout: Object, references: list[dict[str, str]], stable: str, canary: str
    ) -> None:
        self._world, self._namespace = world, rollout["metadata"]["namespace"]
        self._references, self._stable, self._canary = references, stable, canary

    def check(self) -> None:
        """NotFound when one of them is not there; BadRequest for a kind without a script."""
        for reference in self._references:
            self._there(reference)

    def ensure(self, step: dict[str, Any]) -> bool:
        """Keep how each was, then write what the step asks for."""
        found = [self._there(reference) for reference in self._references]
        for kind, obj in found:
            if ORIGINAL_SPEC not in (obj["metadata"].get("annotations") or {}):
                self._keep(kind, obj)
        written = [self._write(*self._there(reference), step) for reference in self._references]
        return not any(written)

    def restore(self) -> bool:
        """Put each back as it was."""
        changed = False
        for reference in self._references:
            kind = _kind(reference)
            obj = self._world.storage.peek(kind, self._namespace, reference.get("name", "")) if kind else None
            if kind is not None and obj is not None and ORIGINAL_SPEC in (obj["metadata"].get("annotations") or {}):
                before = _kept(obj)
                self._replace(kind, obj, before.get("spec"), before.get("labels"), before.get("annotations"))
                changed = True
        return changed

    def _there(self, reference: dict[str, str]) -> tuple[Kind, Object]:
        kind = _kind(reference)
        if kind is None:
            raise BadRequest("expected script not found neither locally nor in ConfigMap")
        obj = self._world.storage.peek(kind, self._namespace, reference.get("name", ""))
        if obj is None:
            raise not_found(kind, reference.get("name", ""))
        return kind, obj

    def _keep(self, kind: Kind, obj: Object) -> None:
        meta = obj["metadata"]
        whole = {"spec": obj.get("spec"), "labels": meta.get("labels"), "annotations": meta.get("annotations")}
        text = json.dumps({key: value for key, value in whole.items() if value}, separators=(",", ":"))
        annotations = {**(meta.get("annotations") or {}), ORIGINAL_SPEC: text}
        self._replace(kind, obj, obj.get("spec"), meta.get("labels"), annotations)

    def _write(self, kind: Kind, obj: Object, step: dict[str, Any]) -> bool:
        before, mark = _kept(obj), obj["metadata"]["annotations"][ORIGINAL_SPEC]
        annotations = {**(before.get("annotations") or {}), ORIGINAL_SPEC: mark}
        make = self._routed if kind is VIRTUALSERVICES else self._subsets
        spec = make(before.get("spec") or {}, step)
        if spec == obj.get("spec") and annotations == obj["metadata"].get("annotations"):
            return False
        self._replace(kind, obj, spec, before.get("labels"), annotations)
        return True

    def _replace(self, kind: Kind, obj: Object, spec: Any, labels: Any, annotations: Any) -> None:
        meta = {**obj["metadata"], "labels": labels or {}, "annotations": annotations or {}}
        self._world.storage.update(kind, {**obj, "metadata": meta, "spec": spec}, manager=MANAGER)

    def _routed(self, spec: Spec, step: dict[str, Any]) -> Spec:
        """A VirtualService: rules for matches before all others, else a share of each rule without matches."""
        spec = copied(spec)
        if step.get("matches"):
            for match in step["matches"]:
                spec.setdefault("http", []).insert(0, self._matched(match, step.get("requestHeaderModifier")))
            return spec
        weight = 100 if step.get("traffic") is None else resolve(step["traffic"], 100, up=True)
        for protocol in ("http", "tcp", "tls"):
            for rule in spec.get(protocol) or []:
                if not rule.get("match") and self._leads_to_stable(rule):
                    self._share(rule, weight)
        return spec

    def _leads_to_stable(self, rule: Spec) -> bool:
        hosts = [(to.get("destination") or {}).get("host", "") for to in rule.get("route") or []]
        return any(host.partition(".")[0] == self._stable for host in hosts)

    def _share(self, rule: Spec, weight: int) -> None:
        """The destinations there are share what is left, each in its proportion, rounded down."""
        count = len(rule["route"])
        for to in rule["route"]:
            given = to.get("weight")
            left = (100 - weight) / count if given is None else given * (100 - weight) / 100
            to["weight"] = math.floor(left)
        rule["route"].append({"destination": self._destination(), "weight": weight})

    def _destination(self) -> Spec:
        """Without a canary Service, the subset `canary` of the same host."""
        if self._stable == self._canary:
            return {"host": self._stable, "subset": "canary"}
        return {"host": self._canary}

    def _matched(self, match: dict[str, Any], modifier: dict[str, Any] | None) -> Spec:
        made: Spec = {}
        if path := match.get("path"):
            made["uri"] = {FORMS.get(path.get("type", "PathPrefix"), "prefix"): path.get("value", "/")}
        for field in ("headers", "queryParams"):
            for pair in match.get(field) or []:
                form = FORMS.get(pair.get("type", "Exact"), "exact")
                made.setdefault(field, {})[pair["name"]] = {form: pair["value"]}
        rule: Spec = {"match": [made], "route": [{"destination": self._destination()}]}
        if modifier:
            request: Spec = {
                action: {pair["name"]: pair["value"] for pair in modifier[action]}
                for action in ("set", "add")
                if modifier.get(action)
            }
            if modifier.get("remove"):
                request["remove"] = list(modifier["remove"])
            rule["headers"] = {"request": request}
        return rule

    def _subsets(self, spec: Spec, step: dict[str, Any]) -> Spec:
        """A DestinationRule gets a subset for pods that are marked as grey."""
        spec = copied(spec)
        spec.setdefault("subsets", []).append({"name": "canary", "labels": {"istio.service.tag": "gray"}})
        return spec


def _kind(reference: dict[str, str]) -> Kind | None:
    group = reference.get("apiVersion", "").partition("/")[0]
    return KINDS.get(reference.get("kind", "")) if group == GROUP else None


def _kept(obj: Object) -> dict[str, Any]:
    """Spec, labels and annotations of before, as far as they are maps."""
    return {key: value for key, value in (kept(obj, ORIGINAL_SPEC) or {}).items() if isinstance(value, dict)}
