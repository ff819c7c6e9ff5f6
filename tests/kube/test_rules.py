"""Which rights a review of all rules denies for certain."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.kube.api import KubeApi
from cockpit.kube.errors import ApiError, BadAnswer
from cockpit.model.refs import ARGO_ROLLOUTS, INGRESSES, KRUISE_ROLLOUTS, SERVICES, Ref
from cockpit.model.rights import Right, right
from tests.kube.conftest import Scripted
from tests.objects import Doc


def rule(verbs: list[str], groups: list[str], resources: list[str], *names: str) -> Doc:
    named = {"resourceNames": list(names)} if names else {}
    return {"verbs": verbs, "apiGroups": groups, "resources": resources, **named}


async def forbidden(server: Scripted, api: KubeApi, asked: Right, *rules: Doc, incomplete: bool = False) -> bool:
    status: dict[str, Any] = {"resourceRules": list(rules), "nonResourceRules": [], "incomplete": incomplete}
    server.then(server.says({"kind": "SelfSubjectRulesReview", "status": status}, 201))
    return (await api.rules("shop")).forbids(asked)


STATUS = right("patch", ARGO_ROLLOUTS, "status")


@pytest.mark.parametrize(
    ("asked", "given_rule", "denied"),
    [
        (right("patch", INGRESSES), rule(["patch"], ["networking.k8s.io"], ["ingresses"]), False),
        (right("patch", INGRESSES), rule(["*"], ["*"], ["*"]), False),
        (right("patch", INGRESSES), rule(["get", "list"], ["networking.k8s.io"], ["ingresses"]), True),
        (right("patch", INGRESSES), rule(["patch"], [""], ["ingresses"]), True),
        (right("patch", SERVICES), rule(["patch"], [""], ["services"]), False),
        (STATUS, rule(["patch"], ["argoproj.io"], ["rollouts"]), True),
        (STATUS, rule(["patch"], ["argoproj.io"], ["rollouts/status"]), False),
        (STATUS, rule(["patch"], ["argoproj.io"], ["*/status"]), False),
        (right("patch", ARGO_ROLLOUTS), rule(["patch"], ["argoproj.io"], ["*/status"]), True),
        (right("patch", KRUISE_ROLLOUTS), rule(["patch"], ["argoproj.io"], ["rollouts"]), True),
        # A rule about one object leaves open which one an act will be about.
        (right("patch", SERVICES), rule(["patch"], [""], ["services"], "web"), False),
    ],
)
async def test_a_right_is_denied_where_no_rule_is_about_it(
    server: Scripted, api: KubeApi, asked: Right, given_rule: Doc, denied: bool
) -> None:
    assert await forbidden(server, api, asked, given_rule) is denied
    assert server.asked[0].json["spec"] == {"namespace": "shop"}


async def test_rules_add_up(server: Scripted, api: KubeApi) -> None:
    one, other = rule(["get"], [""], ["services"]), rule(["patch"], [""], ["services"])
    assert not await forbidden(server, api, right("patch", SERVICES), one, other)


async def test_what_an_incomplete_review_does_not_list_may_be_allowed(server: Scripted, api: KubeApi) -> None:
    assert not await forbidden(server, api, right("patch", SERVICES), incomplete=True)
    assert await forbidden(server, api, right("patch", SERVICES))


async def test_null_lists_are_empty(server: Scripted, api: KubeApi) -> None:
    nothing = {"verbs": None, "apiGroups": None, "resources": None}
    assert await forbidden(server, api, right("patch", SERVICES), nothing)


async def test_a_server_that_does_not_say_raises(server: Scripted, api: KubeApi) -> None:
    server.then(server.fails(403, "Forbidden"), server.says({"status": {"resourceRules": "all"}}, 201))
    with pytest.raises(ApiError):
        await api.rules("shop")
    with pytest.raises(BadAnswer, match="not a review"):
        await api.rules("shop")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(rules=_JSON, incomplete=_JSON)
async def test_a_hostile_review_is_an_answer_or_an_error_of_the_cluster(
    server: Scripted, api: KubeApi, rules: object, incomplete: object
) -> None:
    server.then(server.says({"status": {"resourceRules": rules, "incomplete": incomplete}}, 201))
    try:
        found = await api.rules("shop")
    except BadAnswer:
        return
    assert found.forbids(right("patch", SERVICES)) in (True, False)


async def test_reviews_that_are_nested_without_end_are_no_answer(server: Scripted, api: KubeApi) -> None:
    deep = b'{"status": {"resourceRules": ' + b"[" * 100_000 + b"]" * 100_000 + b', "else": ' + b"[" * 100_000
    server.then(server.says(deep, 201), server.says(b'{"else": ' + b"[" * 100_000, 201))
    with pytest.raises(BadAnswer):
        await api.rules("shop")
    assert await api.allowed("patch", Ref(SERVICES, "shop", "web")) == "", "the server checks again anyway"
