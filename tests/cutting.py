"""A way to an API server as a process of its own, which cuts the network in the middle of a write.

`python -m tests.cutting HOST PORT CA` prints a line of JSON with its port and certificate. Then it obeys one word a
line from stdin and says it back. `pass` forwards; the others wait for a PATCH that is no dry run, and from its first
byte on

- `swallow up`: nothing that is sent comes through, and nobody is told,
- `swallow down`: it comes through, and nothing that is answered does,
- `reset`: it comes through, and its sender is cut off by RST,
- `deaf`: the server's end of its connection is closed, and nobody is told,
- `hold`: it is kept until `pass`, and all else comes through,
- `stop`: the process stops, with the request in its hands.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import signal
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from urllib.parse import urlsplit

import yaml

from cockpit.demo.tls import authority

# Ends a connection with RST in place of FIN.
_AT_ONCE = struct.pack("ii", 1, 0)


class Forwarder:
    """TLS ends here and begins anew, so that it knows a write when it comes; what it forwards are the bytes."""

    def __init__(self, host: str, port: int, trust: ssl.SSLContext) -> None:
        self._server = (host, port)
        self._trust = trust
        self._wanted, self._mode = "pass", "pass"
        self._passes = asyncio.Event()

    async def run(self) -> None:
        own = authority(time.time())
        listening = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=own.context)
        port = listening.sockets[0].getsockname()[1]
        print(json.dumps({"port": port, "certificate": own.certificate.decode()}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            self._wanted, self._mode = line.strip(), "pass"
            (self._passes.set if self._wanted == "pass" else self._passes.clear)()
            print(self._wanted, flush=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(*self._server, ssl=self._trust)
        ways = (self._up(reader, up_writer, writer), self._down(up_reader, writer))
        tasks = [asyncio.ensure_future(each) for each in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for end in (up_writer, writer):
            end.close()

    async def _up(
        self, reader: asyncio.StreamReader, server: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        swallowed = False
        while data := await reader.read(65536):
            writes = data.startswith(b"PATCH ") and b"dryRun" not in data.partition(b"\r\n")[0]
            if writes and self._wanted != "pass":
                self._mode = self._wanted
            if writes and self._mode == "stop":
                self._wanted = "pass"
                os.kill(os.getpid(), signal.SIGSTOP)
            if writes and self._mode == "hold":
                self._mode = "pass"
                await self._passes.wait()
                server.write(data)
                await asyncio.sleep(1.0)  # a server may give up what nobody waits for any more
                continue
            if writes and self._mode == "deaf":
                server.close()
                swallowed = True
            if writes and self._mode == "reset":
                server.write(data)
                await asyncio.sleep(0.5)  # the rest of it, if it came apart, and its answer
                client.get_extra_info("socket").setsockopt(SOL_SOCKET, SO_LINGER, _AT_ONCE)
                client.transport.abort()
                return
            # After a gap nothing on a connection makes sense to a server any more.
            swallowed = swallowed or self._mode == "swallow up"
            if not swallowed:
                server.write(data)
                await server.drain()

    async def _down(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        swallowed = False
        while data := await reader.read(65536):
            swallowed = swallowed or self._mode in ("swallow down", "deaf", "reset")
            if not swallowed:
                client.write(data)
                await client.drain()
        if swallowed or self._mode == "deaf":
            await asyncio.Event().wait()  # its end is not told


class CutWay:
    """Such a way to the cluster of a kubeconfig, and `kubeconfig` that leads through it."""

    def __init__(self, process: subprocess.Popen[str], kubeconfig: Path) -> None:
        self._process = process
        self.kubeconfig = kubeconfig

    def says(self, mode: str) -> None:
        """Set its mode; returns once it is in force."""
        assert self._process.stdin
        assert self._process.stdout
        print(mode, file=self._process.stdin, flush=True)
        assert self._process.stdout.readline().strip() == mode

    def go_on(self) -> None:
        """Let a process that has stopped go on: what it holds comes through, whoever still waits for the answer."""
        os.kill(self._process.pid, signal.SIGCONT)


@contextlib.contextmanager
def cut_way(kubeconfig: Path, folder: Path) -> Iterator[CutWay]:
    config = yaml.safe_load(kubeconfig.read_text())
    context = next(each["context"] for each in config["contexts"] if each["name"] == config["current-context"])
    cluster = next(each["cluster"] for each in config["clusters"] if each["name"] == context["cluster"])
    server = urlsplit(cluster["server"])
    trusted = folder / "server.crt"
    trusted.write_bytes(base64.b64decode(cluster.pop("certificate-authority-data", "")) or _file(cluster))
    words = [sys.executable, "-m", "tests.cutting", str(server.hostname), str(server.port), str(trusted)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            ready = json.loads(process.stdout.readline())
            cluster["server"] = f"https://127.0.0.1:{ready['port']}"
            cluster["certificate-authority-data"] = base64.b64encode(ready["certificate"].encode()).decode()
            path = folder / "cut.kubeconfig"
            path.write_text(yaml.safe_dump(config))
            yield CutWay(process, path)
        finally:
            process.kill()


def _file(cluster: dict[str, str]) -> bytes:
    return Path(cluster.pop("certificate-authority")).read_bytes()


if __name__ == "__main__":
    context = ssl.create_default_context(cafile=sys.argv[3])
    asyncio.run(Forwarder(sys.argv[1], int(sys.argv[2]), context).run())
