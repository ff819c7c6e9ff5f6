"""How long one command takes, against the system's own command on the same cluster."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.benchmarks.figure import Figure
from tests.benchmarks.paired import in_turn
from tests.places import demo_process

COCKPIT = (sys.executable, "-m", "cockpit")
PLUGIN = "kubectl-argo-rollouts"
HOW = {
    "kubectl": "missing: kubectl is not on the PATH; install Kubernetes' client",
    PLUGIN: "missing: kubectl-argo-rollouts is not on the PATH; Argo Rollouts releases it, as `kubectl argo rollouts`",
}
NAME, NAMESPACE = "cart", "argo-canary"


@contextmanager
def cluster() -> Iterator[dict[str, str]]:
    """A small cluster with a canary under Argo Rollouts; the environment that leads to it."""
    with demo_process("argo-canary", "--seed", "1") as ready, tempfile.TemporaryDirectory() as state:
        left_out = ("COCKPIT", "KUBE", "PYTHONDONTWRITEBYTECODE")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        yield environ | {"KUBECONFIG": ready["kubeconfig"], "COCKPIT_STATE": state}


def figures() -> list[Figure]:
    """Of `list`, `show` and an act that does not wait for its effect, each beside the same by the system's own means.

    Without the plugin of Argo Rollouts the peer of the last two is kubectl, which reads and changes one object.
    """
    kubectl, plugin = shutil.which("kubectl"), shutil.which(PLUGIN)
    wanted = (("cockpit list", 1.5), ("cockpit show NAME", 3), ("cockpit restart NAME --yes --no-wait", 3))
    if kubectl is None:
        return [Figure(what, "not measured", HOW["kubectl"], f"<= {most:g}x", None) for what, most in wanted]
    whole = f"{NAMESPACE}/{NAME}"
    ours = (
        ("list", "-n", NAMESPACE),
        ("show", whole),
        ("restart", whole, "--yes", "--no-wait"),
    )
    kind, change = "rollouts.argoproj.io", '{"metadata":{"annotations":{"bench":"1"}}}'
    theirs: list[tuple[str, ...]] = [(kubectl, "-n", NAMESPACE, "get", "rollouts.argoproj.io,services,pods")]
    if plugin:
        theirs.append((plugin, "-n", NAMESPACE, "get", "rollout", NAME, "--no-color"))
        theirs.append((plugin, "-n", NAMESPACE, "restart", NAME))
    else:
        theirs.append((kubectl, "-n", NAMESPACE, "get", kind, NAME))
        theirs.append((kubectl, "-n", NAMESPACE, "patch", kind, NAME, "--type=merge", "-p", change))
    names = ("kubectl get", "kubectl argo rollouts get", "kubectl argo rollouts restart")
    without = ("kubectl get", "kubectl get", "kubectl patch")
    found = []
    with cluster() as environ:
        for (what, most), words, peer, name in zip(wanted, ours, theirs, names if plugin else without, strict=True):
            found.append(in_turn((*COCKPIT, *words), peer, environ).figure(what, name, most))
    if not plugin:
        found.append(Figure("the peer of an act", "-", HOW[PLUGIN], "", None))
    return found


@pytest.mark.benchmark
def test_commands() -> None:
    print(*figures(), sep="\n")
