"""Two clusters at once: embedded ones, behind one gateway or each behind its own, and the two that CI names."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.places import Place, demo_process, namespace_in, open_client, real_cluster

ONE, TWO = "one", "two"


@contextlib.contextmanager
def behind_one_gateway(folder: Path, namespace: str) -> Iterator[tuple[Path, Place, Place]]:
    """A kubeconfig with the contexts `one` and `two`, and a place in each; one gateway serves both."""
    with demo_process("--context", ONE, "--context", TWO, "--one-gateway") as ready:
        both = yaml.safe_load(Path(ready["kubeconfig"]).read_text())
        files = [_alone(both, context, folder) for context in (ONE, TWO)]
        with _places(files, [ready["gateway"]] * 2, namespace, ["embedded"] * 2) as (first, second):
            yield Path(ready["kubeconfig"]), first, second


@contextlib.contextmanager
def apart(folder: Path, namespace: str) -> Iterator[tuple[Path, Place, Place, contextlib.ExitStack]]:
    """As `behind_one_gateway`, but each cluster has its own gateway; closing the stack ends the second cluster."""
    with demo_process("--context", ONE) as first, contextlib.ExitStack() as second_ends:
        second = second_ends.enter_context(demo_process("--context", TWO))
        configs = [yaml.safe_load(Path(ready["kubeconfig"]).read_text()) for ready in (first, second)]
        files = [_alone(config, context, folder) for config, context in zip(configs, (ONE, TWO), strict=True)]
        # What is in the second cluster goes with it.
        client = second_ends.enter_context(open_client(files[1]))
        made = client.post("/api/v1/namespaces", json={"metadata": {"name": namespace}})
        assert made.status_code == 201, made.text
        two = Place("embedded", files[1], second["gateway"], namespace, client)
        with namespace_in("embedded", files[0], first["gateway"], namespace) as one:
            yield _merged(configs, folder), one, two, second_ends


@contextlib.contextmanager
def real_pair(folder: Path, namespace: str) -> Iterator[tuple[Path, Place, Place]]:
    """The two real clusters that the environment names, as contexts `one` and `two` of one kubeconfig."""
    found = real_cluster()
    assert found
    files = [found[0], Path(os.environ["COCKPIT_TEST_KUBECONFIG_2"])]
    configs = [_renamed(yaml.safe_load(file.read_text()), name) for file, name in zip(files, (ONE, TWO), strict=True)]
    gateways = [found[1], os.environ["COCKPIT_TEST_GATEWAY_2"]]
    with _places(files, gateways, namespace, ["real"] * 2) as (one, two):
        yield _merged(configs, folder), one, two


@contextlib.contextmanager
def _places(files: list[Path], gateways: list[str], namespace: str, names: list[str]) -> Iterator[tuple[Place, Place]]:
    with (
        namespace_in(names[0], files[0], gateways[0], namespace) as one,
        namespace_in(names[1], files[1], gateways[1], namespace) as two,
    ):
        yield one, two


def _alone(config: dict[str, Any], context: str, folder: Path) -> Path:
    """A kubeconfig whose current context is this one."""
    file = folder / f"{context}.kubeconfig"
    file.write_text(yaml.safe_dump({**config, "current-context": context}))
    return file


def _merged(configs: list[dict[str, Any]], folder: Path) -> Path:
    file = folder / "both.kubeconfig"
    lists = {key: [entry for config in configs for entry in config[key]] for key in ("clusters", "users", "contexts")}
    file.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "current-context": ONE, **lists}))
    return file


def _renamed(config: dict[str, Any], name: str) -> dict[str, Any]:
    """The current context of a kubeconfig alone, under this name."""
    context = next(c["context"] for c in config["contexts"] if c["name"] == config["current-context"])
    cluster = next(c["cluster"] for c in config["clusters"] if c["name"] == context["cluster"])
    user = next(u["user"] for u in config["users"] if u["name"] == context["user"])
    return {
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
