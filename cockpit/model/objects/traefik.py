"""Traefik's own kinds (traefik.io/v1alpha1): what splits requests, and what leads to it.

`spec` stays as the API has it: splits are read by `cockpit.routers.traefik.split`.
"""

from collections.abc import Iterator
from typing import Any

from cockpit.model.fields import entries, mapping, text
from cockpit.model.objects.meta import Meta, Obj

# No list of services that people keep is longer; what is beyond is not found by its key.
_MOST_KEYS = 1000
_PLACES = ("weighted", "highestRandomWeight", "failover")


class TraefikService(Obj, frozen=True):
    """A split by weight, a mirror or a failover between Services and other TraefikServices."""

    metadata: Meta
    spec: Any = None

    def index_keys(self) -> Iterator[str]:
        """ "service=NAME" of each Service that it sends requests or copies of them to, "traefikservice=NAME" of others.

        "service=NAMESPACE/NAME" where that is in another namespace.
        """
        yield from _keys(self.metadata.namespace, self._named())

    def _named(self) -> Iterator[Any]:
        for place in _PLACES:
            yield from entries(self.spec, place, "services")
        mirroring = mapping(self.spec, "mirroring")
        yield mirroring
        yield from entries(mirroring, "mirrors")
        yield from (mapping(self.spec, "failover", key) for key in ("service", "fallback"))


class IngressRoute(Obj, frozen=True):
    """Rules for requests that come in. It has no status: by which address they come, Traefik's own Service says."""

    metadata: Meta
    spec: Any = None

    def index_keys(self) -> Iterator[str]:
        """As those of a TraefikService, of the services of each route."""
        named = (entry for route in entries(self.spec, "routes") for entry in entries(route, "services"))
        yield from _keys(self.metadata.namespace, named)


def _keys(own: str, named: Iterator[Any]) -> Iterator[str]:
    found: dict[str, None] = {}
    for entry in named:
        name, place = text(entry, "name"), text(entry, "namespace")
        if name and len(found) < _MOST_KEYS:
            word = "traefikservice" if text(entry, "kind") == "TraefikService" else "service"
            found[f"{word}={place}/{name}" if place not in ("", own) else f"{word}={name}"] = None
    yield from found
