"""The wheel in a Debian with Python and no compiler, and the image that the recipe makes; `make ship`."""

from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import bare_root
from tests.bare_root import ENVIRON, ROOT, inside, run

pytestmark = [pytest.mark.package, pytest.mark.timeout(1800)]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
IMAGE, BASE = "localhost/rollout-cockpit-test", "localhost/rollout-cockpit-bare"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if why := bare_root.why_not():
        pytest.skip(why)
    return bare_root.made(tmp_path_factory.mktemp("bare"))


@pytest.fixture(scope="module")
def installed(bare: Path) -> Path:
    """The root with the wheel installed as a person would, from wheels alone."""
    inside(bare, "python3", "-m", "venv", "/opt/cockpit")
    inside(bare, "/opt/cockpit/bin/pip", "-q", "install", "rollout-cockpit")
    return bare


@pytest.fixture(scope="module")
def served(installed: Path) -> Iterator[Path]:
    """The embedded cluster, started in the root; its kubeconfig as the root names it."""
    kubeconfig = Path("/tmp/kubeconfig")
    process = subprocess.Popen(
        [
            "chroot",
            str(installed),
            "/opt/cockpit/bin/cockpit",
            "demo",
            "blue-green",
            "--serve",
            "--kubeconfig-out",
            str(kubeconfig),
        ],
        env=ENVIRON,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        assert line, process.stderr.read()
        assert json.loads(line)["contexts"]
        yield kubeconfig
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_there_is_nothing_to_build_with(installed: Path) -> None:
    programs = [installed / "usr/bin" / name for name in ("cc", "gcc", "make", "cargo", "python3-config")]
    assert not [program for program in programs if program.exists()]
    assert VERSION in inside(installed, "cockpit", "--version")


def test_its_own_cluster_is_listed_and_shown(installed: Path, served: Path) -> None:
    names = inside(installed, "cockpit", "list", "-A", "-o", "name", "--kubeconfig", served).split()
    assert names
    shown = json.loads(inside(installed, "cockpit", "show", names[0], "-o", "json", "--kubeconfig", served))
    assert f"{shown['namespace']}/{shown['name']}" == names[0]


@pytest.fixture(scope="module")
def image(bare: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """The words that begin a buildah command, once the recipe has made the image on the bare root."""
    if not shutil.which("buildah"):
        pytest.skip("buildah is not installed: apt-get install buildah")
    folder = tmp_path_factory.mktemp("images")
    buildah = ("buildah", "--root", str(folder / "store"), "--runroot", str(folder / "run"), "--storage-driver", "vfs")
    base = run(*buildah, "from", "scratch").strip()
    archive = folder / "root.tar"
    run("tar", "-C", bare, "--exclude=./opt/cockpit", "--exclude=./tmp/*", "-cf", archive, ".")
    run(*buildah, "add", base, archive, "/")
    run(*buildah, "commit", "--rm", base, BASE)
    recipe = ROOT / "cockpit" / "docs" / "shipping" / "Containerfile"
    context = folder / "context"
    context.mkdir()
    for name in ("cockpit", "themes", "README.md", "LICENSE", "pyproject.toml"):
        whole = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        whole(ROOT / name, context / name)
    chosen = ("--isolation", "chroot", "--build-arg", f"BASE={BASE}", "--pull-never")
    run(*buildah, "build", *chosen, "-f", recipe, "-t", IMAGE, context)
    yield buildah
    run(*buildah, "rmi", "--all", "--force")


def test_the_image_runs_the_program_as_nobody(image: tuple[str, ...]) -> None:
    config = json.loads(run(*image, "inspect", "--type", "image", IMAGE))["OCIv1"]["config"]
    assert (config["User"], config["Entrypoint"]) == ("65532:65532", ["cockpit"])
    container = run(*image, "from", "--pull-never", IMAGE).strip()
    told = run(*image, "run", "--isolation", "chroot", container, "--", "cockpit", "--version")
    assert VERSION in told
    listed = run(*image, "run", "--isolation", "chroot", container, "--", "cockpit", "demo", "--list")
    assert "broken-canary" in listed
    run(*image, "rm", container)
