"""The screen in a browser: it opens, keys work, and nobody sees it without a link."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.web.serving import browser_page, serve_process

BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
browser = next(filter(None, map(shutil.which, BROWSERS)), "")


@pytest.mark.skipif(not browser, reason=f"no headless browser here: {', '.join(BROWSERS)}")
async def test_the_screen_opens_by_its_link_and_keys_work(embedded: dict[str, Any], tmp_path: Path) -> None:
    with serve_process("--kubeconfig", embedded["kubeconfig"], "-A", state=tmp_path / "state") as (link,):
        async with browser_page(browser, tmp_path / "profile") as page:
            await page.open(link)
            await page.until("READ-ONLY")
            assert "token" not in str(await page.value("document.location.href"))
            await page.press("?")
            await page.until("its plan first")
            await page.press("?")
            await page.press("W")
            await page.until("only looks")
        assert not list((tmp_path / "state").rglob("*.svg"))
        async with browser_page(browser, tmp_path / "other") as page:
            await page.open(link)
            text = await page.until("opens by the link")
            assert "READ-ONLY" not in text


async def test_nothing_is_given_without_a_link(embedded: dict[str, Any], tmp_path: Path) -> None:
    with serve_process("--kubeconfig", embedded["kubeconfig"], "--viewers", "2", state=tmp_path) as links:
        assert len(set(links)) == 2
        parts = urlsplit(links[0])
        server = f"{parts.scheme}://{parts.netloc}"
        async with aiohttp.ClientSession() as client:
            for path in ("/", "/?token=", "/?token=wrong", "/ws", "/static/js/textual.js", "/download/x", "/nothing"):
                async with client.get(server + path, allow_redirects=False) as answer:
                    assert answer.status == 403, path
            async with client.get(links[0], headers={"Host": "evil.example"}, allow_redirects=False) as answer:
                assert answer.status == 403, "a name of another site that leads here"
        jar = aiohttp.CookieJar(unsafe=True)  # the library keeps no cookies of addresses otherwise
        async with aiohttp.ClientSession(cookie_jar=jar) as client:
            async with client.get(links[0]) as answer:
                assert answer.status == 200
                assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            async with client.get(f"{server}/static/js/textual.js") as answer:
                assert answer.status == 200
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await client.ws_connect(f"{server}/ws", headers={"Origin": "http://evil.example"})
            async with client.ws_connect(f"{server}/ws", headers={"Origin": server}) as socket:
                assert isinstance(await socket.receive_bytes(timeout=60), bytes)
