"""Discovery: which groups, versions and resources there are, in the old form and in the aggregated one."""

from __future__ import annotations

from typing import Any

from cockpit.demo.api.routing import PROXY_VERBS
from cockpit.demo.errors import PathNotFound, resource_not_found
from cockpit.demo.schemas.crds import version_rank
from cockpit.demo.schemas.kinds import NAMESPACES, PODS, SERVICES, Kind
from cockpit.demo.schemas.registry import Registry

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


def _subresources(kind: Kind) -> list[tuple[str, str, str, str, list[str]]]:
    """Name, group, version, kind and verbs of each subresource."""
    own = ("", "", kind.kind)
    found = []
    if kind is NAMESPACES:
        found.append(("finalize", *own, ["update"]))
    if kind is PODS:
        found.append(("log", *own, ["get"]))
    if kind is SERVICES:
        found.append(("proxy", "", "", "ServiceProxyOptions", list(PROXY_VERBS.values())))
    if kind.has_scale:
        found.append(("scale", "autoscaling", "v1", "Scale", SUBRESOURCE_VERBS))
    if kind.has_status:
        found.append(("status", *own, SUBRESOURCE_VERBS))
    return found


def api_versions() -> dict[str, Any]:
    """The answer at /api."""
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def api_group_list(registry: Registry) -> dict[str, Any]:
    """The answer at /apis."""
    return {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [_group(name, list(versions)) for name, versions in registry.groups().items() if name],
    }


def api_group(registry: Registry, name: str) -> dict[str, Any]:
    """The answer at /apis/GROUP."""
    versions = registry.groups().get(name)
    if versions is None or not name:
        raise PathNotFound
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, list(versions))}


def _group(name: str, versions: list[str]) -> dict[str, Any]:
    ordered = sorted(versions, key=version_rank)
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in ordered]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def resource_list(registry: Registry, group: str, version: str) -> dict[str, Any]:
    """The answer at /api/v1 and /apis/GROUP/VERSION."""
    known = registry.groups().get(group)
    kinds = (known or {}).get(version)
    if kinds is None:
        raise resource_not_found() if known else PathNotFound()
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


def aggregated(registry: Registry, core: bool, api_version: str) -> dict[str, Any]:
    """Everything at once: the core group (at /api) or all others (at /apis), as APIGroupDiscoveryList."""
    items = []
    for group, versions in registry.groups().items():
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
                    for version, kinds in sorted(versions.items(), key=lambda entry: version_rank(entry[0]))
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
