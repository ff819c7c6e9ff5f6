"""Every kind that an adapter reads has its row, and a kind that sends requests to Services is known to do so."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.model import refs
from cockpit.model.kinds import KINDS, ROUTING, STRUCTS, families
from cockpit.model.refs import Resource
from cockpit.routers import ADAPTERS
from cockpit.session.facts.adapters import ADAPTERS as ALL

SERVICE = "web"
# An object of each kind that names Service shop/web as a back-end, by its kind.
LEADS = {
    "Ingress": {"rules": [{"http": {"paths": [{"path": "/", "backend": {"service": {"name": SERVICE}}}]}}]},
    "HTTPRoute": {"rules": [{"backendRefs": [{"name": SERVICE, "port": 80}]}]},
    "GRPCRoute": {"rules": [{"backendRefs": [{"name": SERVICE, "port": 80}]}]},
    "TraefikService": {"weighted": {"services": [{"name": SERVICE, "port": 80}]}},
    "IngressRoute": {"routes": [{"services": [{"name": SERVICE, "port": 80}]}]},
    "ApisixRoute": {"http": [{"name": "all", "backends": [{"serviceName": SERVICE, "servicePort": 80}]}]},
    "TrafficSplit": {"service": "root", "backends": [{"service": SERVICE, "weight": 1}]},
    "VirtualService": {"http": [{"route": [{"destination": {"host": SERVICE}}]}]},
}


@pytest.mark.parametrize("adapter", ALL, ids=lambda adapter: type(adapter).__name__)
def test_every_kind_that_an_adapter_needs_has_a_row(adapter: object) -> None:
    needed = set(adapter.needs) | set(adapter.roots)  # type: ignore[attr-defined]
    assert needed <= STRUCTS.keys()


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda adapter: type(adapter).__name__)
def test_what_a_router_is_rooted_in_decides_where_traffic_goes(adapter: object) -> None:
    assert set(adapter.roots) <= ROUTING  # type: ignore[attr-defined]


@pytest.mark.parametrize("row", [row for row in KINDS if row.service_key], ids=lambda row: row.resource.path())
def test_the_key_of_a_kind_finds_an_object_that_names_the_service(row) -> None:  # type: ignore[no-untyped-def]
    doc = {"metadata": {"namespace": "shop", "name": "way"}, "spec": LEADS[row.resource.kind]}
    found = msgspec.convert(doc, row.struct)
    assert row.service_key is not None
    assert row.service_key("shop", SERVICE) in set(found.index_keys())


def test_each_kind_has_one_row() -> None:
    assert len(STRUCTS) == len(KINDS)
    # Events, namespaces and a lock's ConfigMap are read when asked for, a Job is only made: none is part of a rollout.
    apart = (refs.EVENTS, refs.JOBS, refs.NAMESPACES, refs.CONFIGMAPS)
    known = [value for value in vars(refs).values() if isinstance(value, Resource) and value not in apart]
    assert set(known) == STRUCTS.keys()


def test_versions_of_a_kind_stand_together_the_preferred_one_first() -> None:
    found = families([refs.HTTPROUTES_V1BETA1, refs.PODS, refs.HTTPROUTES])
    assert found == ((refs.HTTPROUTES, refs.HTTPROUTES_V1BETA1), (refs.PODS,))
