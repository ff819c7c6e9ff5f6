"""What a cockpit and k9s at rest cost a real API server, by its own metrics, and what they write and use.

COCKPIT_TEST_KUBECONFIG names the cluster, whose user may do everything; it should hold some hundred pods and nobody
else should work on it. COCKPIT_REST_SECONDS says for how long a cockpit is watched. Each program has a user and a flow
schema of its own: requests are told apart by that, their verbs and kinds by a time before in which no program ran.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.benchmarks.figure import Figure
from tests.benchmarks.server_metrics import Counts, Served, beyond, scrape
from tests.places import open_client
from tests.scale.running import Screen, on_pty

KUBECONFIG = os.environ.get("COCKPIT_TEST_KUBECONFIG", "")
SECONDS = float(os.environ.get("COCKPIT_REST_SECONDS", "600"))
CALM, PEERS, SETTLING = min(120.0, SECONDS), min(180.0, SECONDS), 60.0
HOUR = 3600.0
SIZE = {"columns": 140, "rows": 40}
MANY, RUN = 20, 5  # so many cockpits are told of, and so many are run
USERS = {"cockpit": "measured-cockpit", "k9s": "measured-k9s"}
FLOWS = "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas"
BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"


def missing() -> str:
    """What stands in the way, "" for nothing."""
    if not KUBECONFIG:
        return "missing: a cluster, COCKPIT_TEST_KUBECONFIG=FILE"
    return "" if shutil.which("k9s") else "missing: k9s, on the PATH"


def flow_of(user: str) -> dict[str, Any]:
    """A flow schema for all that a user asks for, on the level of people without one."""
    resources = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "namespaces": ["*"], "clusterScope": True}
    rule = {
        "subjects": [{"kind": "User", "user": {"name": user}}],
        "resourceRules": [resources],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    }
    spec = {
        "priorityLevelConfiguration": {"name": "global-default"},
        "matchingPrecedence": 900,
        "distinguisherMethod": {"type": "ByUser"},
        "rules": [rule],
    }
    return {"metadata": {"name": user}, "spec": spec}


def binding_of(user: str) -> dict[str, Any]:
    """A user who may do everything without being exempt from flow control, as system:masters are."""
    group = "rbac.authorization.k8s.io"
    return {
        "metadata": {"name": user},
        "subjects": [{"kind": "User", "name": user, "apiGroup": group}],
        "roleRef": {"kind": "ClusterRole", "name": "cluster-admin", "apiGroup": group},
    }


@contextlib.contextmanager
def users(client: httpx.Client) -> Iterator[None]:
    """The measured users, taken away in the end."""
    made = [
        (path, doc) for user in USERS.values() for path, doc in ((FLOWS, flow_of(user)), (BINDINGS, binding_of(user)))
    ]
    try:
        for path, doc in made:
            answer = client.post(path, json=doc)
            assert answer.status_code in (201, 409), answer.text
        time.sleep(5)  # until flow control has taken them in
        yield
    finally:
        for path, doc in made:
            client.delete(f"{path}/{doc['metadata']['name']}")


def commands() -> dict[str, list[str]]:
    cluster = ["--kubeconfig", KUBECONFIG, "-A", "--as"]
    cockpit = [sys.executable, "-m", "cockpit", *cluster, USERS["cockpit"], "--sample", "none"]
    k9s = [shutil.which("k9s") or "", *cluster, USERS["k9s"], "-c"]
    return {"cockpit": cockpit, "k9s pods": [*k9s, "pods"], "k9s rollouts": [*k9s, "rollouts.argoproj.io"]}


@dataclass(frozen=True)
class Rest:
    """One or several of a program, from the start and then at rest; `cpu`, `written`, `memory` are the mean of them."""

    start: int
    requests: int
    rejected: int
    by_kind: Counts
    answers: Counts
    events: Counts
    cpu: float
    written: float
    memory: float
    seconds: float

    def words(self) -> str:
        """What an hour of it costs the server, as far as this long tells."""
        hour = HOUR / self.seconds
        size = (self.answers.total() + self.events.total()) * hour
        kinds = ", ".join(
            f"{count} {verb} {plural or 'other'}" for (verb, plural), count in self.by_kind.most_common(6)
        )
        said = f"{self.requests * hour:.0f} requests, {size / 1e3:.0f} kB; start {self.start} requests"
        return f"{said}; {self.rejected} rejected; in {self.seconds:.0f} s: {kinds}"

    def use(self) -> str:
        hour = HOUR / self.seconds
        written = f"{self.written * hour / 1e3:.1f} kB"
        return f"{written} to the terminal, {self.cpu / self.seconds:.2%} of a core, {self.memory:.0f} MB"


def rest(client: httpx.Client, name: str, calm: Served, length: float, count: int = 1) -> Rest:
    """So many of a program at once: started, left to settle, and then watched for a length in seconds."""
    user = USERS[name.split()[0]]
    before = scrape(client)
    with contextlib.ExitStack() as stack:
        screens = [stack.enter_context(on_pty(commands()[name], **SIZE)) for _ in range(count)]
        time.sleep(SETTLING)
        begun, used = scrape(client), [(screen.cpu(), screen.written) for screen in screens]
        started = time.monotonic()
        time.sleep(length)
        assert all(screen.memory()[0] for screen in screens), f"{name} has ended"
        over, seconds = scrape(client).since(begun), time.monotonic() - started
        return found_of(user, begun.since(before), over, calm, seconds, list(zip(screens, used, strict=True)))


def found_of(
    user: str, start: Served, over: Served, calm: Served, seconds: float, used: list[tuple[Screen, tuple[float, int]]]
) -> Rest:
    ratio = seconds / CALM
    return Rest(
        start=start.dispatched[user],
        requests=over.dispatched[user],
        rejected=start.rejected[user] + over.rejected[user],
        by_kind=beyond(over.requests, calm.requests, ratio),
        answers=beyond(over.answers, calm.answers, ratio),
        events=beyond(over.events, calm.events, ratio),
        cpu=sum(screen.cpu() - before[0] for screen, before in used) / len(used),
        written=sum(screen.written - before[1] for screen, before in used) / len(used),
        memory=sum(screen.memory()[0] for screen, _ in used) / len(used),
        seconds=seconds,
    )


def figures() -> list[Figure]:
    """All of them, one program after the other: COCKPIT_REST_SECONDS and 14 minutes."""
    what = "an hour at rest, by the API server"
    if why := missing():
        return [Figure(what, why, "", "", None)]
    with open_client(Path(KUBECONFIG)) as client, users(client):
        before = scrape(client)
        time.sleep(CALM)
        calm = scrape(client).since(before)
        ours = rest(client, "cockpit", calm, SECONDS)
        pods, rollouts = (rest(client, name, calm, PEERS) for name in ("k9s pods", "k9s rollouts"))
        many = rest(client, "cockpit", calm, CALM, RUN)
    peer = f"k9s pods {pods.words()}; k9s rollouts {rollouts.words()}"
    use = f"k9s pods {pods.use()}; k9s rollouts {rollouts.use()}"
    least = min(peer.requests / peer.seconds for peer in (pods, rollouts))
    rate = many.requests * MANY / RUN / many.seconds
    told = f"{rate:.1f} requests/s, start {many.start * MANY // RUN}, {many.rejected} rejected of {RUN} that were run"
    return [
        Figure(what, ours.words(), peer, "<= k9s requests", ours.requests / ours.seconds <= least),
        Figure("an hour at rest, by the machine", ours.use(), use, "", None),
        Figure(f"{MANY} cockpits at rest, {RUN} measured", told, "", "0 rejected", many.rejected == 0),
    ]


@pytest.mark.benchmark
@pytest.mark.timeout(7200)
def test_at_rest_beside_k9s() -> None:
    print()
    for figure in figures():
        print(f"{figure.what}:\n  ours: {figure.ours}\n  peer: {figure.peer or 'none'}")
