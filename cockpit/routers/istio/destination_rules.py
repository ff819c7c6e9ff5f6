"""Which DestinationRules define the subsets of a host, for the proxies that send the requests.

A proxy takes the rules of its own namespace first, then those that the Service's namespace exports to it, then those
that the root namespace exports to it; of each place only the rules for the most specific host that matches, and the
first place that has any decides alone (istio, pilot/pkg/model/push_context.go, destinationRule and
setDestinationRules). In the root namespace itself only rules that are private to it count as its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from cockpit.model.fields import mapping, text
from cockpit.model.lookup import Objects
from cockpit.model.objects import DestinationRule, IstioGateway, VirtualService
from cockpit.model.objects.istio import service_of, texts
from cockpit.model.refs import DESTINATIONRULE_VERSIONS, ISTIO_GATEWAY_VERSIONS
from cockpit.model.values import dataclass
from cockpit.routers.istio.delegates import root_of
from cockpit.routers.istio.proxies import proxy_namespaces
from cockpit.routers.istio.routes import MESH, MOST_GATEWAYS, ROOT_NAMESPACE, gateways_of
from cockpit.workloads.lookups import of_kind, served

_EVERYBODY, _OWN = "*", "."
_MOST_LABELS = 128


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose DestinationRules count: `namespace` is the VirtualService's, `client` that of the proxies that obey it.

    `sure` is false where these proxies are not known, and stand perhaps in another namespace.
    """

    namespace: str
    client: str
    sure: bool = True


def viewer_of(service: VirtualService, objects: Objects) -> Viewer:
    """The proxies of its first gateway that are known; else clients of its own namespace, as in a mesh."""
    namespace = service.metadata.namespace
    names = gateways_of(root_of(service, objects) or service)
    for name in islice(names, MOST_GATEWAYS):
        place, _, short = name.partition("/")
        gateway = objects.get(served(objects, ISTIO_GATEWAY_VERSIONS), place, short) if name != MESH else None
        if isinstance(gateway, IstioGateway) and (found := proxy_namespaces(gateway, objects)):
            return Viewer(namespace, found[0])
    return Viewer(namespace, namespace, sure=MESH in names)


def rules_in_force(host: str, viewer: Viewer, objects: Objects) -> tuple[DestinationRule, ...]:
    """The rules by which the viewer's proxies know the subsets of a host; of proxies that are not known, perhaps."""
    found = _in_force(host, viewer, objects)
    return found if viewer.sure else (*found, *rules_naming(host, viewer.namespace, objects))


def _in_force(host: str, viewer: Viewer, objects: Objects) -> tuple[DestinationRule, ...]:
    service = service_of(host)
    # The namespace of a ServiceEntry, which defines any other host, is not read.
    home = service[0] if service else viewer.namespace
    own = _most_specific(host, viewer.client, objects, _is_private if viewer.client == ROOT_NAMESPACE else _is_for_own)
    if own:
        return own
    for place in dict.fromkeys((home, ROOT_NAMESPACE)):
        shared = _most_specific(host, place, objects, lambda rule: not _is_private(rule))
        if found := tuple(
            rule for rule in shared if not _targets(rule) or {_EVERYBODY, viewer.client} & _targets(rule)
        ):
            return found
    return ()


def rules_naming(host: str, namespace: str, objects: Objects) -> tuple[DestinationRule, ...]:
    """Every rule that some proxy may go by for a host: whether it does is not asked, for what must not be missed."""
    service = service_of(host)
    places = dict.fromkeys((namespace, *((service[0],) if service else ()), ROOT_NAMESPACE))
    return tuple(rule for place in places for key in _patterns(host) for rule in _keyed(objects, place, key))


def is_for_one_host(rule: DestinationRule) -> bool:
    """Whether its subsets are those of one host only."""
    return not text(rule.spec, "host").startswith(_EVERYBODY)


def _most_specific(
    host: str, place: str, objects: Objects, counts: Callable[[DestinationRule], bool]
) -> tuple[DestinationRule, ...]:
    """The rules of a namespace for a host that count: those for its full name, else for the longest pattern."""
    for pattern in _patterns(host):
        if found := tuple(filter(counts, _keyed(objects, place, pattern))):
            return found
    return ()


def _patterns(host: str) -> Iterator[str]:
    """The host, and the wildcards that match it, the longest first."""
    yield host
    labels = host.split(".")[:_MOST_LABELS]
    yield from (f"*.{'.'.join(labels[at:])}" for at in range(1, len(labels)))
    yield _EVERYBODY


def _keyed(objects: Objects, place: str, host: str) -> tuple[DestinationRule, ...]:
    return of_kind(DestinationRule, objects.keyed(served(objects, DESTINATIONRULE_VERSIONS), place, f"host={host}"))


def _targets(rule: DestinationRule) -> set[str]:
    """The namespaces that it is exported to, as written; a rule for chosen pods is private."""
    return {_OWN} if mapping(rule.spec, "workloadSelector") else set(texts(mapping(rule.spec).get("exportTo")))


def _is_for_own(rule: DestinationRule) -> bool:
    targets = _targets(rule)
    return not targets or bool(targets & {_EVERYBODY, _OWN, rule.metadata.namespace})


def _is_private(rule: DestinationRule) -> bool:
    return _targets(rule) in ({_OWN}, {rule.metadata.namespace})
