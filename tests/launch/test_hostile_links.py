"""Links that a terminal opens by a click, about hostile rollouts: each leads where the settings say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.launch.hostile import MARK, PIECES, faults_of
from tests.launch.terminals import on_terminal
from tests.launch.test_hostile_bytes import SIZE, HostileServer, words

pytestmark = pytest.mark.timeout(600)
assert words

# What a link can hold at all: a name with anything else in it makes none.
PRINTABLE = [piece for piece in PIECES if piece.isprintable() and len(piece) < 100]
ROLLOUTS = 12
HOST = "https://logs.test/explore"
# What the addresses can become: names are percent-encoded, so that none of them goes on with another part of it.
_NAME = r"[A-Za-z0-9._~%-]+"
NAMED = re.compile(re.escape(HOST) + rf"/{_NAME}/{_NAME}#{_NAME}")
OWN = (NAMED, re.compile(re.escape(HOST) + rf"\?v={_NAME}&more"), re.compile(re.escape(HOST) + rf"\?image={_NAME}"))
LINKS = {
    "f6": (b"\x1b[17~", HOST + "/{namespace}/{name}#{system}"),
    "f7": (b"\x1b[18~", HOST + "?v={version}&more"),
    "f8": (b"\x1b[19~", HOST + "?image={image}"),
}
OPENS = re.compile(rb"\x1b\]8;[^;]*;([^\x07\x1b]+)")


@pytest.fixture(scope="module")
def server() -> Iterator[HostileServer]:
    """Beside all others, releases whose versions and images are hostile and can still stand in an address."""
    with HostileServer(24) as made:
        for number in range(ROLLOUTS):
            name, piece = f"link-{number}", PRINTABLE[number % len(PRINTABLE)]
            for version in (f"v{piece}", "v2"):
                labels = {"app": name, "version": version}
                containers = [{"name": "web", "image": f"registry/{piece}"}]
                template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
                spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
                kept = f"/apis/apps/v1/namespaces/shop/deployments/{name}-{version == 'v2':d}"
                made.put(kept, {"metadata": {}, "spec": spec})
            spec = {"selector": {"app": name, "version": f"v{piece}"}, "ports": [{"port": 80}]}
            made.put(f"/api/v1/namespaces/shop/services/{name}", {"metadata": {}, "spec": spec})
        yield made


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Settings with links, for a terminal that takes them."""
    links = [{"name": f"by {key}", "key": key, "url": url} for key, (_, url) in LINKS.items()]
    (tmp_path / "cockpit").mkdir()
    settings = {"hyperlinks": "always", "links": links}
    (tmp_path / "cockpit" / "config.yaml").write_text(yaml.safe_dump(settings))
    return tmp_path


def kinds(raw: bytes) -> set[int]:
    """Which of the addresses of the settings were linked to."""
    found = [address.decode() for address in OPENS.findall(raw)]
    return {n for n, link in enumerate(OWN) if any(map(link.fullmatch, found))}


def test_the_screen_links_to_addresses_of_the_settings_alone(words: list[str], state: Path) -> None:
    with on_terminal([*words, "--sample", "none"], state, size=SIZE) as terminal:
        terminal.until("● live", "web-")
        terminal.press(b"/")
        terminal.settle()
        terminal.press(b"link-")
        terminal.until("link-0", gone="web-0")
        terminal.press(b"\r")
        for _ in range(ROLLOUTS):
            for key, _url in LINKS.values():
                terminal.press(key)
                terminal.until("click it")
                terminal.press(b"\x1b")
                terminal.until("link-0", gone="click it")
            terminal.press(b"\x1b[B")
            terminal.settle(0.3)
        raw = bytes(terminal.raw)
    assert kinds(raw) == {0, 1, 2}
    assert faults_of(raw, links=OWN) == []
    assert any("logs.test" in fault for fault in faults_of(raw)), "the judge takes no link that is not named to it"


def test_show_links_to_addresses_of_the_settings_alone(words: list[str], state: Path) -> None:
    found = set[int]()
    for number in range(ROLLOUTS):
        with on_terminal([*words, "show", f"link-{number}"], state, size=SIZE) as terminal:
            while terminal.read(1.0):
                pass
            raw = bytes(terminal.raw)
        assert faults_of(raw, links=OWN) == []
        found |= kinds(raw)
    assert found == {0, 1, 2}


@pytest.mark.parametrize(
    "sent",
    [
        f"\x1b]8;;http://{MARK}\x1b\\",
        "\x1b]8;;javascript:alert(1)\x1b\\",
        "\x1b]8;;file:///etc/passwd\x07",
        f"\x1b]8;;{HOST}/a/b#r\x1b[31m\x1b\\",
        f"\x1b]8;id=x:y;{HOST}/a/b#r\x1b\\",
        "\x1b]8;;https://me@logs.test/explore/a/b#r\x1b\\",
        f"\x1b]8;;{HOST}/a/b#r&more=4?\x1b\\",
    ],
)
def test_the_judge_finds_a_link_that_is_not_ours(sent: str) -> None:
    assert faults_of(sent.encode(), links=OWN)


def test_the_judge_lets_ours_pass() -> None:
    ours = f"\x1b]8;id=12345;{HOST}/a%1b/b#r\x1b\\text\x1b]8;;\x1b\\"
    assert faults_of(ours.encode(), links=OWN) == []
    assert faults_of(ours.encode(), plain=True, links=OWN)
