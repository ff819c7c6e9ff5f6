"""Bodies and objects without possible credentials, for screens, files and output: one rule for all of them. Pure.

A record, which is given away, leaves out more: `Redaction.stored`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cockpit.model.credentials import HIDDEN as HIDDEN
from cockpit.model.credentials import names_a_credential, without_credentials
from cockpit.model.secret_headers import carries_secret, may_be_stored

# Fields of pods, ConfigMaps and Secrets that often contain credentials; what a metric of an AnalysisRun sends
# (argoproj.io/v1alpha1, `provider.web`), and the settings of its plugin.
_CONFIDENTIAL = frozenset(
    {*("env", "args", "command", "data", "stringData", "binaryData"), *("jsonBody", "body", "plugin")}
)
# kubectl apply stores the whole object in it as text.
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
# Headers, and parameters of a query: a list of names (or keys) and values, or a map. In a match they choose requests,
# and are no credentials unless by their name.
HEADERS = frozenset({"headers", "httpHeaders", "set", "add", "queryParams"})
_MATCHES = frozenset({"match", "matches"})
# Each plugin of an ApisixRoute has a name and its own settings, such as keys (apisix.apache.org/v2, `plugins`); those
# of an Argo Rollout are a map, of names of routes.
_PLUGINS, _SETTINGS = "plugins", "config"
# What Flagger sends to a webhook, such as the command line of a load test (flagger.app/v1beta1, `analysis.webhooks`).
_WEBHOOKS, _SENT = "webhooks", "metadata"
# The names of fields without which nothing of a value is hidden, unless it is very deep, has a name that says so or a
# credential inside of a text. "op" makes it an operation of JSON Patch, whose path can name a confidential field.
LOOKED_AT = _CONFIDENTIAL | HEADERS | {_LAST_APPLIED, _PLUGINS, _WEBHOOKS, "op"}
# These name a variable or the source of its value, but contain no value.
_NAMES = frozenset({"name", "valueFrom"})
# Maps of labels, in which a key such as "env" names a label. Anyone who may read the object sees them.
_LABELS = frozenset({"labels", "matchLabels", "selector"})
# Far deeper than any Kubernetes object.
DEEPEST = 60


def redacted(body: Any) -> Any:
    """A copy of a JSON value in which "(hidden)" replaces every value that may be confidential.

    Hidden are values under `env` (except names of variables and sources of values), `args`, `command`, `data`,
    `stringData` and `binaryData`, under bodies and settings of plugins and webhooks, headers that may carry
    credentials, fields whose name says that they do, at any depth; values that JSON Patch operations (RFC 6902) write
    or test there, and the annotation in which kubectl stores the whole object. Of other texts users, passwords and
    secret parameters of URLs are hidden, and tokens. Labels with such names are shown.
    """
    return _SHOWN.of(body)


class Redaction:
    """What is left out. With `stored` no header is kept that may carry a credential, not even in a match.

    `keeps` says of an annotation, by its name and value, whether it is kept.
    """

    def __init__(self, *, stored: bool = False, keeps: Callable[[str, Any], bool] = lambda name, value: True) -> None:
        self._stored = stored
        self._keeps = keeps

    def of(self, body: Any) -> Any:
        """The value without what is left out."""
        return self._redacted(body, 0, False)

    def _redacted(self, value: Any, depth: int, matching: bool) -> Any:
        if depth > DEEPEST:
            return HIDDEN
        match value:
            case str():
                return without_credentials(value)
            case dict():
                if path := _path(value):
                    return self._operation(value, path, depth)
                return {key: self._field(key, item, depth + 1, matching) for key, item in value.items()}
            case list() | tuple():
                return [self._redacted(item, depth + 1, matching) for item in value]
            case _:
                return value

    def _operation(self, value: dict[Any, Any], path: list[str], depth: int) -> dict[Any, Any]:
        """An operation of JSON Patch: its value as it would be shown where its path leads."""
        return {
            key: self._at(path, item, depth + 1) if key == "value" else self._field(key, item, depth + 1, False)
            for key, item in value.items()
        }

    def _at(self, path: list[str], value: Any, depth: int) -> Any:
        """A value as it is shown in an object that has it at this path."""
        steps: list[int | str] = [0 if part == "-" or part.isdigit() else part for part in path[1:]]
        shown = value
        for step in reversed(steps):
            shown = [shown] if step == 0 else {step: shown}
        shown = self._redacted(shown, depth, False)
        for step in steps:
            if not isinstance(shown, dict | list):
                return shown
            shown = shown[step]  # type: ignore[index]
        return shown

    def _field(self, key: Any, value: Any, depth: int, matching: bool) -> Any:
        if key == _LAST_APPLIED:
            return value if value is None else HIDDEN
        if key in _LABELS:
            return self._label_map(value, depth)
        if key in _CONFIDENTIAL:
            return _hidden(value, depth, key == "env")
        if key == "annotations" and isinstance(value, dict):
            return {name: self._annotation(name, item, depth + 1) for name, item in value.items()}
        if key in HEADERS:
            return self._headers(value, depth, matching)
        if key == _PLUGINS and isinstance(value, list):
            return [self._without(item, _SETTINGS, depth + 1) for item in value]
        if key == _WEBHOOKS and isinstance(value, list):
            return [self._without(item, _SENT, depth + 1) for item in value]
        if isinstance(key, str) and isinstance(value, str) and names_a_credential(key):
            return HIDDEN
        return self._redacted(value, depth, matching or key in _MATCHES)

    def _annotation(self, name: Any, value: Any, depth: int) -> Any:
        if value is None or (isinstance(name, str) and self._keeps(name, value)):
            return self._field(name, value, depth, False)
        return HIDDEN

    def _label_map(self, value: Any, depth: int) -> Any:
        """Labels as they are; what is no text, such as a selector's `matchLabels`, is looked at as everywhere else."""
        if not isinstance(value, dict):
            return self._redacted(value, depth, False)
        return {
            key: item if isinstance(item, str) else self._field(key, item, depth + 1, False)
            for key, item in value.items()
        }

    def _without(self, item: Any, settings: str, depth: int) -> Any:
        """A plugin or a webhook without what it is given."""
        if not isinstance(item, dict):
            return self._redacted(item, depth, False)
        return {
            key: _hidden(each, depth + 1, False) if key == settings else self._field(key, each, depth + 1, False)
            for key, each in item.items()
        }

    def _headers(self, value: Any, depth: int, matching: bool) -> Any:
        if depth > DEEPEST:
            return HIDDEN
        if isinstance(value, list | tuple):
            return [self._header(item, depth + 1, matching) for item in value]
        if isinstance(value, dict):
            return {name: self._header_value(name, item, depth + 1, matching) for name, item in value.items()}
        return self._redacted(value, depth, matching)

    def _header(self, item: Any, depth: int, matching: bool) -> Any:
        if not isinstance(item, dict):
            return self._redacted(item, depth, matching)
        name = item.get("name", item.get("key"))
        return {
            key: self._header_value(name, each, depth, matching)
            if key == "value"
            else self._field(key, each, depth + 1, matching)
            for key, each in item.items()
        }

    def _header_value(self, name: Any, value: Any, depth: int, matching: bool) -> Any:
        """A header's value; in a match of a mesh it is a map, such as `exact`."""
        if isinstance(name, str) and not carries_secret(name):
            if not isinstance(value, str):
                return self._redacted(value, depth, matching)
            if may_be_stored(name, value) or (matching and not self._stored):
                return without_credentials(value)
        return _hidden(value, depth, False)


