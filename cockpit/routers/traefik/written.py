"""What a TraefikService says about the two Services of a controller's rollout."""

from __future__ import annotations

from cockpit.model.fields import entries, text
from cockpit.model.lookup import Objects
from cockpit.model.refs import TRAEFIKSERVICE_VERSIONS, TRAEFIKSERVICES, Ref
from cockpit.routers.traefik.findings import unserved_shares
from cockpit.routers.traefik.split import find_traefik_service, split_of, weight_of
from cockpit.routers.traffic_findings import missing_route
from cockpit.routers.weights import weights_split
from cockpit.routers.written import WrittenSplit

_MOST_SERVICES = 200


def traefikservice_split(objects: Objects, namespace: str, name: str, stable: str, canary: str) -> WrittenSplit:
    """The split of its own weights; a TraefikService that it leads to counts as one of the others.

    Which group a controller edits depends on its settings; that of Traefik 2 counts where the other has no such object.
    """
    groups = ((group, find_traefik_service(objects, namespace, name, group)) for group in TRAEFIKSERVICE_VERSIONS)
    group, found = next(((group, each) for group, each in groups if each), (TRAEFIKSERVICES, None))
    ref = Ref(group, namespace, name)
    if found is None:
        return missing_route(ref, objects)
    listed = entries(found.spec, "weighted", "services")[:_MOST_SERVICES]
    weights = ((_name(entry, namespace), float(weight_of(entry))) for entry in listed)
    split = split_of(found, objects, group)
    return weights_split(ref, weights, stable, canary, unserved=unserved_shares(split) if split else ())


def _name(entry: object, own: str) -> str:
    """The Service's name; with its namespace or kind where it is not a Service of the same namespace."""
    name, namespace, kind = text(entry, "name"), text(entry, "namespace"), text(entry, "kind")
    plain = kind in ("", "Service") and namespace in ("", own)
    return name if plain else "/".join(filter(None, (kind, namespace, name)))
