"""Jobs on a clock that the test moves: pods, completions, failures, deadline and time to live."""

from __future__ import annotations

from typing import Any

from cockpit.demo.schemas.kinds import EVENTS, PODS
from cockpit.demo.schemas.storedkinds import JOBS
from tests.demo.conftest import Bench


def make(bench: Bench, **spec: Any) -> None:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "tools:1"}]}}
    bench.storage.create(
        JOBS, {"metadata": {"name": "j", "namespace": "default"}, "spec": {"template": template, **spec}}
    )
    bench.settle(3)


def status(bench: Bench) -> dict[str, Any]:
    return dict(bench.storage.get(JOBS, "default", "j")["status"])


def ends(bench: Bench) -> list[tuple[str, str]]:
    return [(entry["type"], entry["reason"]) for entry in status(bench).get("conditions", [])]


def end(bench: Bench, number: int, code: int = 0) -> None:
    """The container of one of the pods that run ends."""
    running = [pod for pod in bench.pods() if pod["status"]["phase"] == "Running"]
    pod = running[number]
    done = {"exitCode": code, "finishedAt": bench.clock.timestamp()}
    pod["status"]["phase"] = "Failed" if code else "Succeeded"
    pod["status"]["containerStatuses"] = [{"name": "main", "state": {"terminated": done}}]
    bench.storage.update(PODS, pod, subresource="status")
    bench.settle()


def test_pods_run_at_once_until_enough_have_succeeded(bench: Bench) -> None:
    make(bench, parallelism=2, completions=3)
    assert (status(bench)["active"], status(bench)["ready"]) == (2, 2)
    (owner,) = {pod["metadata"]["ownerReferences"][0]["kind"] for pod in bench.pods()}
    assert owner == "Job"
    assert bench.pods()[0]["metadata"]["labels"]["job-name"] == "j"
    end(bench, 0)
    bench.settle(3)
    assert (status(bench)["active"], status(bench)["succeeded"]) == (2, 1)
    end(bench, 0)
    assert status(bench)["active"] == 1, "the third that is needed runs already"
    end(bench, 0)
    assert ends(bench) == [("SuccessCriteriaMet", "CompletionsReached"), ("Complete", "CompletionsReached")]
    assert status(bench)["succeeded"] == 3
    assert status(bench)["completionTime"]
    assert "active" not in status(bench)


def test_one_failure_more_than_allowed_ends_the_job_and_its_other_pods(bench: Bench) -> None:
    make(bench, parallelism=2, completions=2, backoffLimit=0)
    end(bench, 0, code=1)
    assert ends(bench) == [("FailureTarget", "BackoffLimitExceeded")]
    bench.settle(40)
    assert ends(bench) == [("FailureTarget", "BackoffLimitExceeded"), ("Failed", "BackoffLimitExceeded")]
    assert [pod["status"]["phase"] for pod in bench.pods()] == ["Failed"]
    assert any(event["reason"] == "BackoffLimitExceeded" for event in bench.storage.list(EVENTS))


def test_a_failed_pod_is_replaced_after_a_while(bench: Bench) -> None:
    make(bench, backoffLimit=3)
    end(bench, 0, code=1)
    bench.settle(8)
    assert len(bench.pods()) == 1
    bench.settle(4)
    assert len(bench.pods()) == 2


def test_the_deadline_ends_it(bench: Bench) -> None:
    make(bench, parallelism=2, completions=2, activeDeadlineSeconds=20)
    bench.settle(16)
    assert ends(bench) == []
    bench.settle(40)
    assert ends(bench)[-1] == ("Failed", "DeadlineExceeded")
    assert bench.pods() == []


def test_a_shorter_deadline_counts_at_once(bench: Bench) -> None:
    make(bench, activeDeadlineSeconds=600)
    stored = bench.storage.get(JOBS, "default", "j")
    stored["spec"]["activeDeadlineSeconds"] = 1
    bench.storage.update(JOBS, stored)
    bench.settle(40)
    assert ends(bench)[-1] == ("Failed", "DeadlineExceeded")


def test_a_finished_job_is_deleted_after_its_time_to_live(bench: Bench) -> None:
    make(bench, ttlSecondsAfterFinished=10)
    end(bench, 0)
    bench.settle(8)
    assert bench.storage.list(JOBS)
    bench.settle(4)
    (job,) = bench.storage.list(JOBS)
    assert job["metadata"]["deletionTimestamp"], "the collector deletes its pods first"


def test_a_suspended_job_has_no_pods(bench: Bench) -> None:
    make(bench, suspend=True, activeDeadlineSeconds=1)
    bench.settle(5)
    assert bench.pods() == []
    assert ends(bench) == [("Suspended", "JobSuspended")]
