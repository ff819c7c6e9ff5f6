"""Descriptions, events, revisions and differences of whatever objects there are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.kube.errors import NotFound
from cockpit.model.inspection import EventGroup
from cockpit.model.objects import ControllerRevision
from cockpit.model.redact import HIDDEN
from cockpit.model.refs import DEPLOYMENTS, PODS, Ref, Resource
from cockpit.session.inspecting.describe import MOST_LINES, described, event_lines
from cockpit.session.inspecting.objects import HIDDEN_NOTE, as_yaml, events_of, read_object
from cockpit.session.inspecting.templates import difference

NOW = 1_767_225_900.0  # 2026-01-01T00:05:00Z
WEB = Ref(DEPLOYMENTS, "shop", "web")


class Objects:
    """Gives one object and some events, as a cluster's API does."""

    context = "prod-eu"

    def __init__(self, found: dict[str, Any] | None, *events: dict[str, Any]) -> None:
        self.found = found
        self.listed = list(events)

    async def get(self, ref: Ref) -> dict[str, Any]:
        if self.found is None:
            raise NotFound("not found", context=self.context, what=str(ref))
        return self.found

    async def events(self, ref: Ref) -> list[dict[str, Any]]:
        return self.listed

    async def logs(self, ref: Ref, lines: int = 200) -> str:
        return ""


POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "web-1",
        "namespace": "shop",
        "creationTimestamp": "2026-01-01T00:03:00Z",
        "labels": {"app": "web", "env": "prod"},
        "ownerReferences": [{"kind": "ReplicaSet", "name": "web-6f9c"}],
        "managedFields": [{"manager": "x"}],
    },
    "spec": {
        "nodeName": "node-a",
        "containers": [
            {
                "name": "web",
                "image": "web:v2",
                "args": ["--token=s3cret"],
                "env": [{"name": "PASSWORD", "value": "s3cret"}],
                "ports": [{"containerPort": 8080}],
                "resources": {"limits": {"memory": "64Mi"}},
                "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5},
            }
        ],
    },
    "status": {
        "phase": "Running",
        "podIP": "10.1.1.1",
        "conditions": [
            {"type": "Ready", "status": "False", "lastTransitionTime": "2026-01-01T00:03:00Z", "reason": "NotReady"}
        ],
        "containerStatuses": [
            {
                "name": "web",
                "ready": False,
                "restartCount": 7,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"reason": "Error", "exitCode": 1}},
            }
        ],
    },
}


async def test_one_rule_hides_what_can_be_secret_in_yaml_and_description() -> None:
    api = Objects(POD)
    text = await as_yaml(api, Ref(PODS, "shop", "web-1"))
    assert "s3cret" not in text
    assert text.startswith(HIDDEN_NOTE)
    assert "name: PASSWORD" in text
    assert "env: prod" in text, "a label is no variable"
    assert "managedFields" not in text
    found = await read_object(api, Ref(PODS, "shop", "web-1"))
    assert isinstance(found, dict)
    assert "s3cret" not in "\n".join(described(found, (), NOW))


async def test_secrets_are_never_asked_for() -> None:
    secret = Ref(Resource("", "v1", "secrets", "Secret"), "shop", "web")
    assert "never read" in await as_yaml(Objects(POD), secret)
    assert isinstance(await read_object(Objects(POD), secret), str)


async def test_what_is_not_there_says_so() -> None:
    assert "not found" in await as_yaml(Objects(None), WEB)


def test_a_pod_is_described_as_kubectl_does() -> None:
    lines = described(POD, (), NOW)
    text = "\n".join(lines)
    for words in (
        "Name:                  web-1",
        "Controlled by:         ReplicaSet/web-6f9c",
        "2026-01-01T00:03:00Z (2m ago)",
        "Labels:                app=web",
        "                       env=prod",
        "Node:                  node-a",
        "waiting, CrashLoopBackOff",
        "terminated, Error, exit code 1",
        "False, 7 restarts",
        "GET /ready on 8080, every 5s",
        "memory 64Mi",
        "    Image:                 web:v2",
        "PASSWORD (values hidden)",
        "Events: none",
    ):
        assert words in text
    assert any(line.split()[:3] == ["Ready", "False", "2m"] for line in lines)


def test_an_empty_field_is_described_because_it_can_mean_something() -> None:
    steps = [{"setWeight": 20}, {"pause": {}}]
    rollout = {"kind": "Rollout", "spec": {"strategy": {"canary": {"steps": steps}}, "template": {"spec": {"x": 1}}}}
    assert any(line.split() == ["Pause:", "{}"] for line in described(rollout, (), NOW))


def test_an_object_of_any_kind_is_described_by_its_fields() -> None:
    route = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "web"},
        "spec": {"rules": [{"backendRefs": [{"name": "web-v1", "weight": 90}]}]},
    }
    text = "\n".join(described(route, (), NOW))
    assert "Rules:" in text
    assert "Weight:" in text
    assert "90" in text


