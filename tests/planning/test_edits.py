"""Annotation edits and their inverses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.objects import Ingress
from cockpit.planning.edits import Edit, annotations_edit
from tests.objects import Cluster, ConflictError

KEYS = st.sampled_from(["a/canary-weight", "a/canary-by-header", "b~/c", "note"])
TEXTS = st.text(max_size=5)
CHANGES = st.dictionaries(KEYS, st.none() | TEXTS, max_size=4)


def cluster_with(annotations: dict[str, str]) -> Cluster:
    metadata = {"name": "web", "annotations": {"a/canary": "true", **annotations}}
    return Cluster([{"kind": "Ingress", "metadata": metadata}])


def edited(cluster: Cluster, values: dict[str, str | None]) -> Edit | None:
    ingress = cluster.ingress("web")
    assert isinstance(ingress, Ingress)
    return annotations_edit(ingress, values)


def annotations_of(cluster: Cluster) -> dict[str, Any]:
    found: dict[str, Any] = cluster.doc("Ingress", "web")["metadata"]["annotations"]
    return found


@given(st.dictionaries(KEYS, TEXTS), CHANGES, CHANGES)
def test_the_inverse_restores_or_leaves_all_as_it_is(
    start: dict[str, str], wanted: dict[str, str | None], others: dict[str, str | None]
) -> None:
    """`others` is what somebody else sets in between: none of it on these keys is ever lost."""
    cluster = cluster_with(start)
    before = dict(annotations_of(cluster))
    edit = edited(cluster, wanted)
    if edit is None:
        assert {**before, **{k: v for k, v in wanted.items() if v is not None}} == before
        return
    cluster.send(edit.request)
    left = dict(annotations_of(cluster))
    foreign = edited(cluster, others)
    if foreign:
        cluster.send(foreign.request)
    found = dict(annotations_of(cluster))
    assert edit.inverse
    try:
        cluster.send(edit.inverse)
    except ConflictError:
        assert foreign
        assert annotations_of(cluster) == found
    else:
        mine = {key for key in before.keys() | left.keys() if before.get(key) != left.get(key)}
        assert all(found.get(key) == left.get(key) for key in mine)
        assert annotations_of(cluster) == {k: v for k, v in found.items() if k not in mine} | {
            k: before[k] for k in mine & before.keys()
        }


def test_a_rule_that_somebody_sets_where_one_was_removed_stays() -> None:
    cluster = cluster_with({"a/canary-by-header": "foo"})
    edit = edited(cluster, {"a/canary-by-header": None})
    assert edit is not None
    assert edit.inverse
    cluster.send(edit.request)
    annotations_of(cluster)["a/canary-by-header"] = "bar"
    with pytest.raises(ConflictError):
        cluster.send(edit.inverse)
    assert annotations_of(cluster) == {"a/canary": "true", "a/canary-by-header": "bar"}


def test_where_nothing_is_removed_other_annotations_may_change() -> None:
    cluster = cluster_with({"a/canary-weight": "30"})
    edit = edited(cluster, {"a/canary-weight": "50"})
    assert edit is not None
    assert edit.inverse
    cluster.send(edit.request)
    annotations_of(cluster)["note"] = "x"
    cluster.send(edit.inverse)
    assert annotations_of(cluster) == {"a/canary": "true", "a/canary-weight": "30", "note": "x"}
