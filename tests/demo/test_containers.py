"""Commands of Jobs as processes: only those that are allowed, in the cluster's network, and none is left behind."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.places import demo_process, open_client

SCRIPT = "echo allowed; exit 3"
JOBS = "/apis/batch/v1/namespaces/default/jobs"
PODS = "/api/v1/namespaces/default/pods"


def job(name: str, script: str, *arguments: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    environment = [{"name": "GREETING", "value": "hello"}]
    container = {"name": "main", "image": "tools:1", "command": ["sh", "-c", script, *arguments], "env": environment}
    metadata = {"labels": labels or {}, "annotations": {"demo.cockpit/ready-delay": "0s"}}
    spec = {"restartPolicy": "Never", "containers": [container]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {"metadata": metadata, "spec": spec}},
    }


def pod_of(api: httpx.Client, name: str) -> dict[str, Any]:
    """The pod of a Job once it has ended."""
    query = {"labelSelector": f"job-name={name}"}
    for _ in range(3000):
        found = api.get(PODS, params=query).raise_for_status().json()["items"]
        if found and found[0]["status"].get("phase") in ("Succeeded", "Failed"):
            return dict(found[0])
    raise AssertionError(f"the pod of {name} does not end")


def ended(api: httpx.Client, made: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """How a Job's container ended, and its log."""
    api.post(JOBS, json=made).raise_for_status()
    pod = pod_of(api, made["metadata"]["name"])
    log = api.get(f"{PODS}/{pod['metadata']['name']}/log").raise_for_status().text
    return dict(pod["status"]["containerStatuses"][0]["state"]["terminated"]), log


@pytest.fixture(scope="module")
def open_cluster() -> Iterator[httpx.Client]:
    with demo_process("--run-jobs", "any") as ready, open_client(Path(ready["kubeconfig"])) as api:
        yield api


def probing(name: str, *arguments: str, **variables: str) -> dict[str, Any]:
    """A Job with the allowed script; without more, as a probe's."""
    made = job(name, SCRIPT, "probe")
    (container,) = made["spec"]["template"]["spec"]["containers"]
    container["args"] = ["-s", *arguments, "--", "http://shop.example/"]
    container["env"] = [{"name": key, "value": value} for key, value in {"COUNT": "4", **variables}.items()]
    return made


def test_without_leave_no_command_runs(tmp_path: Path) -> None:
    digest = hashlib.sha256(SCRIPT.encode()).hexdigest()
    with demo_process("--run-jobs", digest) as ready, open_client(Path(ready["kubeconfig"])) as api:
        state, log = ended(api, probing("mine"))
        assert (state["exitCode"], state["reason"], log) == (3, "Error", "allowed\n")
        state, log = ended(api, job("other", SCRIPT + " "))
        assert (state["exitCode"], state["reason"]) == (128, "StartError")
        assert "does not run this command on your machine" in log
        hidden = job("hidden", SCRIPT)
        hidden["spec"]["template"]["spec"]["containers"][0]["command"] = ["sh", "-c", "id", SCRIPT]
        assert ended(api, hidden)[0]["reason"] == "StartError"
        # The script is known, but what it is called with may do anything.
        for made, word in (
            (probing("file", "-o", str(tmp_path / "file")), "argument -o"),
            (probing("variable", LD_PRELOAD="/tmp/a.so"), "variable LD_PRELOAD"),
            (probing("computed", COUNT="a[$$(id)]"), "variable COUNT=a[$(id)]"),
            (probing("replaced", "$(COUNT)"), "argument 4"),
        ):
            state, log = ended(api, made)
            assert (state["exitCode"], state["reason"]) == (128, "StartError")
            assert f"which has no {word}" in log


def test_a_command_sees_its_own_environment_only(open_cluster: httpx.Client) -> None:
    os.environ["COCKPIT_TEST_LEAK"] = "leaked"
    state, log = ended(open_cluster, job("env", 'echo "$GREETING $HOSTNAME [$COCKPIT_TEST_LEAK]"; echo oops >&2'))
    assert (state["exitCode"], state["reason"]) == (0, "Completed")
    assert log.startswith("hello env-")
    assert log.endswith("[]\noops\n")


def test_references_are_replaced_as_by_a_kubelet(open_cluster: httpx.Client) -> None:
    made = job("expand", 'printf "%s\\n" "$@"; echo "$LATER"', "sh")
    container = made["spec"]["template"]["spec"]["containers"][0]
    container["env"] += [{"name": "LATER", "value": "$(GREETING) $(LAST)"}, {"name": "LAST", "value": "x"}]
    container["args"] = ["$(GREETING)", "$$(GREETING)", "$$$$", "$(NONE) $(open $x", "$(LATER)"]
    _, log = ended(open_cluster, made)
    assert log.splitlines() == [
        "hello", "$(GREETING)", "$$", "$(NONE) $(open $x", "hello $(LAST)", "hello $(LAST)",
    ]  # fmt: skip


def test_what_is_not_there_cannot_start(open_cluster: httpx.Client) -> None:
    made = job("absent", "")
    made["spec"]["template"]["spec"]["containers"][0]["command"] = ["/no/such/program"]
    state, log = ended(open_cluster, made)
    assert (state["exitCode"], state["reason"]) == (128, "StartError")
    assert "/no/such/program" in log


def test_a_long_line_comes_in_pieces(open_cluster: httpx.Client) -> None:
    _, log = ended(open_cluster, job("long", "printf '%40000s' x; echo; echo end"))
    assert log.replace("\n", "").strip() == "xend"
    assert max(map(len, log.splitlines())) <= 17_000


def test_a_deleted_job_leaves_no_process(open_cluster: httpx.Client, tmp_path: Path) -> None:
    alive = tmp_path / "pid"
    open_cluster.post(JOBS, json=job("endless", 'echo $$$$ > "$0"; sleep 1000', str(alive))).raise_for_status()
    for _ in range(3000):
        open_cluster.get(JOBS)
        if alive.exists() and alive.read_text().strip():
            break
    process = int(alive.read_text())
    query = {"propagationPolicy": "Background"}
    open_cluster.delete(f"{JOBS}/endless", params=query).raise_for_status()
    for _ in range(3000):
        open_cluster.get(JOBS)
        if not Path(f"/proc/{process}").exists():
            return
    raise AssertionError("the process goes on")