def test_what_a_description_leaves_out_is_said_and_events_are_kept() -> None:
    many = {"kind": "ConfigMap", "metadata": {"name": "web"}, "data": {f"key-{n}": "x" for n in range(2000)}}
    event = EventGroup("Warning", "BackOff", ("restarting",), 1, "", "")
    lines = described(many, (event,), NOW)
    assert len(lines) <= MOST_LINES + 1
    (left_out,) = (line for line in lines if line.startswith("--"))
    assert "the object's YAML shows all" in left_out
    shown = sum("key-" in line.lower() for line in lines)
    assert shown + int(left_out.split()[1]) >= 2000
    assert "restarting" in lines[-1]


async def test_events_are_merged_by_reason_with_counts_and_times() -> None:
    def event(message: str, last: str, count: int | None = None, **more: Any) -> dict[str, Any]:
        found = {"type": "Warning", "reason": "BackOff", "message": message, "lastTimestamp": last, **more}
        return found if count is None else {**found, "count": count}

    series = {"series": {"count": 40, "lastObservedTime": "2026-01-01T00:04:30.123456Z"}}
    api = Objects(
        POD,
        event("a", "2026-01-01T00:01:00Z", 3, firstTimestamp="2026-01-01T00:00:00Z"),
        event("b\x1b[31m", "2026-01-01T00:04:00Z", 2),
        event("a", "2026-01-01T00:02:00Z"),
        {"type": "Normal", "reason": "Pulled", "eventTime": "2026-01-01T00:04:10Z", **series},
        {"reason": 5, "count": "many", "series": []},
    )
    found = await events_of(api, WEB)
    assert not isinstance(found, str)
    backoff = next(group for group in found if group.reason == "BackOff")
    assert (backoff.count, backoff.messages) == (6, ("b", "a"))
    assert (backoff.first, backoff.last) == ("2026-01-01T00:00:00Z", "2026-01-01T00:04:00Z")
    assert found[0].reason == "Pulled"
    assert found[0].count == 40
    lines = event_lines(found, NOW)
    assert any(line.split()[:4] == ["1m", "6", "Warning", "BackOff"] for line in lines)


def template(image: str, secret: str, *more: str) -> dict[str, Any]:
    env = [{"name": "PASSWORD", "value": secret}, {"name": "OTHER", "value": "same"}]
    container = {"name": "web", "image": image, "env": env, **dict.fromkeys(more, 1)}
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}


def test_a_difference_shows_that_a_hidden_value_changed_but_not_to_what() -> None:
    lines = difference(("v1", template("web:v1", "old-s3cret")), ("v2", template("web:v2", "new-s3cret", "port")))
    text = "\n".join(lines)
    assert lines[:2] == ("--- v1", "+++ v2")
    assert "s3cret" not in text
    for line in ("-    image: web:v1", "+    image: web:v2", "+    port: 1"):
        assert any(each.endswith(line[1:]) and each[0] == line[0] for each in lines), line
    hidden = [line for line in lines if HIDDEN[:-1] in line and line[0] in "+-"]
    assert len(hidden) == 2, "only the variable that differs"


def test_the_same_templates_have_no_difference() -> None:
    assert difference(("a", template("web:v1", "x")), ("b", template("web:v1", "x"))) == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.sampled_from(
    ["metadata", "spec", "status", "kind", "name", "containers", "conditions", "containerStatuses", "state", "labels",
     "template", "ownerReferences", "resources", "env", "ports", "readinessProbe", "events", "count", "series",
     "reason"]
)  # fmt: skip
HOSTILE = st.recursive(JSON, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5))


@given(st.dictionaries(FIELDS, HOSTILE, max_size=6))
def test_any_object_is_described_in_bounded_safe_lines(found: dict[str, Any]) -> None:
    for kind in (found, {**found, "kind": "Pod"}):
        lines = described(kind, (), NOW)
        assert len(lines) <= MOST_LINES
        assert all(line.isprintable() for line in lines)


@given(st.lists(st.dictionaries(FIELDS, HOSTILE, max_size=4), max_size=4))
async def test_any_events_are_merged(events: list[dict[str, Any]]) -> None:
    found = await events_of(Objects({}, *events), WEB)
    assert not isinstance(found, str)
    assert all(line.isprintable() for line in event_lines(found, NOW))


@given(st.dictionaries(st.text(max_size=6), HOSTILE, max_size=4), st.dictionaries(FIELDS, HOSTILE, max_size=4))
def test_any_templates_are_compared(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert all(line.isprintable() for line in difference(("a", old), ("b", new)))


@pytest.mark.parametrize("data", [None, {}, {"spec": []}, {"spec": {"template": {"spec": {"containers": "x"}}}}])
def test_a_revision_without_a_template_is_no_error(data: Any) -> None:
    from cockpit.session.inspecting.templates import _images

    assert _images(ControllerRevision(metadata=_meta(), data=data)) == ()


def _meta() -> Any:
    from cockpit.model.objects.meta import Meta

    return Meta(name="web-1", namespace="shop", uid="u")
