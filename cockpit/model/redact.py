"""Request bodies without possible credentials, for display and files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

HIDDEN = "(hidden)"

# Fields of pods, ConfigMaps and Secrets that often contain credentials.
_CONFIDENTIAL = frozenset({"env", "args", "command", "data", "stringData", "binaryData"})
# kubectl apply stores the whole object in it as text.
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# The names of fields without which nothing of a value is hidden, unless it is very deep. "op" makes it an operation of
# JSON Patch, whose path can name a confidential field.
LOOKED_AT = _CONFIDENTIAL | {_LAST_APPLIED, "op"}
# These name a variable or the source of its value, but contain no value.
_NAMES = frozenset({"name", "valueFrom"})
# Maps of labels, in which a key such as "env" names a label. Anyone who may read the object sees them.
_LABELS = frozenset({"labels", "matchLabels", "selector"})
# Far deeper than any Kubernetes object.
_DEEPEST = 60


def redacted(body: Any) -> Any:
    """A copy of a JSON value in which "(hidden)" replaces every value that may be confidential.

    Hidden are values under `env` (except names of variables and sources of values), `args`, `command`, `data`,
    `stringData` and `binaryData` at any depth, values that JSON Patch operations (RFC 6902) write or test there,
    and the annotation in which kubectl stores the whole object. Labels with such names are shown.
    """
    return _redacted(body, 0)


def _redacted(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        return HIDDEN
    match value:
        case dict():
            if fields := _confidential_fields(value):
                env = fields == {"env"}
                return {
                    key: _hidden(item, depth + 1, env) if key == "value" else _redacted(item, depth + 1)
                    for key, item in value.items()
                }
            if _of_labels(value):
                return {
                    key: _label_map(item, depth + 1) if key == "value" else _field(key, item, depth + 1)
                    for key, item in value.items()
                }
            return {key: _field(key, item, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [_redacted(item, depth + 1) for item in value]
        case _:
            return value


def _field(key: Any, value: Any, depth: int) -> Any:
    if key == _LAST_APPLIED:
        return value if value is None else HIDDEN
    if key in _LABELS:
        return _label_map(value, depth)
    return _hidden(value, depth, key == "env") if key in _CONFIDENTIAL else _redacted(value, depth)


def _label_map(value: Any, depth: int) -> Any:
    """Labels as they are; what is no text, such as a selector's `matchLabels`, is looked at as everywhere else."""
    if not isinstance(value, dict):
        return _redacted(value, depth)
    return {key: item if isinstance(item, str) else _field(key, item, depth + 1) for key, item in value.items()}


def _hidden(value: Any, depth: int, env: bool) -> Any:
    """The structure of a confidential value; None stays, because it contains nothing and removes a field."""
    if depth > _DEEPEST:
        return HIDDEN
    match value:
        case None:
            return None
        case dict():
            return {
                key: item if env and key in _NAMES else _hidden(item, depth + 1, env) for key, item in value.items()
            }
        case list() | tuple():
            return [_hidden(item, depth + 1, env) for item in value]
        case _:
            return HIDDEN


def _confidential_fields(value: dict[Any, Any]) -> set[str]:
    """The confidential fields in the path of a JSON Patch operation; none if this is not such an operation."""
    parts = _path(value)
    return {part for part in _outside_labels(parts) if part in _CONFIDENTIAL} | {*parts} & {_LAST_APPLIED}


def is_confidential(path: Sequence[object]) -> bool:
    """Whether a value at this path of an object may be confidential."""
    return any(part in _CONFIDENTIAL for part in _outside_labels(path))


def _outside_labels(path: Sequence[object]) -> Sequence[object]:
    """The path without the name of a label: a map of labels has one level, so it is the last part."""
    return path[:-1] if len(path) > 1 and path[-2] in _LABELS else path


def _of_labels(value: dict[Any, Any]) -> bool:
    """Whether a JSON Patch operation is about a map of labels."""
    return _path(value)[-1:] in [[name] for name in _LABELS]


def _path(value: dict[Any, Any]) -> list[str]:
    """The path of a JSON Patch operation in parts; none if this is not such an operation."""
    path = value.get("path")
    if not isinstance(path, str) or "op" not in value:
        return []
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")]
