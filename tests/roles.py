"""Users of a test's cluster with exactly the roles that the cockpit prints."""

from __future__ import annotations

import json
from typing import Any

import httpx

from cockpit.manifests.documents import Subjects, role_documents
from cockpit.manifests.role_rights import RoleName

_RBAC = "/apis/rbac.authorization.k8s.io/v1"


def grant(client: httpx.Client, user: str, *roles: RoleName, namespace: str | None = None) -> None:
    """Give a user these roles and no others, as `kubectl apply --server-side` would; bindings are the user's own."""
    for role in roles:
        for doc in role_documents(role, namespace, Subjects(users=(user,))):
            if not doc["apiVersion"].startswith("rbac."):
                continue  # a policy on what is written gives nobody a right
            if doc["kind"].endswith("Binding"):
                doc["metadata"]["name"] += f"-{user}"
            _apply(client, doc)


def _apply(client: httpx.Client, doc: dict[str, Any]) -> None:
    metadata, plural = doc["metadata"], f"{doc['kind'].lower()}s"
    place = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    answer = client.patch(
        f"{_RBAC}{place}/{plural}/{metadata['name']}",
        params={"fieldManager": "test", "force": "true"},
        content=json.dumps(doc),
        headers={"Content-Type": "application/apply-patch+yaml"},
    )
    assert answer.status_code in (200, 201), answer.text


def requests_of(client: httpx.Client, user: str, *, clear: bool = False) -> list[dict[str, Any]]:
    """What an embedded cluster's audit log has of a user: verb, group, resource, and whether it was allowed."""
    answer = client.post("/demo/audit", json={"clear": clear}).raise_for_status()
    return [each for each in answer.json()["requests"] if each["user"] == user]
