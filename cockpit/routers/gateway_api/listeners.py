"""Whether routes meet at a listener, and which gateway it is."""

from __future__ import annotations

from cockpit.model.fields import entries, text
from cockpit.routers.gateway_api.routes import AnyRoute, refused_parents, rules_of

_TRAEFIK = "traefik.io/"


def is_by_traefik(route: AnyRoute) -> bool:
    """Whether Traefik serves a route, as its status says."""
    return any(text(each, "controllerName").startswith(_TRAEFIK) for each in entries(route.status, "parents"))


def at_one_listener(one: AnyRoute, other: AnyRoute) -> bool:
    """Whether two routes are at the same listener, as far as it has not refused one of them.

    At a Service, a route counts for clients of its own namespace unless that is the Service's (GEP-1426).
    """
    refused = (refused_parents(one), refused_parents(other))
    spaces = (one.metadata.namespace, other.metadata.namespace)
    return any(
        mine.meets(theirs)
        and mine.place not in refused[0]
        and theirs.place not in refused[1]
        and (mine.kind != "Service" or spaces[0] == spaces[1])
        for mine in rules_of(one).parents
        for theirs in rules_of(other).parents
    )
