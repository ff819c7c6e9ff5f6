"""Both walk-throughs word for word, with kubectl, curl and the shell loops, on an embedded cluster."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cockpit.probe.stats import wilson
from tests.places import SEEDS, demo_process

pytestmark = pytest.mark.skipif(
    not (shutil.which("kubectl") and shutil.which("curl")), reason="kubectl or curl is not installed"
)
V1 = '{"code": 200, "message": "version: v1"}'
V2 = '{"code": 200, "message": "version: v2"}'


class Shell:
    """A shell with the cluster's kubeconfig and gateway in its environment."""

    def __init__(self, ready: dict[str, Any]) -> None:
        host, port = re.sub(r"^\w+://", "", ready["gateway"]).rsplit(":", 1)
        # The walk-through asks by domain name: curl is told where that is.
        resolve = f'curl() {{ command curl -s --connect-to www.example.com:80:{host}:{port} "$@"; }}'
        self._prelude = f"set -e; {resolve}; cd {SEEDS}\n"
        self._environment = {**os.environ, "KUBECONFIG": ready["kubeconfig"]}

    def run(self, script: str) -> str:
        done = subprocess.run(
            ["bash", "-c", self._prelude + script],
            env=self._environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=90,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout

    def ready(self, *deployments: str) -> None:
        for name in deployments:
            self.run(f"kubectl rollout status deployment/{name} --timeout=60s")

    def loop(self, curl: str, count: int = 10) -> Counter[str]:
        """The walk-through's loop; one line an answer."""
        return Counter(self.run(f"for i in `seq 1 {count}`; do {curl}; echo; done").split("\n")[:-1])

    def settled(self, curl: str, answer: str) -> Counter[str]:
        """Once the gateway has answered so for the first time, ten answers."""
        self.run(f"for i in `seq 1 200`; do test \"$({curl})\" = '{answer}' && exit 0; done; exit 1")
        return self.loop(curl)


@pytest.fixture
def shell() -> Iterator[Shell]:
    with demo_process("empty", "--seed", "3") as ready:
        yield Shell(ready)


PLAIN = "curl http://www.example.com/version"
MARKED = 'curl -H "foo:bar" http://www.example.com/version'


def test_canary_by_header(shell: Shell) -> None:
    shell.run("kubectl apply -f header-http-server-v1.yaml && kubectl apply -f header-ingress1.yaml")
    shell.ready("http-server-v1")
    assert shell.settled(PLAIN, V1) == {V1: 10}
    assert "127.0.0.1" in shell.run("kubectl get ingress")
    shell.run("kubectl apply -f header-http-server-v2.yaml")
    shell.ready("http-server-v2")
    shell.run("kubectl apply -f header-ingress2.yaml")
    assert shell.settled(MARKED, V2) == {V2: 10}
    assert shell.loop(PLAIN) == {V1: 10}
    shell.run("kubectl apply -f header-http-server-v1-to-v2.yaml")
    assert shell.settled(PLAIN, V2) == {V2: 10}
    shell.run("kubectl delete deploy http-server-v1 && kubectl delete svc http-server-v2")
    assert shell.loop(PLAIN) == {V2: 10}
    shell.run("kubectl wait --for=delete pod -l app=http-server-v1 --timeout=60s")
    assert "http-server-v1" not in shell.run("kubectl get pods -o name")


def test_canary_by_weight(shell: Shell) -> None:
    shell.run("kubectl apply -f weight-http-server-v1.yaml && kubectl apply -f weight-ingress1.yaml")
    shell.ready("http-server-v1")
    assert shell.settled(PLAIN, V1) == {V1: 10}
    shell.run("kubectl apply -f weight-http-server-v2.yaml")
    shell.ready("http-server-v2")
    shell.run("kubectl apply -f weight-ingress2.yaml")
    shell.run(f"for i in `seq 1 500`; do test \"$({PLAIN})\" = '{V2}' && exit 0; done; exit 1")
    # One process for all requests, but a connection of its own for each.
    many = "curl -H 'Connection: close' -w '\\n' 'http://www.example.com/version?[1-2000]'"
    counted = Counter(shell.run(many).split("\n")[:-1])
    assert counted[V1] + counted[V2] == 2000
    low, high = wilson(counted[V2], 2000, z=3.9)
    assert low <= 0.30 <= high, counted
    shell.run("kubectl apply -f weight-ingress1-v2.yaml")
    assert shell.settled(PLAIN, V2) == {V2: 10}
    shell.run("kubectl delete deploy http-server-v1 && kubectl delete svc http-server-v1")
    assert shell.loop(PLAIN) == {V2: 10}


def may_listen_on_80() -> bool:
    start = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    return os.name == "posix" and (os.geteuid() == 0 or (start.exists() and int(start.read_text()) <= 80))


@pytest.mark.skipif(not may_listen_on_80(), reason="this user may not listen on port 80")
def test_blue_green(shell: Shell) -> None:
    shell.run("kubectl apply -f blue-green-v1.yaml && kubectl apply -f blue-green-service.yaml")
    shell.ready("demo-dp-v1")
    jsonpath = "'{.status.loadBalancer.ingress[0].ip}'"
    shell.run(
        f'for i in `seq 1 100`; do test -n "$(kubectl get svc demo-service -o jsonpath={jsonpath})" && exit 0; done'
    )
    address = shell.run(f"kubectl get svc demo-service -o jsonpath={jsonpath}")
    assert address in shell.run("kubectl get svc")
    ask = f"curl -X GET http://{address}"

    def versions(count: int) -> Counter[str]:
        names = shell.run(f"for i in `seq 1 {count}`; do {ask}; done").split()
        return Counter(name.rsplit("-", 2)[0] for name in names)

    assert versions(20) == {"demo-dp-v1": 20}
    shell.run("kubectl apply -f blue-green-v2.yaml")
    assert versions(20) == {"demo-dp-v1": 20}
    shell.ready("demo-dp-v2")
    assert versions(20) == {"demo-dp-v1": 20}
    flip = "sed -i s/version:.v1/version:\\ v2/"
    shell.run(f"EDITOR='{flip}' kubectl edit service demo-service")
    shell.run(f"for i in `seq 1 200`; do case $({ask}) in demo-dp-v2-*) exit 0;; esac; done; exit 1")
    assert versions(60) == {"demo-dp-v2": 60}
    back = '{"spec":{"selector":{"version":"v1"}}}'
    shell.run(f"kubectl patch service demo-service -p '{back}'")
    shell.run(f"for i in `seq 1 200`; do case $({ask}) in demo-dp-v1-*) exit 0;; esac; done; exit 1")
    assert versions(20) == {"demo-dp-v1": 20}


def test_what_kubectl_says_of_a_rollout(shell: Shell) -> None:
    shell.run("kubectl apply -f blue-green-v1.yaml")
    shell.ready("demo-dp-v1")
    shell.run("kubectl set image deployment/demo-dp-v1 demo=bebullish/demo:v9")
    shell.ready("demo-dp-v1")
    assert "REVISION" in shell.run("kubectl rollout history deployment/demo-dp-v1")
    shell.run("kubectl rollout undo deployment/demo-dp-v1")
    shell.ready("demo-dp-v1")
    image = "kubectl get deploy demo-dp-v1 -o jsonpath='{.spec.template.spec.containers[0].image}'"
    assert shell.run(image) == "bebullish/demo:v1"
    shell.run("kubectl scale deployment/demo-dp-v1 --replicas=1")
    shell.ready("demo-dp-v1")
    assert "3/3" not in shell.run("kubectl get deployments")
    assert "ScalingReplicaSet" in shell.run("kubectl describe deployment demo-dp-v1")
