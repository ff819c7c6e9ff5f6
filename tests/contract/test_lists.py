"""Lists, pages and tables."""

from __future__ import annotations

import json

import pytest

from tests.contract.api import MERGE, Api, config_map, names, service


def test_lists_select_by_labels_and_fields(api: Api) -> None:
    for name, labels in (("a", {"tier": "x"}), ("b", {"tier": "y", "odd": "1"}), ("c", {})):
        api.made("configmaps", config_map(name, labels))

    def chosen(**query: str) -> list[str]:
        return names(api.list("configmaps", **query))

    assert chosen(labelSelector="tier=x") == ["a"]
    assert chosen(labelSelector="tier!=x") == ["b", "c"]
    assert chosen(labelSelector="tier in (x, y)") == ["a", "b"]
    assert chosen(labelSelector="tier notin (x),odd") == ["b"]
    assert chosen(labelSelector="!tier") == ["c"]
    assert chosen(fieldSelector="metadata.name=b") == ["b"]
    assert chosen(fieldSelector="metadata.name!=b,metadata.name!=c") == ["a"]


def test_items_of_a_list_carry_no_type(api: Api) -> None:
    api.made("configmaps", config_map("one"))
    listing = api.list("configmaps")
    assert listing["kind"] == "ConfigMapList"
    assert not any("kind" in item or "apiVersion" in item for item in listing["items"])


def test_pages_are_of_one_version(api: Api) -> None:
    for number in range(5):
        api.made("configmaps", config_map(f"m{number}"))
    first = api.list("configmaps", limit=2)
    assert len(first["items"]) == 2
    assert first["metadata"]["remainingItemCount"] >= 3
    api.made("configmaps", config_map("m9-late"))
    api.delete("configmaps", "m4")
    found, page = names(first), first
    while page["metadata"].get("continue"):
        page = api.list("configmaps", limit=2, **{"continue": page["metadata"]["continue"]})
        found += names(page)
        assert page["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert found == ["m0", "m1", "m2", "m3", "m4"]


def test_a_made_up_continue_token_is_a_bad_request(api: Api) -> None:
    answer = api.client.get(api.path("configmaps"), params={"limit": 1, "continue": "abc"})
    assert answer.status_code == 400


def test_a_version_of_the_future_is_too_large(api: Api) -> None:
    answer = api.client.get(api.path("configmaps"), params={"resourceVersion": "99999999"})
    assert answer.status_code == 504
    assert answer.json()["reason"] == "Timeout"
    assert answer.json()["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


def test_an_exact_version_lists_the_past(api: Api) -> None:
    rv = api.made("configmaps", config_map("one"))["metadata"]["resourceVersion"]
    api.made("configmaps", config_map("two"))
    assert names(api.list("configmaps", resourceVersion=rv, resourceVersionMatch="Exact")) == ["one"]
    assert set(names(api.list("configmaps", resourceVersion=rv, resourceVersionMatch="NotOlderThan"))) >= {"one"}


@pytest.mark.parametrize(
    ("plural", "columns"),
    [
        ("pods", "Name Ready Status Restarts Age IP Node"),
        ("deployments", "Name Ready Up-to-date Available Age Containers Images Selector"),
        ("replicasets", "Name Desired Current Ready Age Containers Images Selector"),
        ("services", "Name Type Cluster-IP External-IP Port(s) Age Selector"),
        ("ingresses", "Name Class Hosts Address Ports Age"),
        ("configmaps", "Name Data Age"),
        ("events", "Last-Seen Type Reason Object"),
        ("secrets", "Name Type Data Age"),
    ],
)
def test_tables_have_the_columns_kubectl_prints(api: Api, plural: str, columns: str) -> None:
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    table = api.client.get(api.path(plural), headers={"Accept": accept}).json()
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    found = [column["name"].replace(" ", "-") for column in table["columnDefinitions"]]
    assert found[: len(columns.split())] == columns.split()


def test_rows_of_a_table_carry_the_metadata(api: Api) -> None:
    api.made("services", service("web"))
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    (row,) = api.client.get(api.path("services"), headers={"Accept": accept}).json()["rows"]
    assert row["object"]["kind"] == "PartialObjectMetadata"
    assert row["object"]["metadata"]["name"] == "web"
    assert row["cells"][:2] == ["web", "ClusterIP"]
    assert row["cells"][4] == "80/TCP"


def test_a_table_is_watched_row_by_row(api: Api) -> None:
    api.made("configmaps", config_map("one", {"mine": "yes"}, a="1", b="2"))
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    query = {"watch": "1", "timeoutSeconds": "20", "labelSelector": "mine"}
    with api.client.stream("GET", api.path("configmaps"), params=query, headers={"Accept": accept}) as stream:
        lines = stream.iter_lines()
        first = json.loads(next(lines))["object"]
        api.patch("configmaps", "one", MERGE, {"data": {"c": "3"}})
        second = json.loads(next(lines))["object"]
    assert [column["name"] for column in first["columnDefinitions"]] == ["Name", "Data", "Age"]
    assert first["rows"][0]["cells"][1] == 2
    assert second["rows"][0]["cells"][1] == 3
    assert not second["columnDefinitions"]
