"""Load generators to compare the probe with: this machine's, else fetched once by their package's ordinary client."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

HEY = "github.com/rakyll/hey@v0.1.4"
AB = ("apache2-utils", "libapr1", "libaprutil1")
PATIENCE = 180


@dataclass(frozen=True)
class Peer:
    """A program, its arguments before the URL, and what else it needs in its environment."""

    name: str
    path: Path
    arguments: tuple[str, ...]
    environ: dict[str, str] = field(default_factory=dict)

    def argv(self, url: str) -> list[str]:
        return [str(self.path), *self.arguments, url]


def hey(folder: Path, answers: int, concurrency: int) -> Peer | str:
    """hey from this machine or built from its Go module; else why there is none."""
    path = shutil.which("hey")
    if path is None:
        go = shutil.which("go")
        if go is None:
            return "hey is not installed, and there is no go to build it"
        built = _run([go, "install", HEY], {"GOBIN": str(folder)})
        if built.returncode or not (folder / "hey").exists():
            return f"hey is not installed and could not be built: {built.stderr.strip()[-200:]}"
        path = str(folder / "hey")
    return Peer("hey", Path(path), ("-n", str(answers), "-c", str(concurrency), "-disable-keepalive"))


def ab(folder: Path, answers: int, concurrency: int) -> Peer | str:
    """ab from this machine or from Debian's package; else why there is none."""
    arguments = ("-q", "-n", str(answers), "-c", str(concurrency))
    if path := shutil.which("ab"):
        return Peer("ab", Path(path), arguments)
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        return "ab is not installed, and there is no apt-get to fetch it"
    fetched = _run(["apt-get", "download", *AB], cwd=folder)
    for package in folder.glob("*.deb"):
        _run(["dpkg", "-x", str(package), str(folder / "root")])
    found = folder / "root/usr/bin/ab"
    libraries = [str(each.parent) for each in (folder / "root").rglob("libapr-1.so.0")]
    if not found.exists() or not libraries:
        return f"ab is not installed and could not be fetched: {fetched.stderr.strip()[-200:]}"
    return Peer("ab", found, arguments, {"LD_LIBRARY_PATH": ":".join(libraries)})


def answered(name: str, output: str) -> int:
    """How many requests a peer says were answered with 200."""
    pattern = r"\[200\]\s+(\d+) responses" if name == "hey" else r"Complete requests:\s+(\d+)"
    found = re.search(pattern, output)
    return int(found[1]) if found else 0


def _run(
    argv: list[str], environ: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        env={**os.environ, **(environ or {})},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
