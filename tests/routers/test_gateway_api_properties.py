"""Acts on HTTPRoutes of any shape: a plan does what it promises, and no JSON breaks reading or planning."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.plan import Act, Ask, Refused
from tests.objects import ConflictError
from tests.routers.httproute_acts import HEADER
from tests.routers.httproutes import backend, route, rule, shop
from tests.routers.test_gateway_api import ROUTER, read, read_all

entries = st.lists(
    st.builds(
        rule,
        st.builds(backend, st.just("shop-v1"), st.none() | st.integers(0, 100)),
        st.builds(backend, st.just("shop-v2"), st.none() | st.integers(0, 100)),
        path=st.sampled_from(["/", "/a", "/b"]),
        headers=st.sampled_from([None, None, {"a": "b"}, {"a": "b", "c": "d"}]),
    ),
    min_size=1,
    max_size=4,
)


asks = st.sampled_from(
    [
        Ask(Act.SET_WEIGHT, weights=(("v2", 0.25),)),
        Ask(Act.SET_WEIGHT, weights=(("v1", 0.0),)),
        Ask(Act.HEADER, header=HEADER),
        Ask(Act.HEADER),
        Ask(Act.PROMOTE),
        Ask(Act.ROLLBACK),
        Ask(Act.STEPS, steps=(0.5, 1.0)),
        Ask(Act.APPROVE),
    ]
)


@settings(deadline=None)
@given(entries, st.lists(asks, min_size=1, max_size=4))
def test_whatever_the_rules_a_plan_does_what_it_promises(rules: list[Any], wishes: list[Ask]) -> None:
    cluster = shop(route(*rules))
    for ask in wishes:
        plan = ROUTER.plan(read(cluster), ask, cluster)
        if isinstance(plan, Refused):
            continue
        cluster.send_all(plan.requests)
        if plan.expected:
            found = {(lane.name, s.version): s.written for lane in read(cluster).lanes for s in lane.shares}
            for e in plan.expected:
                assert found[e.lane, e.version] == pytest.approx(e.share), (plan.title, e)
        with pytest.raises(ConflictError):
            cluster.send_all(plan.requests)


KEYS = ["rules", "matches", "backendRefs", "name", "weight", "headers", "path", "value", "type", "parentRefs"]
KEYS += ["parents", "conditions", "status", "reason", "observedGeneration", "hostnames", "port", "listeners"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 300) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=40,
)


@settings(deadline=None)
@given(json_values, json_values, json_values)
def test_any_json_is_read_and_planned_on(spec_: Any, status: Any, gate: Any) -> None:
    cluster = shop({**route(), "spec": spec_, "status": status})
    cluster.doc("Gateway", "gate")["spec"] = cluster.doc("Gateway", "gate")["status"] = gate
    for rollout in read_all(cluster):
        for act in Act:
            ROUTER.plan(rollout, Ask(act, weights=(("v2", 0.5),), header=HEADER, steps=(0.5,), step=1), cluster)
