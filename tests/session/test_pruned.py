"""Fields that the API server drops because its schema does not know them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import ARGO_ROLLOUTS, Ref
from cockpit.model.view import Stage
from cockpit.session.acts.pruned import why_pruned
from tests.session.acting import FLIP, PROMOTE, prepared
from tests.session.apiserver import ApiServer
from tests.session.conftest import SHOP, Open

REF = Ref(ARGO_ROLLOUTS, "shop", "shop")


def merge(body: Any, subresource: str | None = None) -> Request:
    return Request(Verb.PATCH, REF, body, PatchType.MERGE, subresource)


def json_patch(*operations: tuple[str, str, Any]) -> Request:
    body = [{"op": op, "path": path, "value": value} for op, path, value in operations]
    return Request(Verb.PATCH, REF, body, PatchType.JSON)


@pytest.mark.parametrize(
    ("request_", "answer", "named"),
    [
        (merge({"spec": {"pause": True}}), {"spec": {"replicas": 2}}, "spec.pause"),
        (
            merge({"spec": {"canary": {"steps": [{"setWeight": 5, "mirror": {"a": 1}}]}}}),
            {"spec": {"canary": {"steps": [{"setWeight": 5}]}}},
            "spec.canary.steps[0].mirror",
        ),
        (json_patch(("add", "/spec/steps/0/mirror", {"a": 1})), {"spec": {"steps": [{}]}}, "spec.steps[0].mirror"),
        (json_patch(("replace", "/spec/steps", [{"mirror": 1}])), {"spec": {}}, "spec.steps"),
        (merge({"metadata": {"annotations": {"a": "b"}}}), {"metadata": {}}, "metadata.annotations"),
        (merge({"status": {"promoteFull": True}}, "status"), {"status": {}}, "status.promoteFull"),
        (
            Request(Verb.CREATE, REF, {"kind": "Rollout", "spec": {"blueGreen": {"a": 1}}}),
            {"kind": "Rollout", "spec": {}},
            "spec.blueGreen",
        ),
    ],
)
def test_what_is_not_in_the_answer_is_named(request_: Request, answer: Any, named: str) -> None:
    why = why_pruned(request_, answer)
    assert why.startswith(f"the API server dropped {named}: the schema of Rollout (argoproj.io/v1alpha1)")


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (
            merge(
                {"metadata": {"resourceVersion": "1"}, "spec": {"paused": False, "weight": 0, "hosts": [], "old": None}}
            ),
            {"spec": {}},
        ),
        (merge({"spec": {"cpu": "1000m"}}), {"spec": {"cpu": "1"}}),
        (merge({"status": {"abort": True}}), {"spec": {}}),
        (json_patch(("test", "/spec/gone", 1), ("add", "/spec/a", 1)), {"spec": {"a": 1}}),
        (json_patch(("add", "/spec/a", 1), ("remove", "/spec/a", None)), {"spec": {}}),
        (
            json_patch(("remove", "/spec/rules/0", None), ("replace", "/spec/rules/1/name", "a")),
            {"spec": {"rules": [{}]}},
        ),
        (Request(Verb.DELETE, REF, {"preconditions": {"uid": "1"}}), {"kind": "Status"}),
    ],
)
def test_what_servers_leave_out_or_rewrite_is_no_loss(request_: Request, answer: Any) -> None:
    assert why_pruned(request_, answer) == ""


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=4), VALUES, max_size=3))
def test_an_answer_that_has_everything_lacks_nothing(body: dict[str, Any]) -> None:
    assert why_pruned(merge(body), body) == ""
    assert why_pruned(json_patch(("add", "/spec", body)), {"spec": body}) == ""


@given(VALUES, st.dictionaries(st.text(max_size=4), VALUES, max_size=3))
def test_any_answer_is_compared(body: Any, answer: dict[str, Any]) -> None:
    why_pruned(merge(body), answer)
    why_pruned(json_patch(("add", "/spec/steps/0", body)), answer)


async def test_an_act_whose_field_is_dropped_is_not_sent(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    server.pruned.add(("spec", "selector", "version"))
    plan = await prepared(on, FLIP)
    assert plan.blocked.startswith("the API server dropped spec.selector.version")
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.REFUSED
    assert server.writes == []


async def test_what_was_dropped_all_the_same_is_told_and_ends_the_act(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on, PROMOTE)
    server.pruned.add(("spec", "selector", "version"))
    outcome = await on.passing(on.session.send(plan))
    assert outcome.stage is Stage.UNVERIFIED
    assert "the API server dropped spec.selector.version" in outcome.why
    assert server.writes == [("PATCH", SHOP)]