_SHOWN = Redaction()


def _hidden(value: Any, depth: int, env: bool) -> Any:
    """The structure of a confidential value; None stays, because it contains nothing and removes a field."""
    if depth > DEEPEST:
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


def is_confidential(path: Sequence[object]) -> bool:
    """Whether a value at this path of an object may be confidential; items of lists by "[name]"."""
    parts = [str(part).removeprefix("[").removesuffix("]") for part in _outside_labels(path)]
    if any(part in _CONFIDENTIAL or part == _LAST_APPLIED for part in parts):
        return True
    if _under(parts, _PLUGINS, _SETTINGS) or _under(parts, _WEBHOOKS, _SENT):
        return True
    if len(parts) == len(path) and parts and names_a_credential(parts[-1]):
        return True
    first = next((place for place, part in enumerate(parts) if part in HEADERS), None)
    if first is None or first + 1 == len(parts):
        return False
    return _MATCHES.isdisjoint(parts) or any(map(carries_secret, parts[first + 1 :]))


def _under(parts: Sequence[str], list_: str, settings: str) -> bool:
    """Whether a path leads to the settings of an item of a list."""
    return any(part == list_ and settings in parts[place + 2 : place + 3] for place, part in enumerate(parts))


def _outside_labels(path: Sequence[object]) -> Sequence[object]:
    """The path without the name of a label: a map of labels has one level, so it is the last part."""
    return path[:-1] if len(path) > 1 and path[-2] in _LABELS else path


def _path(value: dict[Any, Any]) -> list[str]:
    """The path of a JSON Patch operation in parts; none if this is not such an operation."""
    path = value.get("path")
    if not isinstance(path, str) or "op" not in value:
        return []
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")]
