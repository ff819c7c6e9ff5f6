"""Probes in the cluster: the Job from the plan to its removal, on an API server that does what the test says."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from cockpit.model.plan import Refused, Verb
from cockpit.model.probe_job import JobShape
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.rollout import Verdict
from cockpit.model.view import Prepared, Stage
from cockpit.planning.probe_job import PROBE_LABEL
from cockpit.probe.from_pods import JobReport
from cockpit.probe.sample import SampleOrder, SampleResult
from cockpit.session.settings import Settings
from tests.session.apiserver import ApiServer
from tests.session.conftest import KEY, Open
from tests.session.conftest import Stage as OnStage

JOBS = "/apis/batch/v1/namespaces/shop/jobs"
PODS = "/api/v1/namespaces/shop/pods"
NAME = "shop.shop.svc.cluster.local"
RUNNING = {"phase": "Running", "containerStatuses": [{"name": "probe", "state": {"running": {}}}]}


def order(on: OnStage, **more: Any) -> SampleOrder:
    (shown,) = on.session.view().rollouts
    versions = shown.rollout.versions
    written = {share.version: share.written for lane in shown.rollout.lanes for share in lane.shares}
    usual: dict[str, Any] = {"count": 4, "rate": 4.0, "versions": versions, "written": written}
    return SampleOrder(ProbeTarget(NAME, 80, NAME), **(usual | more))


def log_of(*versions: str, end: bool = True) -> str:
    lines = [
        f"answer\t1\t{number}\t200\t0\t0.001\t0\t0.002\t0.003\t1\t\tversion: {name}"
        for number, name in enumerate(versions, 1)
    ]
    return "\n".join([*lines, *([f"end\t1\t{len(versions)}\t0"] if end else [])]) + "\n"


def started(server: ApiServer, status: dict[str, Any] = RUNNING) -> None:
    """From now on a Job gets its pods at once, as by its controller."""

    def control() -> None:
        for path, job in list(server.docs.items()):
            for number in range(job["spec"]["parallelism"] if path.startswith(JOBS) else 0):
                labels = {PROBE_LABEL: job["metadata"]["name"]}
                place = f"{PODS}/{job['metadata']['name']}-{number}"
                if place not in server.docs:
                    owner = {"kind": "Job", "uid": job["metadata"]["uid"]}
                    metadata = {"labels": labels, "ownerReferences": [owner]}
                    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}
                    server.put(place, pod)

    server.controller = control


async def prepared(on: OnStage, shape: JobShape | None = None, **more: Any) -> Prepared:
    plan = await on.passing(on.session.prepare_job(KEY, order(on, **more), shape or JobShape(pods=2)))
    assert isinstance(plan, Prepared), plan
    return plan


async def run(on: OnStage, plan: Prepared, seen: list[SampleResult] | None = None) -> JobReport:
    report = await on.passing(on.session.run_job(plan, (seen if seen is not None else []).append))
    assert isinstance(report, JobReport)
    return report


def jobs(server: ApiServer) -> list[str]:
    return [path for path in server.docs if path.startswith(JOBS)]


async def test_a_plan_is_tried_on_the_server_and_creates_nothing(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    assert plan.blocked == ""
    assert [verb.verb for verb in plan.plan.requests] == [Verb.CREATE]
    assert server.dry_runs == [("POST", JOBS)]
    assert (server.writes, jobs(server)) == ([], [])


async def test_answers_of_all_pods_are_merged_and_the_job_is_deleted(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    started(server)
    server.log = log_of("v1", "v1")
    plan = await prepared(on)
    report = await run(on, plan)
    assert report.stage is Stage.VERIFIED, report
    assert report.result
    assert (report.result.samples, report.result.errors) == (4, 0)
    assert {v.version: v.answers for v in report.result.versions} == {"v1": 4, "v2": 0}
    name = plan.plan.requests[0].ref.name
    assert server.writes == [("POST", JOBS), ("DELETE", f"{JOBS}/{name}")]
    lines = [json.loads(line) for line in on.journal.read_text().splitlines()]
    assert [line["stage"] for line in lines] == ["sending", "verified"]
    assert "4 answers from 2 of 2 pods" in lines[-1]["why"]


async def test_a_verdict_ends_the_job_early(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    started(server)
    server.log = log_of(*["v2"] * 200, end=False)
    report = await run(on, await prepared(on, count=None))
    assert report.result
    assert report.result.verdict is Verdict.OFF
    assert jobs(server) == []


async def test_each_plan_is_sent_once(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    started(server)
    server.log = log_of("v1")
    plan = await prepared(on)
    await run(on, plan)
    again = await run(on, plan)
    assert (again.stage, again.result) == (Stage.REFUSED, None)
    assert "already sent" in again.why


@pytest.mark.parametrize(
    ("verb", "what"), [("create", "create jobs"), ("delete", "delete jobs"), ("list", "list pods"),
                       ("get", "get pods/log")]
)  # fmt: skip
async def test_missing_rights_are_named(server: ApiServer, stage: Open, verb: str, what: str) -> None:
    on = await stage(server)
    server.denied.add(verb)
    plan = await prepared(on)
    assert f"does not allow you to {what} in namespace shop" in plan.blocked
    report = await run(on, plan)
    assert (report.stage, jobs(server)) == (Stage.REFUSED, [])


async def test_a_session_that_only_reads_creates_nothing(server: ApiServer, stage: Open) -> None:
    on = await stage(server, settings=Settings(read_only=True))
    plan = await prepared(on)
    assert "read-only" in plan.blocked
    assert (await run(on, plan)).stage is Stage.REFUSED


async def test_a_job_that_is_refused(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.refuse["POST", JOBS] = 403
    report = await run(on, plan)
    assert report.stage is Stage.REFUSED
    assert "nothing was created" in report.why


async def test_an_image_that_cannot_be_pulled_is_named(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}
    started(server, {"phase": "Pending", "containerStatuses": [{"name": "probe", "state": waiting}]})
    report = await run(on, await prepared(on))
    assert (report.stage, report.result) == (Stage.UNVERIFIED, None)
    assert "does not start: ImagePullBackOff: no such image" in report.why
    assert jobs(server) == []


async def test_an_image_without_curl_is_named(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    started(server)
    server.log = "sh: curl: not found\nend\t1\t0\t127\n"
    report = await run(on, await prepared(on))
    assert "the image has no curl that can be run; choose another image with --image" in report.why
    assert jobs(server) == []


async def test_pods_that_a_quota_forbids(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    involved = {"kind": "Job", "name": plan.plan.requests[0].ref.name}
    server.put(
        "/api/v1/namespaces/shop/events/e",
        {"kind": "Event", "type": "Warning", "message": "exceeded quota", "involvedObject": involved},
    )
    report = await run(on, plan)
    assert "no pod was created: exceeded quota" in report.why
    assert jobs(server) == []


async def test_a_job_that_someone_else_deletes(server: ApiServer, stage: Open) -> None:
    on = await stage(server)

    def meddle() -> None:
        for path in jobs(server):
            server.remove(path)

    server.controller = meddle
    report = await run(on, await prepared(on))
    assert "was deleted by someone else" in report.why


async def test_the_job_is_deleted_if_the_wait_is_cancelled(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    started(server, {"phase": "Pending"})
    plan = await prepared(on)
    waiting = asyncio.ensure_future(on.session.run_job(plan, lambda _: None))
    await on.until(lambda _: jobs(server))
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await on.passing(waiting)
    assert jobs(server) == []


async def test_a_job_that_is_being_created_is_deleted_if_the_wait_is_cancelled(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.gate.clear()
    waiting = asyncio.ensure_future(on.session.run_job(plan, lambda _: None))
    await on.until(lambda view: view.journal)
    waiting.cancel()
    await on.clock.advance(1)
    server.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await on.passing(waiting)
    name = plan.plan.requests[0].ref.name
    assert server.writes == [("POST", JOBS), ("DELETE", f"{JOBS}/{name}")]
    assert jobs(server) == []


async def test_a_job_that_is_created_late_is_deleted(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    path = f"{JOBS}/{plan.plan.requests[0].ref.name}"
    server.lose_requests = 1
    attempts: list[int] = []

    def late() -> None:
        attempts.append(len(attempts))
        if len(attempts) == 4:  # after the creation and two attempts to delete it
            server.put(path, plan.plan.requests[0].body)

    server.on_write = late
    report = await run(on, plan)
    assert (report.stage, report.left) == (Stage.UNKNOWN, "")
    assert "the Job was deleted" in report.why
    assert (server.writes, jobs(server)) == ([("DELETE", path)], [])


async def test_a_job_that_may_still_be_created_is_named_with_its_deadline(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.lose_requests = 1
    report = await run(on, plan)
    (request,) = plan.plan.requests
    assert report.stage is Stage.UNKNOWN
    assert f"{request.ref} in test was not found, but may still be created" in report.left
    assert f"ends within {request.body['spec']['activeDeadlineSeconds']} s" in report.left
    assert report.left in report.why
    assert report.left in on.journal.read_text()


async def test_a_wait_that_is_cancelled_before_a_creation_is_refused(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    plan = await prepared(on)
    server.refuse["POST", JOBS] = 403
    server.gate.clear()
    waiting = asyncio.ensure_future(on.session.run_job(plan, lambda _: None))
    await on.until(lambda view: view.journal)
    waiting.cancel()
    await on.clock.advance(1)
    server.gate.set()
    with pytest.raises(asyncio.CancelledError):
        await on.passing(waiting)
    assert server.writes == []
    assert "nothing was created" in on.journal.read_text()


async def test_a_job_that_cannot_be_deleted_says_that_it_goes_by_itself(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    started(server)
    server.log = log_of("v1", "v1")
    plan = await prepared(on)
    server.refuse["DELETE", f"{JOBS}/{plan.plan.requests[0].ref.name}"] = 403
    report = await run(on, plan)
    assert report.result
    assert "was not deleted" in report.left
    assert "is deleted by itself" in report.left


async def test_where_pods_would_send(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    found = await on.session.target_inside(KEY)
    assert found.probe_target == ProbeTarget("127.0.0.1", 80, "shop.test")


async def test_a_plan_that_is_refused(server: ApiServer, stage: Open) -> None:
    on = await stage(server)
    labels = JobShape(labels=(("app", "shop"), ("version", "v1")))
    answer = await on.passing(on.session.prepare_job(KEY, order(on), labels))
    assert isinstance(answer, Refused)
    assert "Service shop/shop selects pods with these labels" in answer.why
