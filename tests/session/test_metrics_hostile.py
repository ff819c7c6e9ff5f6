"""Numbers that no gateway counts, from a Prometheus that anybody may run: every face can say what becomes of them."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from cockpit.cli.real_traffic import real_cell, real_document, traffic_document
from cockpit.metrics.answers import samples_of
from cockpit.metrics.gateways import GATEWAYS
from cockpit.metrics.handles import handles_of
from cockpit.metrics.promql import PART
from cockpit.metrics.readings import reading
from cockpit.model.probe_answer import Answer
from cockpit.model.real_traffic import RealView, age_words
from cockpit.session.facts.assemble import IDLE
from cockpit.session.facts.real_traffic import real_findings, real_view
from tests.metrics.situations import istio

SITUATION = istio()
HANDLES = handles_of(SITUATION.rollout, SITUATION.cluster)
GATEWAY = next(each for each in GATEWAYS if each.key == "istio-destination")
PARTS = ("newest", "requests", "requests_before", "errors", "errors_before", "time_sum", "time_count", "buckets")
NUMBERS = st.floats() | st.sampled_from([0.0, 1e12, -1e12, 1.7e308, 5e-324, 2e9])
MOMENTS = st.floats(allow_nan=False, allow_infinity=False)

# Part, version, value, the time it was computed for, and the bound of its bucket.
Told = tuple[str, str, float, float, float]


@example([("requests", "v1", 1.7e308, 2e9, 0.0), ("errors", "v1", 1.7e308, 2e9, 0.0)], 2e9)
@example([("newest", "v1", -1e12, 2e9, 0.0)], 2e9)
@example([("time_sum", "v1", 1e12, 0.0, 0.0), ("time_count", "v1", 5e-324, 0.0, 0.0)], 2e9)
@example([("buckets", "v1", 1.0, 0.0, 5e299), ("buckets", "v1", 9.0, 0.0, 1e300)], 2e9)
@given(
    st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(["v1", "v2"]), NUMBERS, MOMENTS, NUMBERS), max_size=40),
    st.floats(min_value=0.0, max_value=2e9),
)
def test_whatever_numbers_are_answered_every_face_can_say_them(told: list[Told], now: float) -> None:
    found = []
    for part, version, value, at, bound in told:
        labels = {PART: part, "destination_workload": f"reviews-{version}", "le": repr(bound)}
        found.append({"metric": labels, "value": [at, repr(value)]})
    body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": found}})
    samples = samples_of(Answer(200, body=body.encode()))
    view = real_view(reading(samples, GATEWAY, HANDLES), ["v1", "v2"], RealView(""), 120, now, 0.01)
    json.dumps(real_document(view), allow_nan=False)
    assert len(age_words(view)) < 60
    for one in view.traffic:
        json.dumps(traffic_document(one), allow_nan=False)
        assert len(real_cell(one, "")) < 200
    assert all(len(each.text) < 400 for each in real_findings((), view, IDLE, now))
