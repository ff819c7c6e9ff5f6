"""Starts the embedded cluster in its own process, waits until it is ready, and stops it.

It is used only over HTTP, like any cluster; nothing of it is imported.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import click

from cockpit.cli.output import emit, say
from cockpit.cli.program import DemoOrder, NoSuchNameError, StartError
from cockpit.model.shell_line import shell_word
from cockpit.model.values import dataclass
from cockpit.planning.probe_script import SCRIPT

# A cold start on a slow machine takes a few seconds, most of it for the key and certificate.
READY_SECONDS = 60.0
END_SECONDS = 10.0
# Exit code with which the cluster reports in one sentence why it cannot start.
CANNOT_LISTEN = 69
# How it ends where it has no such scenario.
NOT_UNDERSTOOD = 2


@dataclass(frozen=True, slots=True)
class EmbeddedCluster:
    """A running embedded cluster: its kubeconfig, and what its ready line reported."""

    kubeconfig: Path
    process: subprocess.Popen[bytes]
    ready: Mapping[str, Any]


def list_scenarios(further: str) -> int:
    """Print the names of the scenarios, and a `further` line; the exit code."""
    listed = subprocess.run([*_command(), "--list"], check=False, stdout=subprocess.PIPE, text=True)
    for line in f"{listed.stdout}{further}".rstrip("\n").split("\n"):
        say(line)
    return listed.returncode


def _command() -> list[str]:
    return [sys.executable, "-m", "cockpit.demo"]


def _words(order: DemoOrder, kubeconfig: Path) -> list[str]:
    ports = ["--api-port", str(order.api_port), "--gateway-port", str(order.gateway_port)]
    contexts = [word for name in order.contexts for word in ("--context", name)]
    # Of all commands of Jobs, the cluster runs only the cockpit's own on this machine. Those of a record would go to
    # the addresses of another cluster.
    jobs = [] if order.course else ["--run-jobs", hashlib.sha256(SCRIPT.encode()).hexdigest()]
    made = ["--kubeconfig-out", str(kubeconfig), *ports, *contexts, *jobs]
    course = ["--course", str(order.course)] if order.course else []
    return [*_command(), *order.scenarios, *made, *course, "--exit-with-parent"]


@contextlib.contextmanager
def embedded_cluster(
    order: DemoOrder, hear: Callable[[Mapping[str, Any]], None] = lambda _: None
) -> Iterator[EmbeddedCluster]:
    """Run an embedded cluster in its own process and stop it afterwards; raises StartError with its output.

    `hear` is called with what it says after its ready line, in another thread.
    """
    with tempfile.TemporaryDirectory(prefix="cockpit-demo-") as folder:
        kubeconfig = (order.kubeconfig_out or Path(folder) / "kubeconfig").absolute()
        with Path(folder, "stderr").open("w+") as said:
            # Its own process session, so that Ctrl-C ends the screen first. It exits when its stdin closes.
            process = subprocess.Popen(
                _words(order, kubeconfig),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                start_new_session=True,
            )
            listening = threading.Thread(target=_listen, args=(process, hear), name="embedded", daemon=True)
            try:
                ready = _ready_line(process, said)
                listening.start()
                yield EmbeddedCluster(kubeconfig, process, ready)
            finally:
                _end(process, listening)


def _ready_line(process: subprocess.Popen[bytes], said: IO[str]) -> Mapping[str, Any]:
    assert process.stdout
    readable, _, _ = select.select([process.stdout], [], [], READY_SECONDS)
    line = process.stdout.readline() if readable else b""
    try:
        ready = json.loads(line)
        if isinstance(ready, dict):
            return ready
    except ValueError:
        pass
    said.seek(0)
    last = said.read()[-2000:].strip() or "no output"
    if readable and _exit_code(process) == CANNOT_LISTEN:
        raise StartError(last)
    if readable and _exit_code(process) == NOT_UNDERSTOOD:
        raise NoSuchNameError(last)
    what = "ended" if readable else f"was not ready within {READY_SECONDS:g} s"
    raise StartError(f"the embedded cluster {what}: {last}")


def _exit_code(process: subprocess.Popen[bytes]) -> int | None:
    """How a process ended that has closed its stdout; None while it goes on."""
    try:
        return process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _listen(process: subprocess.Popen[bytes], hear: Callable[[Mapping[str, Any]], None]) -> None:
    """Hand on each further line until the process ends."""
    assert process.stdout
    for line in process.stdout:
        with contextlib.suppress(ValueError):
            if isinstance(said := json.loads(line), dict):
                hear(said)


def _end(process: subprocess.Popen[bytes], listening: threading.Thread) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if listening.is_alive():
        listening.join(END_SECONDS)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


def serve(
    order: DemoOrder,
    beside: Callable[[EmbeddedCluster], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext,
    hear: Callable[[Mapping[str, Any]], None] = lambda _: None,
) -> int:
    """Run the embedded cluster for other clients until a signal ends it; its ready line goes to stdout.

    `beside` is entered while it runs, `hear` is as in `embedded_cluster`.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end_serving)
    try:
        with embedded_cluster(order, hear) as cluster:
            emit(json.dumps(dict(cluster.ready)))
            click.echo(_how_to_use(cluster), err=True)
            with beside(cluster):
                code = cluster.process.wait()
    except _EndServing:
        return 0
    raise StartError(f"the embedded cluster exited unexpectedly with code {code}")


class _EndServing(BaseException):
    """Not an Exception, so that no handler treats it as an error."""


def _end_serving(number: int, frame: object) -> None:
    raise _EndServing


def _how_to_use(cluster: EmbeddedCluster) -> str:
    lines = [
        "The embedded cluster is ready. Stop it with Ctrl-C.",
        f"  kubectl:  KUBECONFIG={shell_word(str(cluster.kubeconfig))} kubectl get pods -A",
        f"  cockpit:  cockpit --kubeconfig {shell_word(str(cluster.kubeconfig))} -A",
    ]
    if cluster.ready.get("one_gateway"):
        contexts = list(cluster.ready["contexts"])
        words = " ".join(f"--context {name}" for name in contexts)
        lines[-1] = (
            f"  cockpit:  COCKPIT_ONE_GATEWAY={','.join(contexts)} cockpit"
            f" --kubeconfig {shell_word(str(cluster.kubeconfig))} {words} -A"
        )
    if gateway := cluster.ready.get("gateway"):
        address = gateway if "://" in str(gateway) else f"http://{gateway}"
        lines.append(f"  curl:     curl -H 'Host: NAME.OF.THE.INGRESS' {address}/")
    if secure := cluster.ready.get("gateway_tls"):
        address = str(secure).removeprefix("https://")
        lines.append(f"  TLS:      curl -k --connect-to ::{address} https://NAME.OF.THE.INGRESS/")
    if mesh := cluster.ready.get("mesh"):
        lines.append(f"  mesh:     curl -x {mesh} http://SERVICE.NAMESPACE.svc.cluster.local:PORT/")
    return "\n".join(lines)
