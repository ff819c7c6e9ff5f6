"""What a Rollout's controller asks of a router."""

from __future__ import annotations

from typing import Any, Protocol


class RoutingError(Exception):
    """A route could not be written; the text names the object and what is wrong with it."""


class Router(Protocol):
    """Writes weights and routes into the objects of one kind of router."""

    verified: bool | None

    def set_weight(self, weight: int, others: list[dict[str, Any]]) -> None:
        """Give the canary a weight; `others` are those of experiments, with `serviceName`."""

    def update_hashes(self, canary: str, stable: str, others: list[dict[str, Any]]) -> None:
        """Tell versions by their hashes, where the router does so."""

    def set_header_route(self, route: dict[str, Any]) -> None:
        """Add, change or (without `match`) take away a route by headers."""

    def set_mirror_route(self, route: dict[str, Any]) -> None:
        """Add, change or (without `match`) take away a mirrored route."""

    def remove_managed_routes(self) -> None:
        """Take every route away that steps added."""


class WeightsOnly:
    """A router without routes of steps' own."""

    verified: bool | None = None

    def update_hashes(self, canary: str, stable: str, others: list[dict[str, Any]]) -> None:
        """Does nothing: versions are told apart by their Services."""

    def set_header_route(self, route: dict[str, Any]) -> None:
        """Nothing: there are no such routes."""

    def set_mirror_route(self, route: dict[str, Any]) -> None:
        """Nothing: there are no such routes."""

    def remove_managed_routes(self) -> None:
        """Nothing: there are none."""


def header_matches(route: dict[str, Any]) -> list[dict[str, Any]]:
    """The matches of a header route as VirtualServices write them."""
    return [
        {
            "headers": {
                match["headerName"]: {key: value for key, value in (match.get("headerValue") or {}).items() if value}
            }
        }
        for match in route.get("match") or []
    ]
