"""A record as the embedded cluster plays it: objects over time, errors of versions, no address of the real one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from cockpit.model.redact import HIDDEN
from cockpit.model.refs import INGRESSES, LEASES, PODS, SERVICES, Resource
from cockpit.record.blocks import Header, RecordError
from cockpit.record.course import contexts_of, course_lines, playable
from cockpit.record.reader import Record
from cockpit.record.versions import fields_of
from cockpit.record.writer import Writer
from tests.record.recording import Memory, recorded, story, writer
from tests.tui.fake import CONTEXT, START, fleet


def put(made: Writer, after: float, resource: Resource, name: str, **more: Any) -> None:
    body = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": {"name": name, "namespace": "shop"}}
    made.object(START + after, CONTEXT, resource, fields_of(msgspec.json.encode({**body, **more})))


def record_of_a_release() -> bytes:
    """Two pods that are there, one that comes after 5 s, one that goes after 9 s and one that is missed in a list."""
    sink = Memory()
    made = writer(sink)
    made.view(START, fleet())
    put(made, 0.5, PODS, "one", status={"phase": "Pending"})
    put(made, 0.5, PODS, "two")
    made.listed(START + 1, CONTEXT, PODS, [("shop", "one"), ("shop", "two")])
    put(made, 2, LEASES, "cockpit-pilot-1")
    put(made, 5, PODS, "three")
    put(made, 7, PODS, "one", status={"phase": "Running"})
    made.removed(START + 9, CONTEXT, PODS, "shop", "two")
    made.listed(START + 12, CONTEXT, PODS, [("shop", "one")])
    made.view(START + 20, replace(fleet(), at=START + 20))
    made.close()
    return sink.data


def course_of(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in course_lines(Record(data), CONTEXT)]


def test_objects_come_change_and_go_at_their_times() -> None:
    head, *changes = course_of(record_of_a_release())
    assert head == {"course": 1, "began": START, "seconds": 20.0}
    told = [
        (each["after"], each["put"]["metadata"]["name"], (each["put"].get("status") or {}).get("phase"))
        if "put" in each
        else (each["after"], each["gone"]["name"], "gone")
        for each in changes
        if "answers" not in each
    ]
    assert told == [
        (0.0, "one", "Pending"),
        (0.0, "two", None),
        (5.0, "three", None),
        (7.0, "one", "Running"),
        (9.0, "two", "gone"),
        (12.0, "three", "gone"),
    ]


def test_versions_answer_as_they_did_where_enough_is_known() -> None:
    sink = Memory()
    made = writer(sink)
    for at, view in story(40):
        made.view(at, view)
    made.listed(START, CONTEXT, PODS, [])
    made.close()
    answers = [each["answers"] for each in course_of(sink.data) if "answers" in each]
    assert answers
    shown = {view.rollout.key.name: view for view in story(1)[0][1].rollouts}["http-server"]
    for share in shown.rollout.lanes[0].shares:
        version, seen = shown.rollout.version(share.version), share.observed
        assert version
        assert seen
        assert seen.p50_ms
        pods = sorted(pod.name for pod in version.pods)
        told = next(each for each in answers if each["pods"] == pods)
        assert told["error_rate"] == pytest.approx(seen.errors / seen.answers, abs=0.001)
        assert told["latency"] == pytest.approx(seen.p50_ms / 1000, abs=0.001)


def test_a_record_that_is_cut_off_is_played_up_to_there() -> None:
    data = record_of_a_release()
    assert course_of(data + b"\xc0BLK") == course_of(data)


def test_the_last_hour_of_a_screen_is_no_beginning() -> None:
    record = Record(recorded(story(5)).data)
    assert contexts_of(record) == ()
    with pytest.raises(RecordError, match="holds no lists of objects"):
        next(course_lines(record, CONTEXT))
    sink = Memory()
    ring = Writer(sink, Header("0.1.0", START, [CONTEXT], objects=False))
    ring.view(START, fleet())
    ring.listed(START, CONTEXT, PODS, [])
    ring.close()
    with pytest.raises(RecordError, match="cockpit record"):
        next(course_lines(Record(sink.data), CONTEXT))


ADDRESS = {"ingress": [{"ip": "203.0.113.7"}]}


@pytest.mark.parametrize(
    ("resource", "more"),
    [
        (SERVICES, {"spec": {"type": "LoadBalancer", "externalIPs": ["203.0.113.7"], "loadBalancerIP": "203.0.113.7"}}),
        (SERVICES, {"spec": {"type": "ExternalName", "externalName": "host-203.0.113.7.example.com"}}),
        (SERVICES, {"status": {"loadBalancer": ADDRESS}}),
        (INGRESSES, {"status": {"loadBalancer": ADDRESS}}),
        (
            Resource("gateway.networking.k8s.io", "v1", "gateways", "Gateway"),
            {"status": {"addresses": ["203.0.113.7"]}},
        ),
        (Resource("gateway.networking.k8s.io", "v1", "gateways", "Gateway"), {"spec": {"addresses": ["203.0.113.7"]}}),
    ],
)
def test_no_address_of_the_recorded_cluster_is_played(resource: Resource, more: dict[str, Any]) -> None:
    """Otherwise whoever plays a record of production would send requests to production."""
    sink = Memory()
    made = writer(sink)
    made.view(START, fleet())
    put(made, 0, resource, "web", **more)
    made.listed(START, CONTEXT, resource, [("shop", "web")])
    made.close()
    lines = "\n".join(course_lines(Record(sink.data), CONTEXT))
    assert '"name": "web"' in lines
    assert "203.0.113.7" not in lines


def test_what_was_hidden_steers_nothing() -> None:
    notes = {"nginx.ingress.kubernetes.io/rewrite-target": HIDDEN, "nginx.ingress.kubernetes.io/canary": "true"}
    made = playable({"kind": "Ingress", "metadata": {"name": "web", "annotations": notes}})
    assert made["metadata"]["annotations"] == {"nginx.ingress.kubernetes.io/canary": "true"}
