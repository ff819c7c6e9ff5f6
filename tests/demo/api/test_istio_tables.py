"""What `kubectl get` shows of Istio's kinds, as the API server prints their CRDs' columns."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cockpit.demo.api.tables.forms import table
from cockpit.demo.schemas import customkinds
from cockpit.demo.schemas.kind import Kind
from cockpit.demo.store.history import Record

META = {"name": "t", "creationTimestamp": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("kind", "spec", "headings", "cells"),
    [
        (
            customkinds.VIRTUALSERVICES,
            {"gateways": ["mesh", "g"], "hosts": ["a", "b.c"]},
            ["Name", "Gateways", "Hosts", "Age"],
            ["t", '["mesh","g"]', '["a","b.c"]'],
        ),
        (
            customkinds.VIRTUALSERVICES_V1ALPHA3,
            {"hosts": ["a"]},
            ["Name", "Gateways", "Hosts", "Age"],
            ["t", "", '["a"]'],
        ),
        (customkinds.DESTINATIONRULES, {"host": "a"}, ["Name", "Host", "Age"], ["t", "a"]),
        (customkinds.ISTIO_GATEWAYS, {}, ["Name", "Age"], ["t"]),
    ],
)
def test_columns(kind: Kind, spec: dict[str, Any], headings: list[str], cells: list[str]) -> None:
    obj = {"metadata": META, "spec": spec}
    shown = json.loads(table(kind, [Record(obj, ("default", "t"), 1)], {}, 1767225600.0))
    assert [column["name"] for column in shown["columnDefinitions"]] == headings
    assert shown["rows"][0]["cells"][:-1] == cells
