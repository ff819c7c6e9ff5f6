"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "cockpit").rglob("*.py"))
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_file_has_one_subject_and_says_which(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= LONGEST_FILE, "split it by noun"
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "the first line says what the file is about"


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    functions = [
        n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = {
        f.name: (f.end_lineno or 0) - f.lineno + 1
        for f in functions
        if (f.end_lineno or 0) - f.lineno >= LONGEST_FUNCTION
    }
    assert not long


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_frozen_values_are_made_at_the_low_price(path: Path) -> None:
    """By `model/values.py`; the rooms that may not import it are left out."""
    text = path.read_text()
    if (
        relative(path).startswith(("cockpit/demo/", "cockpit/texts/"))
        or "@dataclass(frozen=True, slots=True)" not in text
    ):
        return
    assert "from cockpit.model.values import dataclass" in text


def contract(name: str) -> dict[str, list[str]]:
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (found,) = (entry for entry in linter["contracts"] if entry["name"] == name)
    return dict(found)


def packages(folder: str, least: int = 1) -> set[str]:
    """The packages in a folder with at least so many files beside `__init__.py` or folders."""
    found = (path.parent for path in (ROOT / folder).rglob("__init__.py"))
    return {
        relative(path).replace("/", ".")
        for path in found
        if len([each for each in path.iterdir() if each.suffix == ".py" or (each / "__init__.py").exists()]) > least
    }


def test_no_room_is_left_out_of_the_import_contracts() -> None:
    assert packages("cockpit", 2) <= set(contract("no circles between rooms")["ancestors"])
    for room, name in (("routers", "routers do not know each other"), ("systems", "systems do not know each other")):
        inner = {each for each in packages(f"cockpit/{room}") if each.count(".") == 2}
        assert inner == set(contract(name)["modules"])


FORBIDDEN_CALLS = {"time", "monotonic", "perf_counter", "sleep"}


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_time_and_chance_are_injected(path: Path) -> None:
    """Only the clocks themselves, and the root that hands them out, touch the real ones."""
    if relative(path) in {"cockpit/session/clock.py", "cockpit/demo/clock.py"}:
        return
    used = []
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
        ):
            place, name = node.func.value.id, node.func.attr
            chance = place == "random" and name != "Random"
            clock = (place == "time" and name in FORBIDDEN_CALLS) or (
                place in {"datetime", "date"} and name in {"now", "utcnow", "today"}
            )
            if chance or clock:
                used.append(f"{place}.{name} at line {node.lineno}")
    assert not used


def test_stylesheets_name_colours_by_meaning() -> None:
    for sheet in (ROOT / "cockpit").rglob("*.tcss"):
        text = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.S)
        assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?=\s*[;}])", text), (
            f"{sheet.name}: a hex colour; name it in the theme"
        )


@pytest.mark.parametrize(
    ("start", "absent"),
    [
        ("import cockpit.launch.compose", {"kubernetes_asyncio", "textual", "httpx", "aiohttp"}),
        ("import cockpit.model.view, cockpit.model.adapter", {"kubernetes_asyncio", "textual", "httpx", "asyncio"}),
        ("import cockpit.systems, cockpit.routers", {"kubernetes_asyncio", "textual", "httpx", "aiohttp"}),
        ("import cockpit.session.session", {"textual", "click"}),
        ("import cockpit.demo.serve", {"textual", "httpx", "kubernetes_asyncio", "cockpit.model"}),
    ],
)
def test_a_room_loads_without_the_rooms_it_must_not_know(start: str, absent: set[str]) -> None:
    """A static graph cannot see a deferred import; a fresh interpreter can."""
    code = f"{start}\nimport sys\nprint(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)
    assert not absent & set(out.stdout.split())


def test_the_tree_speaks_of_the_product_alone() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split(
        "\n"
    )
    for name in filter(None, listed):
        path = ROOT / name
        if path.suffix in {".svg", ".raw"} or not path.is_file():
            continue
        text = path.read_text(errors="replace")
        assert not re.search(r"(?<![\w.])/(?:work|root|home)/\w", text), f"{name}: a path of one machine"
