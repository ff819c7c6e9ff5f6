"""How far the pods of a Job are, and their logs as they are written."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import pytest

from cockpit.kube.api import KubeApi
from cockpit.kube.errors import BadAnswer, Forbidden
from cockpit.kube.job_pods import JobPods, PodProgress, progress_of
from cockpit.kube.logs import follow_log
from cockpit.model.refs import JOBS, PODS, Ref
from tests.kube.conftest import Scripted

SOUGHT = JobPods(Ref(JOBS, "shop", "j"), "u1", ("example.com/job", "j"), "main")
OWNED = {"ownerReferences": [{"kind": "Job", "name": "j", "uid": "u1"}]}


def pod(name: str, phase: str = "Pending", state: Any = None, **status: Any) -> dict[str, Any]:
    containers = [{"name": "proxy", "state": {"running": {}}}, {"name": "main", "state": state or {}}]
    return {"metadata": {"name": name, **OWNED}, "status": {"phase": phase, "containerStatuses": containers, **status}}


async def one(server: Scripted, api: KubeApi, found: dict[str, Any]) -> PodProgress:
    server.then(server.says({"items": [found]}))
    (progress,) = await progress_of(api, SOUGHT)
    return progress


async def test_pods_are_asked_for_by_label_and_come_by_name(server: Scripted, api: KubeApi) -> None:
    server.then(server.says({"items": [pod("b", "Running", {"running": {}}), pod("a")]}))
    found = await progress_of(api, SOUGHT)
    assert found == [PodProgress("a", False, False), PodProgress("b", True, False)]
    assert (server.asked[0].path, server.asked[0].query) == (
        "/api/v1/namespaces/shop/pods",
        {"labelSelector": "example.com/job=j"},
    )


async def test_a_pod_that_the_job_does_not_own_is_none_of_its_pods(server: Scripted, api: KubeApi) -> None:
    stranger = pod("a", "Running", {"running": {}})
    stranger["metadata"]["ownerReferences"] = [{"kind": "Job", "name": "j", "uid": "other"}]
    server.then(server.says({"items": [stranger, {"metadata": {"name": "b"}}]}))
    assert await progress_of(api, SOUGHT) == []


@pytest.mark.parametrize(
    ("found", "progress"),
    [
        (pod("a", state={"waiting": {"reason": "ContainerCreating"}}), PodProgress("a", False, False)),
        (
            pod("a", state={"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}),
            PodProgress("a", False, False, "ImagePullBackOff: no such image", hopeless=True),
        ),
        (
            pod("a", "Failed", {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}),
            PodProgress("a", True, True, "OOMKilled"),
        ),
        (pod("a", "Succeeded", {"terminated": {"exitCode": 0}}), PodProgress("a", True, True)),
        (
            {"metadata": {"name": "a", **OWNED}, "status": {"phase": "Failed", "reason": "Evicted", "message": "disk"}},
            PodProgress("a", True, True, "Evicted: disk"),
        ),
        (
            {"metadata": {"name": "a", **OWNED}, "status": {"conditions": [
                {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}]}},
            PodProgress("a", False, False, "Unschedulable: 0/3 nodes"),
        ),
        ({"metadata": {"name": "a", **OWNED}}, PodProgress("a", False, False)),
    ],
)  # fmt: skip
async def test_how_far_a_pod_is(server: Scripted, api: KubeApi, found: dict[str, Any], progress: PodProgress) -> None:
    assert await one(server, api, found) == progress


@pytest.mark.parametrize("message", ["a\x1b[31m\nb", "\u202e" * 5, "x" * 10_000, ""])
async def test_what_a_pod_says_is_safe_to_show(server: Scripted, api: KubeApi, message: str) -> None:
    found = await one(server, api, pod("a", state={"waiting": {"reason": "X\x07", "message": message}}))
    assert found.why.isprintable()
    assert len(found.why) <= 310


async def test_what_is_no_list_of_pods_is_named(server: Scripted, api: KubeApi) -> None:
    server.then(server.says({"items": [{"metadata": 1}]}))
    with pytest.raises(BadAnswer, match="pods of Job shop/j"):
        await progress_of(api, SOUGHT)


async def test_a_log_is_followed_from_its_first_line(server: Scripted, api: KubeApi) -> None:
    server.then(server.streams(b"one", b"two", end="close"))
    async with aclosing(follow_log(api, Ref(PODS, "shop", "a"), "main")) as batches:
        lines = [line async for batch in batches for line in batch]
    assert lines == [b"one", b"two"]
    asked = server.asked[0]
    assert (asked.path, asked.query) == (
        "/api/v1/namespaces/shop/pods/a/log",
        {"container": "main", "follow": "true", "timestamps": "true"},
    )
    assert asked.headers["Accept"] == "*/*"


async def test_a_log_that_may_not_be_read(server: Scripted, api: KubeApi) -> None:
    server.then(server.fails(403, "Forbidden"))
    with pytest.raises(Forbidden, match="log of Pod shop/a"):
        async for _ in follow_log(api, Ref(PODS, "shop", "a"), "main"):
            pass
