"""Whether a root's route can hand requests to a delegate's route, or Istio drops the latter for its match.

Each match block of the delegate's route has to lie within one of the root's, else the whole route is dropped (istio,
pilot/pkg/model/virtualservice.go, mergeHTTPMatchRequests and hasConflict). Blocks are compared as the API has them: a
prefix of `/` in a delegate conflicts with a longer one in the root, though it says nothing by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.model.fields import entries, mapping, text
from cockpit.routers.istio.routes import IstioRoute

_FIELDS = ("uri", "scheme", "method", "authority")
_BY_NAME = ("headers", "withoutHeaders", "queryParams")


def conflicts(root: IstioRoute, route: IstioRoute) -> bool:
    """Whether the root's route cannot be joined with the delegate's."""
    outer, inner = _blocks(root), _blocks(route)
    if not outer or not inner:
        return False
    return any(all(_conflict(wide, block) for wide in outer) for block in inner)


def _blocks(route: IstioRoute) -> list[dict[str, Any]]:
    """As many as its `matches`, whose number is bounded."""
    return [block for block in entries(route.raw, "match") if isinstance(block, dict)]


def _conflict(root: dict[str, Any], leaf: dict[str, Any]) -> bool:
    if any(_values_conflict(one, other) for one, other in _pairs(root, leaf)):
        return True
    if (root.get("ignoreUriCase") is True) != (leaf.get("ignoreUriCase") is True):
        return True
    if root.get("port") and leaf.get("port") and root["port"] != leaf["port"]:
        return True
    if root.get("sourceNamespace") and root["sourceNamespace"] != leaf.get("sourceNamespace"):
        return True
    labels = mapping(root, "sourceLabels")
    if any(labels.get(key, value) != value for key, value in mapping(leaf, "sourceLabels").items()):
        return True
    at, within = ({str(name) for name in entries(block, "gateways")} for block in (leaf, root))
    return bool(at and within and not at <= within)


def _pairs(root: dict[str, Any], leaf: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """What root and leaf ask of the same thing, where both ask something."""
    for field in _FIELDS:
        if root.get(field) is not None and leaf.get(field) is not None:
            yield root[field], leaf[field]
    for field in _BY_NAME:
        outer = mapping(root, field)
        for name, value in mapping(leaf, field).items():
            if outer.get(name) is not None and value is not None:
                yield outer[name], value


def _values_conflict(root: Any, leaf: Any) -> bool:
    """Whether a leaf's values are not all within the root's; patterns never are, and neither is mere presence."""
    exact, prefix = text(root, "exact"), text(root, "prefix")
    if text(root, "regex") or text(leaf, "regex"):
        return True
    if exact:
        return text(leaf, "exact") != exact
    wanted = text(leaf, "prefix") or text(leaf, "exact")
    return not (prefix and wanted and wanted.startswith(prefix))
