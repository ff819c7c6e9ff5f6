"""Any JSON as a VirtualService or a DestinationRule is read and planned on."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.plan import Act, Ask
from tests.objects import Cluster, decode
from tests.routers.istio_objects import (
    destination_rule,
    reviews,
    virtual_service,
)
from tests.routers.istio_reading import ROUTER

WORDS = ["hosts", "gateways", "http", "match", "headers", "withoutHeaders", "uri", "exact", "regex", "route", "weight"]
WORDS += ["destination", "host", "subset", "port", "number", "labels", "name", "subsets", "delegate", "sourceLabels"]
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 300)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["v1", "v2"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=40,
)
destinations = st.fixed_dictionaries(
    {"destination": st.fixed_dictionaries({"host": st.just("reviews"), "subset": json_values | st.just("v1")})},
    optional={"weight": json_values},
)
some_http = st.lists(
    st.fixed_dictionaries({"route": st.lists(destinations | json_values, max_size=3)}, optional={"match": json_values}),
    max_size=4,
)


@settings(max_examples=30, deadline=None)
@given(json_values | st.fixed_dictionaries({"http": some_http}), json_values)
def test_any_json_is_read_and_planned_on(spec: Any, rule: Any) -> None:
    cluster: Cluster = reviews({**virtual_service(), "spec": spec}, v1=1, v2=1)
    cluster.add({**destination_rule("v1", "v2"), "spec": {"host": "reviews", "subsets": rule}})
    for rollout in ROUTER.read(decode(cluster.doc("VirtualService", "reviews")), cluster):
        for act in (Act.SET_WEIGHT, Act.HEADER, Act.STEPS, Act.PROMOTE, Act.ROLLBACK, Act.FINISH):
            ask = Ask(act, version="v2", header=("a", "b"), weights=(("v2", 0.3),), steps=(0.3, 1.0))
            ROUTER.plan(rollout, ask, cluster)
