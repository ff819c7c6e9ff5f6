"""What a command loads, so that it stays quick: names of modules, no times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import demo_process, move_clock, open_client

TOLD = """
import atexit, json, sys
told = sys.argv.pop(1)
atexit.register(lambda: json.dump(sorted(sys.modules), open(told, "w")))
from cockpit.launch.compose import main
main()
"""
# Of other projects, each with what it takes: `list` reads a kubeconfig and asks an API server.
LISTS = {"click", "yaml", "msgspec", "h11", "platformdirs"}
TAKEN_BY_THEM = {"typing_extensions"}
# What a list has no use for: of Python, and of this project.
NEVER = {
    *("email", "encodings.idna", "http.client", "importlib.metadata", "urllib.request"),
    *("cockpit.cli.show", "cockpit.probe.engine", "cockpit.probe.failure_words", "cockpit.planning.probe_job"),
    *("cockpit.session.inspecting.describe", "cockpit.session.inspecting.logs", "cockpit.session.probing.jobs"),
    *("cockpit.session.guarding.guards", "cockpit.session.guarding.evaluate", "cockpit.session.metrics.reader"),
    *("cockpit.session.pairing.context", "cockpit.session.pairing.second", "cockpit.session.pairing.armed"),
    "cockpit.texts.catalogue",
}
# What reads the routers of an Argo Rollout, by the kind of router.
ARGO_ROUTERS = {
    f"cockpit.routers.{kind}.written" for kind in ("apisix", "gateway_api", "ingress", "istio", "smi", "traefik")
}
# What the adapters of Kubernetes' own kinds load for the first rollout of theirs.
OF_OWN_KINDS = {
    *("cockpit.routers.red_black.read", "cockpit.routers.red_black.acts", "cockpit.routers.service.acts"),
    *("cockpit.systems.deployment.acts", "cockpit.systems.sets.acts"),
}
# Told of all modules that a program has loaded: classes whose methods were compiled one by one, and regular expressions
# that were compiled before they were used. Neither depends on the cluster.
COMPILED = """
import dataclasses, re, sys
for name, module in list(sys.modules.items()):
    for word, value in list(vars(module).items()) if name.startswith("cockpit.") else ():
        made = dataclasses.is_dataclass(value) and isinstance(value, type) and value.__module__ == name
        code = getattr(vars(value).get("__eq__"), "__code__", None) if made else None
        if isinstance(value, re.Pattern) or (code and code.co_filename == "<string>"):
            print(f"{name}.{word}")
