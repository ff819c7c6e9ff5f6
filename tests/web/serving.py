"""Starts `cockpit serve` as a process, and a browser that is driven over its debugging protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

# Seconds that a slow machine may take for a screen in a browser.
PATIENCE = 60.0
_ESCAPE = re.compile(r"\x1b(\[[0-9;?<=>]*[a-zA-Z]|[^\[])")


@contextmanager
def serve_process(*arguments: str, state: Path) -> Iterator[list[str]]:
    """A running `cockpit serve`: the links that it printed."""
    command = [sys.executable, "-m", "cockpit", "serve", "--port", "0", *arguments]
    environ = {**os.environ, "COCKPIT_STATE": str(state), "COCKPIT_PROBE_SAMPLE": "none"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environ)
    assert process.stdout
    try:
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line.strip())
            if "act" in line:  # the last line says whether acts are sent
                break
        yield [line for line in lines if line.startswith("http")]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        process.stdout.close()


class Page:
    """One page of a browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._painted = b""

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of one call of the debugging protocol."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = await self._socket.receive_json()
                if answer.get("method") == "Network.webSocketFrameReceived":
                    self._take(answer["params"]["response"])
                if answer.get("id") == number:
                    assert "error" not in answer, answer
                    return dict(answer["result"])

    async def value(self, expression: str) -> Any:
        """What an expression gives on the page."""
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return result["result"].get("value")

    async def open(self, url: str) -> None:
        await self.call("Network.enable")
        await self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        await self.call("Page.navigate", url=url)

    async def press(self, text: str) -> None:
        """One key that types a character."""
        for kind in ("keyDown", "keyUp"):
            typed = {"text": text} if kind == "keyDown" else {}
            await self.call("Input.dispatchKeyEvent", type=kind, key=text, **typed)

    def _take(self, frame: dict[str, Any]) -> None:
        """Keep what a screen sends to its terminal, which draws on a canvas; only binary frames are of it."""
        if frame["opcode"] == 2:
            self._painted += base64.b64decode(frame["payloadData"])

    async def text(self) -> str:
        """The text of the page, and all that its terminal was sent, without escapes."""
        words = await self.value("document.body.innerText")
        return f"{words}\n{_ESCAPE.sub('', self._painted.decode(errors='replace'))}"

    async def until(self, words: str) -> str:
        """The text of the page once these words are on it."""
        text = ""
        try:
            async with asyncio.timeout(PATIENCE):
                while words not in text:
                    await asyncio.sleep(0.1)
                    text = await self.text()
        except TimeoutError:
            raise AssertionError(f"{words!r} did not come; the page says:\n{text}") from None
        return text


@asynccontextmanager
async def browser_page(program: str, profile: Path) -> AsyncIterator[Page]:
    """A page of a browser without a window. `program` is a headless Chromium."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
    process = await asyncio.create_subprocess_exec(
        program, *flags, "about:blank", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        port = await _debugging_port(profile)
        async with aiohttp.ClientSession() as client:
            async with client.get(f"http://127.0.0.1:{port}/json") as answer:
                pages = json.loads(await answer.text())
            (address, *_) = (page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
            async with client.ws_connect(address, max_msg_size=0) as socket:
                yield Page(socket)
    finally:
        # The program may be a script that starts the browser.
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _debugging_port(profile: Path) -> int:
    async with asyncio.timeout(PATIENCE):
        while True:
            path = profile / "DevToolsActivePort"
            if path.exists() and (lines := path.read_text().splitlines()):
                return int(lines[0])
            await asyncio.sleep(0.05)
