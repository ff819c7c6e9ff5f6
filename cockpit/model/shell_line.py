"""Commands as people paste them into a shell: every printed command is quoted here, and nowhere else."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

TOO_LONG = "(too long to show)"


def shell_word(text: str) -> str:
    """One argument, quoted for bash, zsh and ksh.

    Characters that a terminal would act on, or that cannot be seen, are written as escapes ($'...').
    """
    if text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(_escaped, text))}'"


def shell_line(words: Iterable[str], *, stdin: str | None = None, note: str = "") -> str:
    """A command with its arguments, `stdin` as its input, and a comment, on one line."""
    line = " ".join(map(shell_word, words))
    if stdin is not None:
        line += f" <<< {shell_word(stdin)}"
    # Quoted too: zsh takes comments at a prompt for arguments.
    return f"{line}  # {shell_word(note)}" if note else line


def bounded_line(line: str, limit: int) -> str:
    """A command of at most `limit` characters: one that is cut off would be another command."""
    return line if len(line) <= limit else TOO_LONG


def _escaped(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if character.isprintable():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogateescape"))
