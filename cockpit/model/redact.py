"""Bodies of requests without what may be a credential, for people and for files."""

from __future__ import annotations

from typing import Any

HIDDEN = "(hidden)"

# Fields of pods, ConfigMaps and Secrets that people put credentials into.
_CONFIDENTIAL = frozenset({"env", "args", "command", "data", "stringData", "binaryData"})
# kubectl keeps the whole object in it, as text (kubectl apply).
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# Names what is set, or where a value comes from, and holds no value itself.
_NAMES = frozenset({"name", "valueFrom"})
# No Kubernetes object is nearly as deep.
_DEEPEST = 60


def redacted(body: Any) -> Any:
    """A copy of a JSON value in which "(hidden)" stands for every value that may be confidential.

    That is what is under `env` (names of variables and where values come from stay), `args`, `command`,
    `data`, `stringData` and `binaryData` at any depth, what operations of a JSON patch (RFC 6902) write
    or test there, and the annotation in which kubectl keeps the whole object.
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
            return {key: _field(key, item, depth + 1) for key, item in value.items()}
        case list() | tuple():
            return [_redacted(item, depth + 1) for item in value]
        case _:
            return value


def _field(key: Any, value: Any, depth: int) -> Any:
    if key == _LAST_APPLIED:
        return value if value is None else HIDDEN
    return _hidden(value, depth, key == "env") if key in _CONFIDENTIAL else _redacted(value, depth)


def _hidden(value: Any, depth: int, env: bool) -> Any:
    """The shape of a confidential value; None stays, because it holds nothing and removes a field."""
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
    """The confidential fields that an operation of a JSON patch is inside of; none where this is no such operation."""
    path = value.get("path")
    if not isinstance(path, str) or "op" not in value:
        return set()
    parts = {part.replace("~1", "/").replace("~0", "~") for part in path.split("/")}
    return parts & (_CONFIDENTIAL | {_LAST_APPLIED})
