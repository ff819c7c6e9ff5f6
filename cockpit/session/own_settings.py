"""A user's own commands, links and columns in the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from msgspec import Struct

from cockpit.model.document_path import document_path
from cockpit.model.placeholders import problem_of

MOST = 50


class OwnCommand(Struct, frozen=True, forbid_unknown_fields=True):
    """Words to run, with placeholders. `key` works in the fleet and on a rollout; without one it is in the palette.

    `shell` gives the words to `sh -c` as one line. `dangerous` asks first, and is refused where nothing may be sent.
    """

    name: str
    run: tuple[str, ...]
    key: str = ""
    shell: bool = False
    dangerous: bool = False


class OwnLink(Struct, frozen=True, forbid_unknown_fields=True):
    """An address with placeholders, such as that of a dashboard."""

    name: str
    url: str
    key: str = ""


def own_problem(
    commands: Sequence[OwnCommand], links: Sequence[OwnLink], columns: Mapping[str, str]
) -> tuple[str, str]:
    """The key of the settings that is wrong, and what is wrong with it; two empty texts if nothing is."""
    for place, problem in (*_of_commands(commands), *_of_links(links), *_of_columns(columns)):
        if problem:
            return place, problem
    names = [*(each.name for each in commands), *(each.name for each in links)]
    twice = next((name for name in names if names.count(name) > 1), "")
    return ("commands", f"two commands or links are called {twice}") if twice else ("", "")


def _of_commands(commands: Sequence[OwnCommand]) -> Iterator[tuple[str, str]]:
    if len(commands) > MOST:
        yield "commands", f"has more than {MOST} entries"
    for number, each in enumerate(commands):
        place = f"commands[{number}]"
        yield f"{place}.name", _name_problem(each.name)
        yield f"{place}.run", "" if each.run and each.run[0].strip() else "names no program"
        if each.run and "{" in each.run[0] and not each.shell:
            yield f"{place}.run", "the program itself cannot be a placeholder"
        for word in each.run:
            yield f"{place}.run", problem_of(word)


def _of_links(links: Sequence[OwnLink]) -> Iterator[tuple[str, str]]:
    if len(links) > MOST:
        yield "links", f"has more than {MOST} entries"
    for number, each in enumerate(links):
        yield f"links[{number}].name", _name_problem(each.name)
        yield f"links[{number}].url", problem_of(each.url) or _url_problem(each.url)


def _of_columns(columns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, path in columns.items():
        yield "columns", _name_problem(name)
        try:
            document_path(path)
        except ValueError as error:
            yield f"columns.{name}", str(error)


def _name_problem(name: str) -> str:
    return "" if name.strip() == name and 0 < len(name) <= 40 and name.isprintable() else "is empty or too long"


def _url_problem(url: str) -> str:
    """Only addresses that a browser opens and nothing else does; what is between the slashes stays as it is written."""
    try:
        parts = urlsplit(url)
        there = bool(parts.hostname) and parts.username is None
    except ValueError:
        return "is not a URL"
    if not url.startswith(("https://", "http://")) or not there or not url.isprintable() or " " in url:
        return "must begin with http:// or https:// and a host, without a user name"
    return "" if "{" not in parts.netloc else "the host cannot be a placeholder"
