"""The command as a process through a way that spoils reads: waited for, or an error, never an empty answer."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.faulty import Fault, faulty_way
from tests.places import Place

COCKPIT = [sys.executable, "-c", "from cockpit.launch.compose import main; main()"]
LABELS = {"app": "web", "version": "v1"}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": LABELS, "ports": [{"port": 80, "targetPort": 8080}]},
}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web-v1"},
    "spec": {
        "replicas": 2,
        "selector": {"matchLabels": LABELS},
        "template": {"metadata": {"labels": LABELS}, "spec": {"containers": [{"name": "web", "image": "web:v1"}]}},
    },
}
RULE = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "web"},
    "spec": {"ingressClassName": "nginx", "rules": [{"host": "web.example", "http": {"paths": [RULE]}}]},
}


async def run(place: Place, kubeconfig: Path, folder: Path, *words: str) -> tuple[int, str, str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT", "KUBE"))}
    environ |= {"COCKPIT_STATE": str(folder), "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    process = await asyncio.create_subprocess_exec(
        *COCKPIT,
        *("--kubeconfig", str(kubeconfig), "-n", place.namespace, *words),
        env=environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    assert b"Traceback" not in said
    return process.returncode, out.decode(), said.decode()


@pytest.fixture
def web(place: Place) -> Place:
    place.apply(DEPLOYMENT, SERVICE, INGRESS)
    place.ready("web-v1")
    return place


def once_each() -> list[Fault]:
    """Every kind of spoilt read, each on a kind of its own or on whatever comes next."""
    return [
        Fault("truncate", "ingresses", times=1),
        Fault("drop", "services", times=1),
        Fault("404", "deployments", times=1, body=b"404 page not found"),
        Fault("503", "pods", times=2),
        Fault("429", times=3, headers={"Retry-After": "1"}),
    ]


@pytest.mark.parametrize("faults", [[Fault("drip", "pods")], once_each()], ids=["drip", "each"])
async def test_what_can_be_read_in_the_end_is_waited_for(web: Place, faults: list[Fault], tmp_path: Path) -> None:
    _, expected, _ = await run(web, web.kubeconfig, tmp_path, "show", "web", "-o", "json")
    async with faulty_way(web.kubeconfig, tmp_path, *faults) as (_, kubeconfig):
        code, out, said = await run(web, kubeconfig, tmp_path, "show", "web", "-o", "json")
    assert all(fault.met for fault in faults)
    assert code == 0, said
    assert json.loads(out) == json.loads(expected)
    assert json.loads(out)["versions"][0]["ready"] == 2


@pytest.mark.parametrize(
    "fault",
    [Fault("freeze", "pods"), Fault("truncate", "ingresses")],
    ids=lambda fault: f"{fault.what}-{fault.plural}",
)
async def test_what_cannot_be_read_is_neither_absent_nor_acted_on(web: Place, fault: Fault, tmp_path: Path) -> None:
    async with faulty_way(web.kubeconfig, tmp_path, fault) as (_, kubeconfig):
        timeout = ("--request-timeout", "12s")
        listed, gone, back = await asyncio.gather(
            run(web, kubeconfig, tmp_path, "list", "-o", "json", *timeout),
            run(web, kubeconfig, tmp_path, "show", "nothing", *timeout),
            run(web, kubeconfig, tmp_path, "rollback", "web", "--yes", *timeout),
        )
    assert [listed[0], gone[0], back[0]] == [8, 8, 8], (listed, gone, back)
    assert listed[1] == "" or json.loads(listed[1])["unread"]
    assert "is not known: not everything could be read" in gone[2]
    assert "could be read" in back[2]
