"""What is seen, for a ticket: the screen as SVG and as text, and the facts behind it as JSON.

Nothing else than what is on the screen, or what its view holds, is written: no YAML of objects, no values of env.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from cockpit.model.lazy_re import lazy_re
from cockpit.model.secret_parameters import shown_path
from cockpit.model.view import FleetView, RolloutView

# Fields that can hold credentials.
_WITHHELD = frozenset({"headers", "proxy"})
# Answers and points that a picture of the screen shows at most; older ones say nothing about now.
_MOST_CELLS = 200
_NOT_PLAIN = lazy_re(r"[^\n -~]")


def document(view: FleetView, shown: RolloutView | None, screen: str, text: str) -> dict[str, Any]:
    """The facts: of the rollout on screen, or of all of them, and the journal."""
    rollouts = (shown,) if shown else view.rollouts
    keys = {each.rollout.key for each in rollouts}
    return {
        "time": datetime.fromtimestamp(view.at, UTC).isoformat().replace("+00:00", "Z"),
        "screen": screen,
        "text": text.splitlines(),
        "clusters": [_built(cluster) for cluster in view.clusters],
        "rollouts": [_bounded(_built(each)) for each in rollouts],
        "journal": [_built(entry) for entry in view.journal if entry.rollout in keys or not shown],
    }


def as_json(facts: dict[str, Any]) -> bytes:
    """The facts as they are. What could move a terminal on which the file is printed is escaped, as JSON can."""
    written = msgspec.json.format(msgspec.json.encode(facts)).decode()
    return _NOT_PLAIN.sub(_escaped, written).encode() + b"\n"


def _escaped(found: re.Match[str]) -> str:
    return found[0] if found[0].isprintable() else json.dumps(found[0])[1:-1]


def _built(value: object) -> Any:
    """Plain values; what can be secret of a probe target, headers and parameters of its path, is left out."""
    return _without_credentials(msgspec.to_builtins(value, enc_hook=str))


def _without_credentials(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {key: _without_credentials(item) for key, item in value.items() if key not in _WITHHELD}
        return {**kept, "path": shown_path(kept["path"])} if isinstance(kept.get("path"), str) else kept
    if isinstance(value, list | tuple):
        return [_without_credentials(item) for item in value]
    return value


def _bounded(rollout: dict[str, Any]) -> dict[str, Any]:
    probe = dict(rollout["probe"])
    for field in ("strip", "history"):
        probe[field] = probe[field][-_MOST_CELLS:]
    return {**rollout, "probe": probe}


def write_snapshot(folder: Path, name: str, parts: Mapping[str, bytes]) -> Path:
    """Write each part to `name` with its ending, readable by their owner only; returns the path without an ending.

    An earlier snapshot is never overwritten. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    base, number = folder / name, 1
    while any(base.with_name(f"{base.name}.{ending}").exists() for ending in parts):
        number += 1
        base = folder / f"{name}-{number}"
    for ending, content in parts.items():
        path = base.with_name(f"{base.name}.{ending}")
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    return base
