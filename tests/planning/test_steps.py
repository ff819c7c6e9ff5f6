"""The step plan of rollouts that people drive: as an annotation, and through the acts on it."""

from __future__ import annotations

import json
from typing import Any

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.objects import Meta
from cockpit.model.plan import Act, Ask, Change, Expected, PatchType, Plan, Refused, Request, Verb
from cockpit.model.refs import INGRESSES, Ref, RolloutKey
from cockpit.model.rollout import Lane, Phase, Rollout, Share
from cockpit.planning.edits import json_patch, op
from cockpit.planning.step_acts import plan_approve, plan_jump, plan_steps, why_not_approve
from cockpit.planning.steps import STEPS, Stepping, StepPlan, stepping_of
from tests.objects import merged

REF = Ref(INGRESSES, "default", "canary")
KEY = RolloutKey("test", "default", "shop", "ingress")
WEIGHT = "/spec/weight"
NAMES = ("v1", "v2")


class Doc:
    """One object with a weight and annotations, and requests as the API server takes them."""

    def __init__(self, weight: int = 0, **annotations: str) -> None:
        self.doc: dict[str, Any] = {
            "metadata": {"name": "canary", "resourceVersion": "1", "annotations": annotations},
            "spec": {"weight": weight},
        }

    @property
    def weight(self) -> int:
        return int(self.doc["spec"]["weight"])

    @property
    def stepping(self) -> Stepping:
        meta = self.doc["metadata"]
        return stepping_of(REF, Meta("canary", resource_version=meta["resourceVersion"], **_annotations(meta)), NAMES)

    @property
    def rollout(self) -> Rollout:
        share = self.weight / 100
        lane = Lane("default", "", (Share("v1", None, 1 - share), Share("v2", None, share)))
        return Rollout(KEY, "ingress", Phase.CANARY, "", (), (lane,), (REF,), "")

    def send(self, request: Request) -> None:
        if request.patch is PatchType.MERGE:
            assert request.body["metadata"]["resourceVersion"] == self.doc["metadata"]["resourceVersion"]
            self.doc = merged(self.doc, request.body)
        else:
            self.doc = jsonpatch.apply_patch(self.doc, request.body)
        self.doc["metadata"]["resourceVersion"] = str(int(self.doc["metadata"]["resourceVersion"]) + 1)

    def weigh(self, share: float) -> Plan | Refused:
        def patch(old: int, new: int) -> Request:
            return json_patch(REF, [op("test", WEIGHT, old), op("replace", WEIGHT, new)], "the weight")

        before, after = self.weight, round(share * 100)
        return Plan(
            act=Act.SET_WEIGHT,
            rollout=KEY,
            title="",
            changes=(Change("v2", str(before), str(after)),),
            requests=(patch(before, after),),
            expected=(Expected("default", "v2", share),),
            inverse=(patch(after, before),),
            raises=after > before,
            final=share == 1,
        )

    def steps(self, *shares: float) -> Plan:
        return made(plan_steps(self.stepping, self.rollout, Ask(Act.STEPS, steps=shares), "v2", "v1"))

    def approve(self) -> Plan:
        return made(plan_approve(self.stepping, self.rollout, Ask(Act.APPROVE), self.weigh))

    def do(self, plan: Plan) -> Plan:
        for request in plan.requests:
            self.send(request)
        return plan

    def undo(self, plan: Plan) -> None:
        for request in plan.inverse:
            self.send(request)


def _annotations(meta: dict[str, Any]) -> dict[str, Any]:
    return {"annotations": meta.get("annotations")}


def made(answer: Plan | Refused) -> Plan:
    assert isinstance(answer, Plan), answer
    return answer


def why(answer: Plan | Refused) -> str:
    assert isinstance(answer, Refused), answer
    return answer.why


def test_a_plan_is_written_approved_step_by_step_and_over() -> None:
    doc = Doc()
    doc.do(doc.steps(0.2, 0.5, 1.0))
    step = doc.stepping.step
    assert step
    assert (doc.weight, step.index, step.count, step.asks, step.weight) == (0, 0, 3, True, None)
    assert [p.title for p in doc.stepping.planned] == ["20%", "50%", "100%"]
    plan = doc.do(doc.approve())
    assert plan.title == "step 1 of 3: v2 0% -> 20%"
    assert len(plan.requests) == 1, "weights and position go together"
    assert (doc.weight, doc.stepping.step and doc.stepping.step.weight) == (20, 0.2)
    assert doc.stepping.message == "step 1 of 3: approve gives v2 50%"
    doc.do(doc.approve())
    last = doc.do(doc.approve())
    assert last.final
    assert (doc.weight, doc.stepping.step, doc.stepping.planned) == (100, None, ())
    assert "is done: set new steps" in why_not_approve(doc.stepping)


def test_approve_twice_never_skips_a_step() -> None:
    doc = Doc()
    doc.do(doc.steps(0.2, 0.5, 1.0))
    plan = doc.approve()
    doc.do(plan)
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        doc.do(plan)
    assert doc.weight == 20


def test_an_approval_is_refused_where_the_weight_or_the_plan_moved_on() -> None:
    doc = Doc()
    doc.do(doc.steps(0.2, 0.5))
    stale = doc.approve()
    doc.doc["spec"]["weight"] = 7
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        doc.do(stale)
    doc.doc["spec"]["weight"] = 0
    doc.do(doc.steps(0.3, 0.5))
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        doc.do(stale)


