"""CustomResourceDefinitions: those that every embedded cluster has, and the kinds that a definition makes.

`crds.json` holds the definitions of Argo Rollouts 1.8.3, Kruise Rollouts 0.6.2, Kruise 1.8.0, Istio 1.24.0 and
Gateway API 1.5.1 as their projects publish them, without their texts and CEL rules; a schema that occurs more than
once stands under "shared". Flagger's keeps whatever it is given, and the status of a Rollout of Kruise may lack what
releases up to 0.5 do not write, since a namespace can ask for one of those.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from cockpit.demo.schemas.kind import Kind
from cockpit.demo.schemas.objects import Object

API_VERSION, KIND = "apiextensions.k8s.io/v1", "CustomResourceDefinition"
SHARED = "$shared"
Schema = dict[str, Any]
_VERSION = re.compile(r"v([0-9]{1,9})(?:(alpha|beta)([0-9]{1,9}))?", re.ASCII)


@cache
def shipped() -> tuple[Object, ...]:
    """The initial definitions of a cluster. Read-only: they share parts."""
    held = json.loads(files(__package__).joinpath("crds.json").read_bytes())
    shared: dict[str, Any] = {}

    def joined(value: Any) -> Any:
        if isinstance(value, list):
            return [joined(entry) for entry in value]
        if not isinstance(value, dict):
            return value
        if SHARED not in value:
            return {key: joined(entry) for key, entry in value.items()}
        key = value[SHARED]
        if key not in shared:
            shared[key] = joined(held["shared"][key])
        return shared[key]

    return tuple({"apiVersion": API_VERSION, "kind": KIND, **joined(crd)} for crd in held["crds"])


def version_rank(version: str) -> tuple[int, int, int, str]:
    """Sorts the version that clients prefer first: v2, v1, v1beta1, v1alpha2 (k8s.io/apimachinery/pkg/version)."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return (3, 0, 0, version)
    stage = {None: 0, "beta": 1, "alpha": 2}[found[2]]
    return (stage, -int(found[1]), -int(found[3] or 0), "")


def versions_of(crd: Object) -> list[dict[str, Any]]:
    """The served versions of a definition, the preferred one first."""
    served = [version for version in crd["spec"].get("versions") or [] if version.get("served")]
    return sorted(served, key=lambda version: version_rank(version.get("name", "")))


def schema_of(version: dict[str, Any]) -> Schema:
    """The schema of one version; {} for one that has none."""
    found: Schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    return found


def kinds_of(crd: Object) -> list[Kind]:
    """The kinds that a definition makes, the preferred one first; objects are kept in that one's version."""
    spec, made = crd["spec"], list[Kind]()
    names = (crd.get("status") or {}).get("acceptedNames") or spec["names"]
    for version in versions_of(crd):
        subresources = version.get("subresources") or {}
        kind = Kind(
            spec["group"],
            version["name"],
            names["plural"],
            names["kind"],
            namespaced=spec.get("scope") == "Namespaced",
            short_names=tuple(names.get("shortNames") or ()),
            has_status=subresources.get("status") is not None,
            has_scale=subresources.get("scale") is not None,
            singular=names.get("singular", ""),
            categories=tuple(names.get("categories") or ()),
            generation=True,
            custom=True,
            stored_as=made[0] if made else None,
            list_name=names.get("listKind", ""),
        )
        made.append(kind)
    return made
