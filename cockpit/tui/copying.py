"""Copies text through the terminal (OSC 52), also from within tmux and screen; pure."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping

from cockpit.model.kubectl import kubectl_words
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.shell_line import shell_line
from cockpit.model.values import dataclass

# xterm and tmux drop longer sequences without a word (xterm: 100,000 characters, tmux: its input buffer).
MOST_BYTES = 74_000
# Terminals that show OSC 52 as letters or drop it.
_WITHOUT = frozenset({"linux", "dumb", "vt100", "vt220"})


@dataclass(frozen=True, slots=True)
class Copy:
    """Something to copy: what it is, and its text or how to read it."""

    label: str
    text: str | Callable[[], Awaitable[str]]

    async def read(self) -> str:
        """The text."""
        return self.text if isinstance(self.text, str) else await self.text()


def clipboard_sequence(text: str, environ: Mapping[str, str]) -> str:
    """What to write to the terminal so that it copies the text; "" if it cannot be copied that way.

    tmux passes on what is wrapped for it if `allow-passthrough` is on, and takes the plain sequence itself if
    `set-clipboard` is on, so it gets both.
    """
    raw = text.encode("utf-8", "replace")
    if len(raw) > MOST_BYTES or environ.get("TERM", "") in _WITHOUT:
        return ""
    plain = f"\x1b]52;c;{base64.b64encode(raw).decode()}\x07"
    if environ.get("TMUX"):
        doubled = plain.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{doubled}\x1b\\{plain}"
    return f"\x1bP{plain}\x1b\\" if environ.get("STY") else plain


def kubectl(context: str, ref: Ref, *words: str) -> str:
    """A kubectl command about an object, such as `kubectl --context C -n N get deployment W -o yaml`."""
    verb, *rest = words
    parts = [*kubectl_words(context, ref.namespace), verb, ref.resource.kubectl_name, ref.name, *rest]
    return shell_line(parts)


def log_command(context: str, pod: Ref, container: str, *, previous: bool) -> str:
    """The kubectl command for a pod's log."""
    parts = [*kubectl_words(context, pod.namespace), "logs", pod.name]
    return shell_line([*parts, *(["-c", container] if container else []), *(["--previous"] if previous else ["-f"])])


def name_copies(key: RolloutKey) -> tuple[Copy, ...]:
    """The name of a rollout, short and in full."""
    return Copy("name", f"{key.namespace}/{key.name}"), Copy("full name", str(key))