"""
# The keys of everything, and what stands below `model`.
COMPILED_AT_ONCE = {
    *("cockpit.model.refs.Ref", "cockpit.model.refs.Resource", "cockpit.model.refs.RolloutKey"),
    "cockpit.texts.columns._GAP",
}
# What the screen loads with the first rollout, key, person or problem.
WITH_THE_FIRST_ROLLOUT = {
    *("cockpit.model.probe_job", "cockpit.pairing.second_words", "cockpit.session.acts.several"),
    *("cockpit.workloads.findings", "logging.handlers"),
    *(f"cockpit.tui.{name}" for name in ("brief", "brief_split", "commands", "copying", "filtering", "health_words")),
    *(f"cockpit.tui.{name}" for name in ("inspecting", "people", "probe_targets", "several", "way_back")),
    *(f"cockpit.tui.widgets.{name}" for name in ("row_list", "scroll_text", "timeline")),
}
# What `launch.compose` loads before the screen is painted for the first time.
FIRST_PAINT = "cockpit.tui.run, cockpit.session.bridge, cockpit.launch.last_hour, cockpit.launch.own_commands"


@pytest.fixture(scope="module")
def kubeconfig() -> Iterator[str]:
    with demo_process("blue-green", "--seed", "1") as ready, open_client(Path(ready["kubeconfig"])) as client:
        move_clock(client, hold=True)
        yield ready["kubeconfig"]


def run(folder: Path, *words: str, ends: tuple[int, ...] = (0,)) -> tuple[set[str], str]:
    """The modules of a command that ended with one of these codes, and what it printed."""
    told = folder / "modules.json"
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("COCKPIT", "KUBE", "COVERAGE"))
    }
    environ |= {"COCKPIT_STATE": str(folder), "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    ended = subprocess.run(
        [sys.executable, "-c", TOLD, str(told), *words],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode in ends, ended.stderr
    return set(json.loads(told.read_text())), ended.stdout


def loaded(folder: Path, *words: str) -> set[str]:
    return run(folder, *words)[0]


def foreign(modules: set[str]) -> set[str]:
    """Packages that are neither of Python nor of this project."""
    tops = {name.partition(".")[0] for name in modules}
    own = {"cockpit", "sitecustomize", "usercustomize", "cython_runtime"}
    return {name for name in tops - own - set(sys.stdlib_module_names) if not name.startswith("_")}


def rooms(modules: set[str]) -> set[str]:
    return {name.split(".")[1] for name in modules if name.startswith("cockpit.")}


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_loads_the_command_line_alone(tmp_path: Path, word: str) -> None:
    modules = loaded(tmp_path, word)
    assert foreign(modules) == {"click"}
    assert rooms(modules) == {"cli", "launch", "model", "session", "texts"}
    assert not {name for name in modules if name.startswith("cockpit.cli.commands.")}
    assert len([name for name in modules if name.startswith("cockpit.")]) < 40
    assert not modules & {"asyncio", "ssl", "cockpit.session.session", "cockpit.model.view", "cockpit.model.plan"}


@pytest.mark.parametrize("words", [("list", "-A"), ("list", "-A", "-o", "json")], ids=" ".join)
def test_a_list_loads_what_reads_a_cluster(tmp_path: Path, kubeconfig: str, words: tuple[str, ...]) -> None:
    modules = loaded(tmp_path, *words, "--kubeconfig", kubeconfig)
    assert LISTS <= foreign(modules) <= LISTS | TAKEN_BY_THEM
    assert not rooms(modules) & {"tui", "web", "demo", "record", "colleague", "manifests"}
    assert not modules & NEVER
    # Nothing of the sort is in this cluster.
    assert not modules & {"cockpit.routers.istio.acts", "cockpit.systems.kruise.acts", "cockpit.systems.argo.acts"}


def test_one_rollout_loads_no_more(tmp_path: Path, kubeconfig: str) -> None:
    listed, names = run(tmp_path, "list", "-A", "--kubeconfig", kubeconfig, "-o", "name")
    name = names.split()[0]
    for words in (("show", name), ("show", name, "-o", "json"), ("flip", name, "--dry-run")):
        # Before its story begins there is nothing to flip to; what plans it refuses it.
        modules, _ = run(tmp_path, *words, "--kubeconfig", kubeconfig, ends=(0, 1) if "flip" in words else (0,))
        assert foreign(modules) == foreign(listed)
        assert rooms(modules) <= rooms(listed)
        # A guard, a Prometheus and other people are for who asks for them; one rollout is not several.
        assert not modules & (NEVER - {"cockpit.cli.show"})
        assert not modules & {"cockpit.cli.acting_on_several", "cockpit.session.acts.several"}


def test_only_the_routers_of_a_cluster_are_loaded(tmp_path: Path) -> None:
    with demo_process("argo-canary", "--seed", "1") as ready:
        modules = loaded(tmp_path, "list", "-A", "--kubeconfig", ready["kubeconfig"])
    assert modules & ARGO_ROUTERS == {"cockpit.routers.gateway_api.written", "cockpit.routers.ingress.written"}
    assert not modules & OF_OWN_KINDS


@pytest.mark.parametrize(
    "modules", ["cockpit.cli.commands.facts, cockpit.launch.assembling, cockpit.kube.connect", FIRST_PAINT]
)
def test_what_is_loaded_compiles_nothing_that_may_not_be_used(modules: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", f"import {modules}\n{COMPILED}"], capture_output=True, text=True, timeout=120, check=True
    )
    assert set(told.stdout.split()) <= COMPILED_AT_ONCE


def test_the_first_paint_waits_for_the_first_screen_alone() -> None:
    code = f"import sys, {FIRST_PAINT}\nprint(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    modules = set(told.stdout.split())
    screens = {name for name in modules if name.startswith("cockpit.tui.screens.")}
    assert screens == {f"cockpit.tui.screens.{name}" for name in ("base", "fleet", "looking")}
    assert not modules & {"aiohttp", "h11", "httpx", "importlib.metadata", "kubernetes_asyncio"}
    # Facts are read in the session's thread, once the screen is there.
    assert rooms(modules) & {"session", "tui"}
    assert not modules & {"cockpit.session.session", "cockpit.model.objects", "cockpit.cli.columns"}
    assert not modules & WITH_THE_FIRST_ROLLOUT
