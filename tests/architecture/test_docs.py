"""What the pages for the next person name is there, one word has one meaning, and none of it is in the wheel."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "cockpit" / "docs"
PAGES = (*sorted(DOCS.glob("*.md")), ROOT / ".github" / "CONTRIBUTING.md")
# Where a path that a page names may begin; rooms are named without "cockpit/".
BEGINNINGS = (ROOT, ROOT / "cockpit", ROOT / "tests")
SUFFIXES = (".py", ".md", ".yaml", ".toml", ".json")


def name_of(page: Path) -> str:
    return page.name


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)


def quoted(page: Path) -> list[str]:
    return re.findall(r"`([^`\n]+)`", prose(page))


def is_path(text: str) -> bool:
    """A file, or a folder of the tree: not a name of a cluster such as shop/web or apps/v1."""
    if not re.fullmatch(r"[\w.*/-]+", text) or text.startswith("/"):
        return False
    first = text.split("/")[0]
    return text.endswith(SUFFIXES) or ("/" in text and any((place / first).is_dir() for place in BEGINNINGS))


def is_there(text: str) -> bool:
    if any(any(place.glob(text.rstrip("/"))) for place in BEGINNINGS):
        return True
    # A file that is named alone is one that several folders have.
    return "/" not in text and any(any(place.rglob(text)) for place in BEGINNINGS[1:])


def is_module(text: str) -> bool:
    return re.fullmatch(r"(cockpit|tests)(\.\w+)+", text) is not None


def module_is_there(text: str) -> bool:
    """Whether it is a module, or something in one."""
    path = ROOT.joinpath(*text.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file() or path.parent.with_suffix(".py").is_file()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_path_and_module_that_a_page_names_is_there(page: Path) -> None:
    named = quoted(page)
    missing = [text for text in named if is_path(text) and not is_there(text)]
    missing += [text for text in named if is_module(text) and not module_is_there(text)]
    assert not missing


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=name_of)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)#\s]+)", prose(page)) if "://" not in link]
    assert not [link for link in links if not (page.parent / link).exists()]


def test_a_word_of_the_glossary_has_one_meaning() -> None:
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", (DOCS / "glossary.md").read_text(encoding="utf-8"), flags=re.M)
    words = [word.strip() for word, _ in rows[1:] if not word.startswith("-")]
    assert len(words) > 30
    assert len(words) == len(set(words))


def test_every_page_can_be_found_from_the_map() -> None:
    text = (DOCS / "map.md").read_text(encoding="utf-8")
    assert "cockpit/docs/map.md" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [page.name for page in DOCS.glob("*.md") if page.name != "map.md" and f"({page.name})" not in text]


def test_what_is_not_there_is_noticed() -> None:
    assert is_path("planning/no_such_file.py")
    assert not is_there("planning/no_such_file.py")
    assert not is_there("no_such_file.py")
    assert is_there("act_table.py")
    assert not is_path("shop/web")
    assert not module_is_there("cockpit.planning.no_such_room.thing")
    assert module_is_there("cockpit.planning.edits.json_patch")


def test_pages_are_not_in_the_wheel_and_types_are() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    assert wheel["packages"] == ["cockpit"]
    assert wheel["exclude"] == ["cockpit/docs"]
    assert (ROOT / "cockpit" / "py.typed").is_file()
