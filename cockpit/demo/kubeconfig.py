"""Kubeconfigs for embedded clusters."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from cockpit.demo.api.auth import Users


def for_cluster(name: str, server: str, certificate: bytes, users: Users) -> dict[str, Any]:
    """The contexts `name`, `name-colleague`, `name-viewer` and `name-nobody` of one cluster."""
    others = {f"{name}-{role}": getattr(users, role) for role in ("colleague", "viewer", "nobody")}
    contexts = {name: users.admin, **others}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "current-context": name,
        "clusters": [
            {
                "name": name,
                "cluster": {
                    "server": server,
                    "certificate-authority-data": base64.b64encode(certificate).decode(),
                },
            }
        ],
        "users": [{"name": user.name, "user": {"token": user.token}} for user in contexts.values()],
        "contexts": [
            {"name": context, "context": {"cluster": name, "user": user.name, "namespace": "default"}}
            for context, user in contexts.items()
        ],
    }


def joined(configs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One kubeconfig with the contexts of all; the current context is that of the first."""
    first = dict(configs[0])
    for part in ("clusters", "users", "contexts"):
        first[part] = [entry for config in configs for entry in config[part]]
    return first


def write(config: dict[str, Any], path: Path) -> None:
    """Write a kubeconfig atomically; only its owner can ever read it."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        yaml.safe_dump(config, file, sort_keys=False)
    part.replace(path)
