"""Discovery: which groups, versions and resources there are, in the old form and in the aggregated one."""

from __future__ import annotations

from typing import Any

from cockpit.demo.errors import PathNotFound, resource_not_found
from cockpit.demo.schemas.kinds import KINDS, NAMESPACES, PODS, Kind

SUBRESOURCE_VERBS = ["get", "patch", "update"]
VERSION = {
    "major": "1",
    "minor": "34",
    "gitVersion": "v1.34.2",
    "gitCommit": "embedded",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": "embedded/cluster",
}


def groups() -> dict[str, dict[str, list[Kind]]]:
    """The kinds by group and version, in the order of the registry."""
    found: dict[str, dict[str, list[Kind]]] = {}
    for kind in KINDS:
        found.setdefault(kind.group, {}).setdefault(kind.version, []).append(kind)
    return found


def _subresources(kind: Kind) -> list[tuple[str, str, str, str, list[str]]]:
    """Name, group, version, kind and verbs of each subresource."""
    own = ("", "", kind.kind)
    found = []
    if kind is NAMESPACES:
        found.append(("finalize", *own, ["update"]))
    if kind is PODS:
        found.append(("log", *own, ["get"]))
    if kind.has_scale:
        found.append(("scale", "autoscaling", "v1", "Scale", SUBRESOURCE_VERBS))
    if kind.has_status:
        found.append(("status", *own, SUBRESOURCE_VERBS))
    return found


def api_versions() -> dict[str, Any]:
    """The answer at /api."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def api_group_list() -> dict[str, Any]:
    """The answer at /apis."""
    return {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [_group(name, list(versions)) for name, versions in groups().items() if name],
    }


def api_group(name: str) -> dict[str, Any]:
    """The answer at /apis/GROUP."""
    versions = groups().get(name)
    if versions is None or not name:
        raise PathNotFound
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, list(versions))}


def _group(name: str, versions: list[str]) -> dict[str, Any]:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resource_list(group: str, version: str) -> dict[str, Any]:
    """The answer at /api/v1 and /apis/GROUP/VERSION."""
    kinds = groups().get(group, {}).get(version)
    if kinds is None:
        raise resource_not_found() if group in groups() else PathNotFound()
    resources: list[dict[str, Any]] = []
    for kind in kinds:
        entry: dict[str, Any] = {
            "name": kind.plural,
            "singularName": kind.singular_name,
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": list(kind.verbs),
        }
        if kind.short_names:
            entry["shortNames"] = list(kind.short_names)
        if kind.categories:
            entry["categories"] = list(kind.categories)
        resources.append(entry)
        for name, sub_group, sub_version, sub_kind, verbs in _subresources(kind):
            sub: dict[str, Any] = {
                "name": f"{kind.plural}/{name}",
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": sub_kind,
                "verbs": verbs,
            }
            if sub_group:
                sub.update(group=sub_group, version=sub_version)
            resources.append(sub)
    group_version = f"{group}/{version}" if group else version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources}


def aggregated(core: bool, api_version: str) -> dict[str, Any]:
    """Everything at once: the core group (at /api) or all others (at /apis), as APIGroupDiscoveryList."""
    items = []
    for group, versions in groups().items():
        if (group == "") is not core:
            continue
        items.append(
            {
                "metadata": {"name": group} if group else {},
                "versions": [
                    {
                        "version": version,
                        "resources": [_aggregated_resource(kind) for kind in kinds],
                        "freshness": "Current",
                    }
                    for version, kinds in versions.items()
                ],
            }
        )
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{api_version}",
        "metadata": {},
        "items": items,
    }


def _aggregated_resource(kind: Kind) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "resource": kind.plural,
        "responseKind": {"group": kind.group, "version": kind.version, "kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular_name,
        "verbs": list(kind.verbs),
    }
    if kind.short_names:
        entry["shortNames"] = list(kind.short_names)
    if kind.categories:
        entry["categories"] = list(kind.categories)
    subresources = [
        {
            "subresource": name,
            "responseKind": {
                "group": group or kind.group,
                "version": version or kind.version,
                "kind": sub_kind,
            },
            "verbs": verbs,
        }
        for name, group, version, sub_kind, verbs in _subresources(kind)
    ]
    if subresources:
        entry["subresources"] = subresources
    return entry
