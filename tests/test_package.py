"""Wheel and sdist: built, installed into an empty environment, and run from there; `make ship`."""

from __future__ import annotations

import os
import subprocess
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.package, pytest.mark.timeout(1200)]
ROOT = Path(__file__).parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def run(*words: str | Path, cwd: Path | None = None, **variables: str) -> str:
    """What a command prints; it has to succeed. Nothing of this checkout is on its path."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COCKPIT", "KUBE"))}
    ended = subprocess.run(
        list(map(str, words)),
        cwd=cwd,
        env={**environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of the checkout, the sdist, and an environment in which the wheel is installed."""
    folder = tmp_path_factory.mktemp("package")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    run(python, "-m", "pip", "-q", "wheel", "--no-deps", "-w", folder, ROOT)
    [wheel] = folder.glob("*.whl")
    run(python, "-m", "pip", "-q", "install", wheel)
    backend = folder / "backend"
    run(python, "-m", "pip", "-q", "install", "--target", backend, "hatchling")
    make = (
        "import sys; sys.path.insert(0, sys.argv[2]); from hatchling.build import build_sdist; build_sdist(sys.argv[1])"
    )
    run(python, "-c", make, folder, backend, cwd=ROOT)
    return folder


def test_the_programs_run_and_find_what_belongs_to_them(built: Path, tmp_path: Path) -> None:
    programs = built / "env" / "bin"
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    assert VERSION in run(programs / "cockpit", "--version", cwd=tmp_path, **home)
    assert "Usage: kubectl cockpit" in run(programs / "kubectl-cockpit", "--help", cwd=tmp_path, **home)
    assert "broken-canary" in run(programs / "cockpit", "demo", "--list", cwd=tmp_path, **home)
    assert "用法" in run(programs / "cockpit", "--lang", "zh", "--help", cwd=tmp_path, **home)
    assert run(programs / "kubectl_complete-cockpit", "completi", cwd=tmp_path, **home).startswith("completion\t")
    assert "high-contrast" in run(programs / "kubectl_complete-cockpit", "--theme", "", cwd=tmp_path, **home)
    assert "theme" in run(programs / "cockpit", "config", cwd=tmp_path, **home)


def test_the_wheel_holds_the_program_and_no_pages_of_the_house(built: Path) -> None:
    [wheel] = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"cockpit/py.typed", "cockpit/themes/dark.yaml", "cockpit/texts/zh_CN/cli.po"} <= set(names)
    assert not [name for name in names if name.startswith(("cockpit/docs/", "tests/", "screenshots/"))]


def test_the_sdist_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [source] = [path for path in tmp_path.iterdir() if path.is_dir()]
    python = built / "env" / "bin" / "python"
    run(python, "-m", "pip", "-q", "wheel", "--no-deps", "-w", tmp_path, source)
    [again] = tmp_path.glob("*.whl")
    [wheel] = built.glob("*.whl")

    def listed(path: Path) -> list[str]:
        return sorted(name for name in zipfile.ZipFile(path).namelist() if "__pycache__" not in name)

    assert listed(again) == listed(wheel)
