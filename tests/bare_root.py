"""A Debian with Python and nothing to build with, and the wheels that the cockpit needs there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SUITE = "bookworm"
# A root that was made before, so that it is not made for each run.
GIVEN = "COCKPIT_TEST_BARE_ROOT"
# All that a command in the root hears of this machine.
ENVIRON = {"PATH": "/opt/cockpit/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}


def why_not() -> str:
    """Why no such root can be made here; "" if it can."""
    if os.geteuid() != 0:
        return "a bare root takes root's rights"
    if not os.environ.get(GIVEN) and not shutil.which("debootstrap"):
        return "debootstrap is not installed: apt-get install debootstrap"
    return ""


def made(folder: Path) -> Path:
    """The root, below this folder, with the wheels of the checkout and of what it needs in `/wheels`."""
    root = folder / "root"
    if given := os.environ.get(GIVEN):
        run("cp", "-a", given, root)
    else:
        packages = "--include=python3,python3-venv"
        run("debootstrap", "--variant=minbase", packages, SUITE, root)
    wheels = root / "wheels"
    wheels.mkdir()
    version = inside(root, "python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip()
    pip = (sys.executable, "-m", "pip", "-q", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-deps", "-w", wheels, ROOT)
    [wheel] = wheels.glob("rollout_cockpit-*.whl")
    only = ("--only-binary=:all:", "--implementation=cp", f"--python-version={version}")
    run(*pip, "download", *only, "-d", wheels, wheel, "hatchling")
    (root / "etc" / "pip.conf").write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    return root


def inside(root: Path, *words: str | Path) -> str:
    """What a command in the root prints; it has to succeed, and finds the root's own programs alone."""
    return run("chroot", root, *words, environ=ENVIRON)


def run(*words: str | Path, environ: dict[str, str] | None = None) -> str:
    ended = subprocess.run(list(map(str, words)), env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{words}: {ended.stdout[-2000:]}{ended.stderr[-2000:]}"
    return ended.stdout
