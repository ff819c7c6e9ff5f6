"""Runs the commands of a Job's pods as processes of this machine, as a kubelet runs containers.

Only commands that the cluster was told to run: a manifest that somebody tries in a demo must not run on their machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cockpit.demo.containers.expansion import expanded, expanded_variables
from cockpit.demo.containers.probe_shape import not_of_a_probe
from cockpit.demo.controllers.podshape import containers
from cockpit.demo.controllers.podstate import is_finished
from cockpit.demo.controllers.world import World
from cockpit.demo.errors import ApiError
from cockpit.demo.schemas.kinds import PODS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.schemas.storedkinds import JOBS
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import key_of

ANY = "any"
LONGEST_LINE = 16 * 1024  # as a container runtime cuts lines
CANNOT_START = 128
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_LONGEST_NAMED = 100
_EVERY_COMMAND = "`python -m cockpit.demo --run-jobs any` starts one that runs every command"


@dataclass(slots=True)
class Running:
    """A container whose process is starting, runs or has been refused."""

    task: asyncio.Task[None] | None = None
    process: asyncio.subprocess.Process | None = None
    began: str = ""


# Opens a way into the cluster's network for a pod; gives the address of an HTTP proxy and what closes it.
Network = Callable[[Object], Awaitable[tuple[str, Callable[[], Awaitable[None]]]]]


class Containers:
    """Follows the pods of a cluster. `allowed` holds `ANY`, or SHA-256 digests of the scripts that may run.

    A script is the text after `sh -c` in a container's command; it runs only as in a probe's Job. `network` opens a
    pod's way to Services.
    """

    def __init__(self, world: World, network: Network, allowed: frozenset[str]) -> None:
        self._world = world
        self._network = network
        self._allowed = allowed
        self._running: dict[str, Running] = {}
        self._end: Callable[[], None] | None = None

    def start(self) -> None:
        """Follow the pods from now on."""
        self._end = self._world.storage.subscribe(self._follow)
        for pod in self._world.storage.scan(PODS):
            self._look(pod)

    async def stop(self) -> None:
        """Kill every process."""
        if self._end:
            self._end()
            self._end = None
        tasks = [running.task for running in self._running.values() if running.task]
        for running in self._running.values():
            _kill(running.process)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._running.clear()

    def _follow(self, event: Event) -> None:
        if event.kind is not PODS:
            return
        uid = event.obj["metadata"]["uid"]
        if event.type == "DELETED" or event.obj["metadata"].get("deletionTimestamp"):
            if running := self._running.get(uid):
                _kill(running.process)
            if event.type == "DELETED":
                self._running.pop(uid, None)
        else:
            self._look(event.obj)

    def _look(self, pod: Object) -> None:
        uid = pod["metadata"]["uid"]
        if uid in self._running or is_finished(pod) or not runs(pod):
            return
        if (pod.get("status") or {}).get("phase") != "Running":
            return
        running = self._running[uid] = Running(began=self._world.clock.timestamp())
        running.task = asyncio.get_running_loop().create_task(self._run(pod, running))

    async def _run(self, pod: Object, running: Running) -> None:
        container = containers(pod)[0]
        own = _own_variables(container)
        argv = [expanded(str(word), own) for word in (*container["command"], *(container.get("args") or []))]
        if refusal := self._why_not(argv, own):
            self._print(pod, refusal)
            self._finish(pod, running, CANNOT_START, "StartError", refusal)
            return
        proxy, close = await self._network(pod)
        try:
            with tempfile.TemporaryDirectory(prefix="cockpit-demo-pod-") as folder:
                code, why = await self._process(pod, running, argv, _environment(pod, own, proxy, folder), folder)
        finally:
            await close()
        self._finish(pod, running, code, ("StartError" if why else "Completed" if code == 0 else "Error"), why)

    async def _process(
        self, pod: Object, running: Running, argv: list[str], environment: Mapping[str, str], folder: str
    ) -> tuple[int, str]:
        """The exit code, and why the command could not be started."""
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=STDOUT,
                env=environment,
                cwd=folder,
                start_new_session=True,
                limit=LONGEST_LINE,
            )
        except (OSError, ValueError) as error:
            why = f"cannot run {argv[0]}: {error}"
            self._print(pod, why)
            return CANNOT_START, why
        running.process = process
        try:
            if self._is_gone(pod):
                _kill(process)
            assert process.stdout
            while line := await _line(process.stdout):
                self._print(pod, line.decode("utf-8", "replace").rstrip("\n"))
            code = await process.wait()
        finally:
            _kill(process)
        return (code if code >= 0 else 128 - code), ""

    def _why_not(self, argv: list[str], own: Mapping[str, str]) -> str:
        """Why a process may not start with these arguments and variables; "" if it may."""
        if ANY in self._allowed:
            return ""
        script = argv[2] if len(argv) > 2 and argv[:2] == ["sh", "-c"] else ""
        if digest(script) not in self._allowed:
            return f"the embedded cluster does not run this command on your machine; {_EVERY_COMMAND}"
        if other := not_of_a_probe(argv[3:], own):
            return (
                "the embedded cluster runs this script on your machine only with the arguments and variables of a"
                f" probe, which has no {other[:_LONGEST_NAMED]}; {_EVERY_COMMAND}"
            )
        return ""

    def _print(self, pod: Object, text: str) -> None:
        if not self._is_gone(pod):
            self._world.storage.logs.write(pod["metadata"]["uid"], text, self._world.clock.now())

    def _is_gone(self, pod: Object) -> bool:
        stored = self._world.storage.peek(PODS, *key_of(PODS, pod))
        return stored is None or stored["metadata"]["uid"] != pod["metadata"]["uid"]

    def _finish(self, pod: Object, running: Running, code: int, reason: str, why: str) -> None:
        self._world.storage.logs.end(pod["metadata"]["uid"])
        stored = self._world.storage.peek(PODS, *key_of(PODS, pod))
        if stored is None or self._is_gone(pod):
            return
        with contextlib.suppress(ApiError):  # it is gone
            now = self._world.clock.timestamp()
            self._world.write_status(PODS, stored, _ended(stored, code, reason, why, running.began, now))


def runs(pod: Object) -> bool:
    """Whether the first container of the pod is a command of a Job; all other pods only answer HTTP."""
    owned = any(owner.get("kind") == JOBS.kind for owner in pod["metadata"].get("ownerReferences") or [])
    return owned and bool(containers(pod)) and bool(containers(pod)[0].get("command"))


def digest(script: str) -> str:
    """The SHA-256 of a script, in hex."""
    return sha256(script.encode("utf-8", "surrogatepass")).hexdigest()


def _own_variables(container: dict[str, Any]) -> dict[str, str]:
    """The variables that the manifest gives to the container."""
    return expanded_variables(
        (str(entry["name"]), str(entry.get("value") or ""))
        for entry in container.get("env") or []
        if isinstance(entry, dict) and _VARIABLE.fullmatch(str(entry.get("name") or ""))
    )


def _environment(pod: Object, own: Mapping[str, str], proxy: str, folder: str) -> dict[str, str]:
    """What the process sees: nothing of this machine but its programs."""
    usual = {"PATH": os.environ.get("PATH", os.defpath), "HOSTNAME": pod["metadata"]["name"], "HOME": folder}
    # Names of Services mean something only in the cluster, so requests go through the cluster's own proxy.
    return {**own, **usual, "TMPDIR": folder, "http_proxy": proxy}


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next line; one that is too long comes in pieces."""
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError:
        return await reader.readexactly(LONGEST_LINE)


def _kill(process: asyncio.subprocess.Process | None) -> None:
    """End a process and everything that it started."""
    if process is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _ended(pod: Object, code: int, reason: str, why: str, began: str, now: str) -> dict[str, Any]:
    """The status of a pod whose first container has ended."""
    status = {**(pod.get("status") or {})}
    terminated = {"exitCode": code, "reason": reason, "startedAt": began, "finishedAt": now}
    if why:
        terminated["message"] = why
    status["phase"] = "Succeeded" if code == 0 else "Failed"
    status["containerStatuses"] = [
        {**entry, "ready": False, "started": False, "state": {"terminated": terminated}}
        for entry in status.get("containerStatuses") or []
    ]
    unready = {"status": "False", "reason": "PodCompleted" if code == 0 else "PodFailed", "lastTransitionTime": now}
    status["conditions"] = [
        {**entry, **unready} if entry.get("type") in ("Ready", "ContainersReady") else entry
        for entry in status.get("conditions") or []
    ]
    return status
