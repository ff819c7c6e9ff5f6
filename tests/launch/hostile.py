"""Text that means to take a terminal over, objects made of it, and a judge of what reached the terminal."""

from __future__ import annotations

import base64
import json
import random
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from cockpit.model.text import MOST_MARKS

# What a reader of a failed test finds a payload by: no word of the program.
MARK = "pwned"
PIECES = (
    f"\x1b]0;{MARK}\x07", f"\x1b]52;c;{base64.b64encode(MARK.encode()).decode()}\x07",
    f"\x1b]8;;http://{MARK}\x1b\\x\x1b]8;;\x1b\\", f"\x1bP+q{MARK}\x1b\\", f"\x1b_{MARK}\x1b\\", f"\x1b^{MARK}\x1b\\",
    f"\x1bX{MARK}\x1b\\", f"\x1b]{MARK}", "\x1b[5;8m", "\x1b[2J\x1b[H", "\x1b[6n", "\x1b[c", "\x1b[?1049l",
    "\x1b[21t", "\x1b[3;1r", "\x1bc", "\x1b#8", "\x1b(0", "\x1b", "\x1b[", "\x9b5m", f"\x9d0;{MARK}\x9c",
    f"\x90{MARK}\x9c", "\x84", "\x85", "\x8d", "\x00", "\x07\x07", "\x08\x08\x08", "\x0b\x0c", "\r", "\n", "\r\n",
    "\t", "\x7f", "\x0e\x0f", "\x1a", "\u202e", "\u2066", "\u2069", "\u200f", "\u061c", "\u200b", "\u200d", "\ufeff",
    "\u00ad", "\u2060", "\U000e0041", "\ufff9", "e" + "\u0301" * 60, "\u20dd" * 30, "\u0489", "\ufe0f", "❤\ufe0f",
    "👩\u200d👩\u200d👧", "🇩🇪", "👍🏽", "語言版本", "ﷺ", "\u1100\u1161", "\U0001f600" * 30, "\u3000", "\u2028",
    "\u2029", "\ue000", "\ud83d", "[bold red]", "[/]", "[link=http://x]x[/link]", "[@click=app.quit]x[/]", "{x!r}",
    "%s%n", "$(id)", "`id`", f"http://user:{MARK}@x/", "javascript:x", "<script>", "x" * 3000, "\\", "\"'", "| a | b |",
    "](http://x)", "<!--", "]]>", "&#27;[2J", "\\x1b[2J", "\\u001b]0;x", "=cmd|'/c x'!A1",
)  # fmt: skip


def text(chance: random.Random) -> str:
    """Something of chance: some letters, so that it is not empty, and up to five pieces among them."""
    parts = [chance.choice(PIECES) for _ in range(chance.randint(1, 5))]
    parts.insert(chance.randint(0, len(parts)), f"t{chance.randint(0, 999)}")
    # JSON has no lone surrogate that every decoder takes; the escaped one is among the pieces.
    return "".join(parts).encode("utf-8", "replace").decode()


