"""`cockpit guard` as a process whose terminal nobody reads: it goes back all the same."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_end_to_end import COCKPIT, SECONDS
from tests.journeys.test_gateway_api_acts import version
from tests.journeys.test_ingress_dialects_acts import CANARY, HOST, MAIN, ingress
from tests.places import Place

WEIGHT = "nginx.ingress.kubernetes.io/canary-weight"


def broken_canary(place: Place) -> None:
    """v2 fails four requests in ten and gets half of the traffic."""
    deployment, service = version("v2")
    deployment["spec"]["template"]["metadata"]["annotations"] = {"demo.cockpit/error-rate": "0.4"}
    place.apply(*version("v1"), deployment, service)
    place.ready("shop-v1", "shop-v2")
    place.apply(ingress(MAIN, "shop-v1", "nginx"))
    place.settle(lambda: place.ask(HOST).status_code == 200)
    place.apply(ingress(CANARY, "shop-v2", "nginx", canary="true", canary_weight="50"))


@contextlib.contextmanager
def full_pipe() -> Iterator[tuple[int, int]]:
    """A pipe that takes nothing more until it is read, as a terminal that was stopped."""
    out, into = os.pipe()
    os.set_blocking(into, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(into, b"\n" * 1024)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(into, b"\n")
    os.set_blocking(into, True)
    try:
        yield out, into
    finally:
        os.close(out)


def test_a_terminal_that_is_not_read_holds_up_no_guard(place: Place, tmp_path: Path) -> None:
    if place.real:
        pytest.skip("one place is enough for what the process does with its terminal")
    broken_canary(place)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT", "KUBE"))}
    environ |= {"COCKPIT_STATE": str(tmp_path), "HOME": str(tmp_path), "COCKPIT_PROBE_RATE": "100"}
    words = ["--kubeconfig", str(place.kubeconfig), "-n", place.namespace, "guard", MAIN]
    with full_pipe() as (out, into):
        process = subprocess.Popen(
            [*COCKPIT, *words, "--if", "hurt", "--arm", "--yes", "--plain"],
            env=environ, stdin=subprocess.DEVNULL, stdout=into, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        os.close(into)
        place.until("Ingress", lambda found: "0" in [i["metadata"].get("annotations", {}).get(WEIGHT) for i in found])
        said = b""
        while chunk := os.read(out, 65536):
            said += chunk
        _, notes = process.communicate(timeout=SECONDS)
    assert process.returncode == 3, notes
    assert "Arm" not in notes
    lines = said.decode().split()
    assert "acted:" in lines, said.decode()[-2000:]
    assert "roll" in lines
