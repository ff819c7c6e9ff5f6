"""The embedded cluster as a process of its own: started, waited for, ended.

It is spoken to over HTTP alone, as any cluster is; nothing of it is imported.
"""

from __future__ import annotations

import contextlib
import json
import select
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

from cockpit.cli.program import DemoOrder, StartError

# A cold start on a slow machine takes a few seconds, most of it for key and certificate.
READY_SECONDS = 60.0
END_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class EmbeddedCluster:
    """A running embedded cluster: where its kubeconfig is, and what its ready line said."""

    kubeconfig: Path
    process: subprocess.Popen[bytes]
    ready: Mapping[str, Any]


def list_scenarios() -> int:
    """Print the names of the scenarios; the exit code."""
    return subprocess.run([*_command(), "--list"], check=False).returncode


def _command() -> list[str]:
    return [sys.executable, "-m", "cockpit.demo"]


def _words(order: DemoOrder, kubeconfig: Path) -> list[str]:
    ports = ["--api-port", str(order.api_port), "--gateway-port", str(order.gateway_port)]
    contexts = [word for name in order.contexts for word in ("--context", name)]
    return [*_command(), *order.scenarios, "--kubeconfig-out", str(kubeconfig), *ports, *contexts, "--exit-with-parent"]


@contextlib.contextmanager
def embedded_cluster(order: DemoOrder) -> Iterator[EmbeddedCluster]:
    """An embedded cluster in a process of its own, ended afterwards; raises StartError with what it said."""
    with tempfile.TemporaryDirectory(prefix="cockpit-demo-") as folder:
        kubeconfig = (order.kubeconfig_out or Path(folder) / "kubeconfig").absolute()
        with Path(folder, "stderr").open("w+") as said:
            # A session of its own, so that Ctrl-C ends the screen first. It ends by itself when stdin closes.
            process = subprocess.Popen(
                _words(order, kubeconfig),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                start_new_session=True,
            )
            try:
                yield EmbeddedCluster(kubeconfig, process, _ready_line(process, said))
            finally:
                _end(process)


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
    last = said.read()[-2000:].strip() or "it said nothing"
    what = "ended" if readable else f"was not ready within {READY_SECONDS:g} s"
    raise StartError(f"the embedded cluster {what}: {last}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()


def serve(order: DemoOrder) -> int:
    """Run the embedded cluster for other clients until a signal ends it; its ready line goes to stdout."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end_serving)
    try:
        with embedded_cluster(order) as cluster:
            click.echo(json.dumps(dict(cluster.ready)))
            click.echo(_how_to_use(cluster), err=True)
            code = cluster.process.wait()
    except _EndServing:
        return 0
    raise StartError(f"the embedded cluster ended by itself with exit code {code}")


class _EndServing(BaseException):
    """Not an Exception, so that nothing on the way takes it for an error."""


def _end_serving(number: int, frame: object) -> None:
    raise _EndServing


def _how_to_use(cluster: EmbeddedCluster) -> str:
    lines = [
        "The embedded cluster is ready; end it with Ctrl-C.",
        f"  kubectl:  KUBECONFIG={shlex.quote(str(cluster.kubeconfig))} kubectl get pods -A",
        f"  cockpit:  cockpit --kubeconfig {shlex.quote(str(cluster.kubeconfig))} -A",
    ]
    if cluster.ready.get("one_gateway"):
        contexts = list(cluster.ready["contexts"])
        words = " ".join(f"--context {name}" for name in contexts)
        lines[-1] = (
            f"  cockpit:  COCKPIT_ONE_GATEWAY={','.join(contexts)} cockpit"
            f" --kubeconfig {shlex.quote(str(cluster.kubeconfig))} {words} -A"
        )
    if gateway := cluster.ready.get("gateway"):
        address = gateway if "://" in str(gateway) else f"http://{gateway}"
        lines.append(f"  curl:     curl -H 'Host: NAME.OF.THE.INGRESS' {address}/")
    if mesh := cluster.ready.get("mesh"):
        lines.append(f"  mesh:     curl -x {mesh} http://SERVICE.NAMESPACE.svc.cluster.local:PORT/")
    return "\n".join(lines)