def objects(chance: random.Random, rollouts: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Paths and objects, seven of each release: what people and controllers write is hostile, and names now and then.

    Names and label keys that tie objects together stay as they are, or there would be nothing to see.
    """

    def some(n: int) -> dict[str, str]:
        return {f"k{i}": text(chance) for i in range(n)}

    for number in range(rollouts):
        name = f"web-{number}"
        odd = f"{name}{text(chance).replace('/', '')[:200]}" if chance.random() < 0.3 else name
        selector = {"app": name}
        labels = {**selector, "version": text(chance)[:60], **some(1)}
        containers = [{"name": text(chance), "image": f"registry/{text(chance)}", "ports": [{"containerPort": 80}]}]
        template = {"metadata": {"labels": labels, "annotations": some(2)}, "spec": {"containers": containers}}
        condition = {"type": "Progressing", "status": "False", "reason": text(chance), "message": text(chance)}
        root = "/api/v1/namespaces/shop"
        yield (
            f"/apis/apps/v1/namespaces/shop/deployments/{odd}",
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"labels": some(2), "annotations": some(3)},
                "spec": {"replicas": 2, "selector": {"matchLabels": selector}, "template": template},
                "status": {"replicas": 2, "readyReplicas": 1, "conditions": [condition]},
            },
        )
        yield (
            f"{root}/services/{odd}",
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"annotations": some(2)},
                "spec": {"selector": selector, "ports": [{"port": 80, "name": text(chance)}]},
            },
        )
        yield (
            f"/apis/networking.k8s.io/v1/namespaces/shop/ingresses/{odd}",
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "metadata": {"annotations": some(2)},
                "spec": {
                    "ingressClassName": "nginx",
                    "rules": [
                        {
                            "host": text(chance)[:80],
                            "http": {
                                "paths": [
                                    {
                                        "path": f"/{text(chance)[:80]}",
                                        "pathType": "Prefix",
                                        "backend": {"service": {"name": odd, "port": {"number": 80}}},
                                    }
                                ]
                            },
                        }
                    ],
                },
            },
        )
        for pod in range(2):
            waiting = {"reason": text(chance), "message": text(chance)}
            yield (
                f"{root}/pods/{odd}-{pod}",
                {
                    "apiVersion": "v1",
                    "kind": "Pod",
                    "metadata": {"labels": labels, "annotations": some(1)},
                    "spec": {"containers": containers, "nodeName": text(chance)},
                    "status": {
                        "phase": text(chance)[:30],
                        "message": text(chance),
                        "containerStatuses": [{"name": "x", "ready": False, "state": {"waiting": waiting}}],
                    },
                },
            )
            yield (
                f"{root}/events/{name}.{pod}",
                {
                    "apiVersion": "v1",
                    "kind": "Event",
                    "type": "Warning",
                    "reason": text(chance),
                    "message": text(chance),
                    "involvedObject": {"kind": "Pod", "namespace": "shop", "name": f"{odd}-{pod}"},
                    "source": {"component": text(chance)},
                    "lastTimestamp": "2026-11-30T00:00:00Z",
                },
            )


# Judging

_CSI = re.compile(r"\x1b\[([<=>?]?)([\d;:]*)([ !$'\"]?)([@-~])")
# The shape of the mouse pointer, which the screen library sets.
_POINTERS = frozenset({"default", "pointer", "text"})
# What a link may carry besides its address: the number by which its pieces belong together.
_LINK = re.compile(r"(id=\d+)?")
_OSC = re.compile(r"\x1b\](\d*);?([^\x07\x1b]*)(?:\x07|\x1b\\)")
# The other screen, mouse, cursor, focus, paste, updates in one piece, sizes in band, wrapped lines.
_MODES = frozenset({"1049", "1000", "1003", "1015", "1006", "25", "1004", "2004", "2026", "2048", "7"})
# What the screen library and the program write themselves: by private marker, intermediate and final byte, the
# parameters (None: any).
ALLOWED: dict[tuple[str, str, str], frozenset[str] | None] = {
    ("", "", "H"): None,
    ("", "", "m"): None,
    ("?", "", "h"): _MODES,
    ("?", "", "l"): _MODES,
    ("?", "$", "p"): frozenset({"2026", "2048"}),
    (">", "", "u"): frozenset({"25"}),
    ("<", "", "u"): frozenset({""}),
}
# Colours, bold, dim, italic, underlined, reverse, and their ends: no blinking, nothing concealed.
_SGR = frozenset({0, 1, 2, 3, 4, 7, 9, 22, 23, 24, 27, 29, 39, 49, *range(30, 38), *range(40, 48), *range(90, 108)})


def faults_of(
    raw: bytes, *, plain: bool = False, most_marks: int = MOST_MARKS, links: Sequence[re.Pattern[str]] = ()
) -> list[str]:
    """What a terminal must not get, with what stands around it. `plain`: of output without a screen, no sequence.

    `links` are what the addresses of the settings can become: the only ones that may be links.
    """
    try:
        shown = raw.decode()
    except UnicodeDecodeError as error:
        return [f"no UTF-8: {raw[max(error.start - 20, 0) : error.end + 20]!r}"]
    found, at, marks = [], 0, 0
    while at < len(shown):
        character = shown[at]
        if character == "\x1b" and not plain and (length := _sequence(shown, at, links)):
            at += length
            continue
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if not (character.isprintable() or character in "\r\n") or marks > most_marks:
            found.append(f"{character!r} in {shown[max(at - 30, 0) : at + 30]!r}")
        at += 1
    return found


def faults_of_cast(raw: bytes) -> list[str]:
    """The same of a recording of a terminal (asciicast): what it makes a terminal write."""
    frames = [json.loads(line) for line in raw.decode().splitlines()]
    return [fault for frame in frames[1:] for fault in faults_of(frame[2].encode())]


def _sequence(shown: str, at: int, links: Sequence[re.Pattern[str]]) -> int:
    """How long the sequence is that begins here, if it is one of the program's own; 0 if it is not."""
    if csi := _CSI.match(shown, at):
        private, parameters, between, final = csi.groups()
        allowed = ALLOWED.get((private, between, final), frozenset())
        good = allowed is None or parameters in allowed
        return csi.end() - at if good and (final != "m" or _colours(parameters)) else 0
    if osc := _OSC.match(shown, at):
        copied = osc[1] == "52" and osc[2].startswith("c;") and _copied(osc[2][2:])
        linked = osc[1] == "8" and _is_link(osc[2], links)
        return osc.end() - at if copied or linked or (osc[1] == "22" and osc[2] in _POINTERS) else 0
    return 0


def _is_link(said: str, links: Sequence[re.Pattern[str]]) -> bool:
    """Whether OSC 8 begins a link to an address of the settings, printable and of a browser, or ends one."""
    given, _, address = said.partition(";")
    if not address:
        return said == ";"
    safe = address.isascii() and address.isprintable() and not set(address) & set(' \\"<>^`{|}')
    host = urlsplit(address)
    own = any(link.fullmatch(address) for link in links)
    return bool(_LINK.fullmatch(given)) and safe and own and host.scheme in ("http", "https") and host.username is None


def _colours(parameters: str) -> bool:
    numbers = [int(part or 0) for part in parameters.split(";")]
    while numbers:
        first, *numbers = numbers
        if first in (38, 48):
            numbers = numbers[4:] if numbers[:1] == [2] else numbers[2:]
        elif first not in _SGR:
            return False
    return True


def _copied(encoded: str) -> bool:
    """What is copied is pasted into a shell: it is text."""
    copied = base64.b64decode(encoded, validate=True).decode()
    return all(character.isprintable() or character in "\n\t" for character in copied)