def test_undo_restores_the_weight_and_the_position() -> None:
    doc = Doc()
    begun = doc.do(doc.steps(0.2, 0.5))
    before = doc.doc["metadata"]["annotations"][STEPS]
    doc.undo(doc.do(doc.approve()))
    assert (doc.weight, doc.doc["metadata"]["annotations"][STEPS]) == (0, before)
    doc.undo(begun)
    assert STEPS not in doc.doc["metadata"]["annotations"]


def test_a_weight_set_by_hand_is_told_and_approve_goes_on_from_the_plan() -> None:
    doc = Doc()
    doc.do(doc.steps(0.2, 0.5, 1.0))
    doc.do(doc.approve())
    doc.doc["spec"]["weight"] = 35
    found = doc.stepping.off_plan(0.35)
    assert found
    assert found.id == "off-plan"
    assert doc.stepping.off_plan(0.2) is None
    doc.do(doc.approve())
    assert doc.weight == 50


def test_a_step_that_is_written_already_only_moves_the_plan() -> None:
    doc = Doc()
    doc.do(doc.steps(0.2, 0.5))
    doc.doc["spec"]["weight"] = 20
    plan = doc.do(doc.approve())
    assert (doc.weight, doc.stepping.step and doc.stepping.step.index) == (20, 1)
    doc.undo(plan)
    assert doc.stepping.step
    assert doc.stepping.step.index == 0
    stale = doc.approve()
    doc.doc["metadata"]["resourceVersion"] = "99"
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        doc.do(stale)


def test_a_merge_patch_carries_the_plan_too() -> None:
    doc = Doc(weight=0, other="x")
    doc.do(doc.steps(0.2, 0.5))

    def weigh(share: float) -> Plan | Refused:
        plan = made(doc.weigh(share))
        body = {"metadata": {"resourceVersion": doc.doc["metadata"]["resourceVersion"]}, "spec": {"weight": 20}}
        after = {**doc.doc["metadata"]["annotations"]}
        inverse = json_patch(REF, [op("test", "/metadata/annotations", after), op("replace", WEIGHT, 0)], "all")
        request = Request(Verb.PATCH, REF, body, PatchType.MERGE)
        return Plan(plan.act, KEY, "", (), (request,), (), inverse=(inverse,))

    plan = doc.do(made(plan_approve(doc.stepping, doc.rollout, Ask(Act.APPROVE), weigh)))
    assert doc.weight == 20
    assert doc.stepping.step
    assert doc.stepping.step.index == 1
    doc.undo(plan)
    assert (doc.weight, doc.stepping.step.index) == (0, 0)


def test_jump_goes_forward_and_back() -> None:
    doc = Doc()
    doc.do(doc.steps(0.2, 0.5, 0.8))
    for step, weight in ((2, 50), (1, 20)):
        doc.do(made(plan_jump(doc.stepping, doc.rollout, Ask(Act.JUMP, step=step), doc.weigh)))
        assert doc.weight == weight
    assert "1 to 3" in why(plan_jump(doc.stepping, doc.rollout, Ask(Act.JUMP, step=4), doc.weigh))


def test_ending_keeps_the_weight_and_can_be_undone() -> None:
    doc = Doc()
    doc.do(doc.steps(0.2, 0.5))
    doc.do(doc.approve())
    ended = doc.do(doc.steps())
    assert (doc.weight, doc.stepping.plan) == (20, None)
    assert "no step plan" in why(plan_steps(doc.stepping, doc.rollout, Ask(Act.STEPS), "v2", "v1"))
    doc.undo(ended)
    assert doc.stepping.step
    assert doc.stepping.step.index == 1
    doc.do(doc.steps())
    doc.do(doc.steps(0.5, 1.0))
    assert doc.stepping.active == StepPlan("v2", "v1", (0.5, 1.0))


@pytest.mark.parametrize(
    ("shares", "word"),
    [
        ((0.5, 0.2), "higher than the one before"),
        ((0.0, 0.2), "above 0%"),
        ((0.2, 1.5), "at most 100%"),
        ((float("nan"),), "above 0%"),
        ((0.025,), "multiples of 1%"),
        ((0.1, 0.5), "already written: start the plan"),
        (tuple(n / 100 for n in range(31, 60)), "at most"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(shares: tuple[float, ...], word: str) -> None:
    doc = Doc(weight=30)
    assert word in why(plan_steps(doc.stepping, doc.rollout, Ask(Act.STEPS, steps=shares), "v2", "v1"))


@pytest.mark.parametrize(
    "text",
    [
        "steps",
        "[]",
        "{}",
        '{"version":"v2","from":"v2","shares":[0.2],"taken":0}',
        '{"version":"v2","from":"v1","shares":[0.2],"taken":2}',
        '{"version":"v2","from":"v1","shares":[0.2],"taken":true}',
        '{"version":"v2","from":"v1","shares":[NaN],"taken":0}',
        '{"version":"v2","from":"v1","shares":[-1],"taken":0}',
        '{"version":"v3","from":"v1","shares":[0.2],"taken":0}',
        "[" * 1500,
        " " * 5000,
    ],
)
def test_what_cannot_be_used_is_told_and_can_be_replaced(text: str) -> None:
    doc = Doc(0, **{STEPS: text})
    (problem,) = doc.stepping.problems
    assert problem.id in {"step-plan-unreadable", "step-plan-stale"}
    assert why_not_approve(doc.stepping) == problem.text
    doc.do(doc.steps(0.5))
    assert doc.stepping.active


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["version", "from", "shares", "taken"]), inner, max_size=4)
    ),
)


@given(st.text() | json_values.map(json.dumps))
def test_any_annotation_is_read(text: str) -> None:
    stepping = Doc(0, **{STEPS: text}).stepping
    assert stepping.plan or stepping.problems or not text
