"""Objects of other gateways and meshes that split requests between Services: ApisixRoutes, and TrafficSplits of SMI.

`spec` stays as the API has it: splits are read by the `written` of their rooms under `cockpit.routers`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from cockpit.model.fields import entries, text
from cockpit.model.objects.meta import Meta, Obj

# No list of back-ends that people keep is longer; what is beyond is not found by its key.
_MOST_KEYS = 1000


class ApisixRoute(Obj, frozen=True):
    """Rules by which an APISIX gateway sends requests to Services of its namespace (apisix.apache.org/v2)."""

    metadata: Meta
    spec: Any = None

    def index_keys(self) -> Iterator[str]:
        """ "service=NAME" of each Service that a rule leads to."""
        backends = (entry for rule in entries(self.spec, "http") for entry in entries(rule, "backends"))
        yield from _keys(text(entry, "serviceName") for entry in backends)


class TrafficSplit(Obj, frozen=True):
    """How a service mesh divides the requests for one Service between others (split.smi-spec.io)."""

    metadata: Meta
    spec: Any = None

    def index_keys(self) -> Iterator[str]:
        """ "service=NAME" of the Service that is divided, and of those that get its requests."""
        backends = (text(entry, "service") for entry in entries(self.spec, "backends"))
        yield from _keys((text(self.spec, "service"), *backends))


def _keys(names: Iterable[str]) -> Iterator[str]:
    found: dict[str, None] = {}
    for name in names:
        # A mesh also takes a Service's full name.
        short = name.partition(".")[0]
        if short and len(found) < _MOST_KEYS:
            found[f"service={short}"] = None
    yield from found
