"""Whatever a cluster holds under the names of Kruise Rollouts: nothing fails, and every answer has words."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.model.plan import Act, Ask, Plan, Refused
from cockpit.model.refs import KRUISE_ROLLOUTS
from cockpit.model.text import safe_text
from tests.systems.kruise.releases import NAME, SYSTEM, releasing

KEYS = [
    *("workloadRef", "objectRef", "apiVersion", "kind", "name", "strategy", "canary", "blueGreen", "steps", "paused"),
    *(
        "trafficRoutings",
        "service",
        "ingress",
        "classType",
        "gateway",
        "httpRouteName",
        "customNetworkRefs",
        "disabled",
    ),
    *("traffic", "weight", "replicas", "matches", "headers", "value", "type", "pause", "duration"),
    *("phase", "message", "conditions", "status", "reason", "observedGeneration", "canaryStatus", "blueGreenStatus"),
    *("currentStepIndex", "currentStepState", "nextStepIndex", "finalisingStep", "stableRevision", "podTemplateHash"),
    *("canaryRevision", "updatedRevision", "lastUpdateTime", "enableExtraWorkloadForCanary"),
]
WORDS = [
    *(
        "",
        "apps/v1",
        "Deployment",
        "StatefulSet",
        "echoserver",
        "VirtualService",
        "networking.istio.io/v1",
        "50%",
        "100%",
    ),
    *("Progressing", "Healthy", "Terminating", "InRolling", "Cancelling", "True", "False", "StepPaused", "StepUpgrade"),
    *("2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "\x1b[31m", "\ud7ff\u202e", "٣%", "-1%"),
]
# Each example tries every act, which is slow.
EXAMPLES = settings().max_examples // 4
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(-2, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(WORDS)
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)
ASKS = (
    *(Ask(act) for act in Act if act is not Act.UNDO),
    Ask(Act.JUMP, step=2),
    Ask(Act.SET_WEIGHT, weights=(("1.10.3", 0.4),)),
    Ask(Act.ROLLBACK, version="1.10.2"),
    Ask(Act.SET_IMAGE, image=("echoserver", "a:\x1b[31m")),
)


def check(rollout: dict[str, Any]) -> None:
    """Read it, and try every act on it."""
    cluster = releasing()
    cluster.docs["KruiseRollout", "default", NAME].update(rollout)
    found = cluster.get(KRUISE_ROLLOUTS, "default", NAME)
    assert found is not None
    assert all(isinstance(key, str) for key in found.index_keys())
    (read,) = SYSTEM.read(found, cluster)
    words = [words for said in read.said for words in (said.where, said.text)]
    assert [each for each in words if each != safe_text(each, 400)] == []
    for text in (read.message, *(f.text for f in read.findings), *(s.title for s in read.steps)):
        assert text == safe_text(text, 600)
    for ask in ASKS:
        answer = SYSTEM.plan(read, ask, cluster)
        assert isinstance(answer, Plan | Refused)
        if isinstance(answer, Refused):
            assert answer.why == safe_text(answer.why, 700)
        else:
            assert answer.title == safe_text(answer.title, 600)
            assert answer.commands()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, item in items for deeper in places(item, (*path, key)))]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(KEYS), anything, max_size=6),
    st.dictionaries(st.sampled_from(KEYS), anything, max_size=6),
)
def test_any_spec_and_status(spec: dict[str, Any], status: dict[str, Any]) -> None:
    check({"spec": spec, "status": status})


TRUE = {part: releasing().doc("KruiseRollout", NAME)[part] for part in ("spec", "status")}
PLACES = [place for place in places(TRUE) if len(place) > 1]


def at(path: tuple[Any, ...], doc: Any) -> Any:
    """What is at a place of a document."""
    return at(path[1:], doc[path[0]]) if path else doc


@pytest.mark.parametrize("path", [p for p in PLACES if isinstance(at(p, TRUE), str)], ids=lambda p: str(p[-1]))
def test_no_text_of_a_cluster_reaches_a_terminal_as_it_is(path: tuple[Any, ...]) -> None:
    doc = copy.deepcopy(TRUE)
    at(path[:-1], doc)[path[-1]] = "\x1b[31m\u202e"
    check(doc)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(PLACES), anything), min_size=1, max_size=3))
def test_a_true_one_with_something_else_in_some_places(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    doc = copy.deepcopy(TRUE)
    for path, value in changes:
        holder: Any = doc
        for key in path[:-1]:
            fits = isinstance(holder, dict) or (isinstance(holder, list) and isinstance(key, int) and key < len(holder))
            holder = holder[key] if fits and (not isinstance(holder, dict) or key in holder) else None
        if isinstance(holder, dict) or (
            isinstance(holder, list) and isinstance(path[-1], int) and path[-1] < len(holder)
        ):
            holder[path[-1]] = value
    check(doc)
