"""Two users on a real API server, and kubectl as the one who cheats: without the policy, with it, and with the lock."""

from __future__ import annotations

import copy
import itertools
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from cockpit.manifests.admission import pairing_policies
from cockpit.model.plan import Act, Ask
from cockpit.model.second_order import SecondOrder, SecondWish
from cockpit.model.view import Stage
from cockpit.pairing.proposal_marks import (
    CONFIRMED_BY,
    ENDED,
    NAME_PREFIX,
    PLAN,
    POLICY,
    PROPOSER,
)
from cockpit.session.pairing.settings import PairingSettings
from tests.journeys.flight import cockpit_on
from tests.journeys.pairs import Member
from tests.places import Place, namespace_in, real_cluster, seed

pytestmark = pytest.mark.real

ANNA, BEN = "cockpit-anna", "cockpit-ben"
numbers = itertools.count(1)
DRY = "--dry-run=server"
FLIP = Ask(Act.FLIP, version="v2")
ADMISSION = "/apis/admissionregistration.k8s.io/v1/"
PLURALS = {
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
}


@pytest.fixture
def place() -> Iterator[Place]:
    with for_two("eyes") as made:
        yield made


@contextmanager
def for_two(name: str) -> Iterator[Place]:
    """A namespace in which two users may do everything, with a Service and two versions.

    It is another one for each try: an API server may still know policies and ConfigMaps of an earlier one.
    """
    real = real_cluster()
    if real is None:
        pytest.skip("no real cluster is named")
    namespace = f"cockpit-{name}-{os.getpid()}-{next(numbers)}"
    with namespace_in("real", real[0], real[1], namespace) as made:
        for each in ("blue-green-v1", "blue-green-v2", "blue-green-service"):
            made.apply(*seed(each))
        made.ready("demo-dp-v1", "demo-dp-v2")
        users = [{"kind": "User", "name": name, "apiGroup": "rbac.authorization.k8s.io"} for name in (ANNA, BEN)]
        body = {
            "metadata": {"name": "pair"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": users,
        }
        root = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
        made.client.post(f"{root}/rolebindings", json=body).raise_for_status()
        yield made


def of_its_own(place: Place, document: dict[str, Any]) -> dict[str, Any]:
    """The same policy or binding for this test's namespace alone, under a name of its own that begins as it did.

    Policies are the cluster's, and tests run at the same time: another one would take them away, or be held by them.
    """
    own = copy.deepcopy(document)
    own["metadata"]["name"] += f".{place.namespace}"
    if own["kind"] == "ValidatingAdmissionPolicyBinding":
        own["spec"]["policyName"] += f".{place.namespace}"
        here = {"matchLabels": {"kubernetes.io/metadata.name": place.namespace}}
        own["spec"].setdefault("matchResources", {})["namespaceSelector"] = here
    return own


@contextmanager
def applied(place: Place, *documents: dict[str, Any]) -> Iterator[None]:
    """Admission objects while the block runs; a policy is in force a moment after it was made."""
    with ExitStack() as stack:
        for document in (of_its_own(place, each) for each in documents):
            path = ADMISSION + PLURALS[document["kind"]]
            place.client.post(path, json=document).raise_for_status()
            stack.callback(place.client.delete, f"{path}/{document['metadata']['name']}")
        yield


def kubectl(place: Place, user: str, *words: str, stdin: str = "") -> str:
    """What kubectl said, as that user: "" if it did as told."""
    command = ["kubectl", "--kubeconfig", str(place.kubeconfig), "--as", user, "-n", place.namespace, *words]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
    return done.stderr if done.returncode else ""


def comes(what: str, wanted: str, ask: Callable[[], str], tries: int = 100) -> None:
    """Ask kubectl until it says what is wanted, "" where nothing stops it: the API server takes policies, locks and
    their parameters in by and by."""
    said = wanted + "?"
    for _ in range(tries):
        said = ask()
        if wanted in said if wanted else not said:
            return
    raise AssertionError(f"{what}: asked {tries} times, kubectl said last: {said or 'nothing, it did as told'}")


def settled(place: Place, refused: str) -> None:
    """Wait until the API server enforces the policy: a forged proposal is refused."""
    comes("the policy is never in force", refused, lambda: forge(place))


def forge(place: Place) -> str:
    """Propose in another's name, as a dry run."""
    metadata = {"name": f"{NAME_PREFIX}try", "annotations": {PROPOSER: BEN}}
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}
    return kubectl(place, ANNA, "create", DRY, "-f", "-", stdin=json.dumps(lease))


def annotate(place: Place, user: str, what: str = "", **said: str) -> str:
    """By kubectl, the proposal of the Service unless it is told what."""
    what = what or f"lease/{NAME_PREFIX}{place.namespace}.demo-service"
    words = [f"{name}={value}" if value else f"{name}-" for name, value in said.items()]
    return kubectl(place, user, "annotate", "--overwrite", what, *words)


@contextmanager
def nothing() -> Iterator[None]:
    yield


class Two:
    """Anna and Ben, each with a cockpit of their own."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place, self.folder = place, folder

    async def __aenter__(self) -> tuple[Member, Member]:
        from contextlib import AsyncExitStack

        self._stack = AsyncExitStack()
        members = []
        for user in (ANNA, BEN):
            journal = self.folder / f"{user}.jsonl"
            opened = cockpit_on(
                self.place.kubeconfig,
                self.place.namespace,
                journal,
                pairing=PairingSettings(second="all"),
                as_user=user,
            )
            members.append(await Member(await self._stack.enter_async_context(opened), user).ready())
        return members[0], members[1]

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


async def propose(me: Member) -> None:
    prepared: Any = await me.cockpit.prepare(me.key, FLIP)
    assert prepared.proposable, prepared.blocked
    done = await me.cockpit.second(me.key, SecondOrder(SecondWish.PROPOSE, prepared, why="measured"))
    assert done.done, done.words


async def confirm(me: Member) -> str:
    await me.until(lambda me: me.cockpit.view().pairing.proposal(me.key))
    proposal = me.cockpit.view().pairing.proposal(me.key)
    assert proposal
    assert proposal.ask
    prepared: Any = await me.cockpit.prepare(proposal.rollout, proposal.ask)
    return (await me.cockpit.second(me.key, SecondOrder(SecondWish.CONFIRM, prepared, proposal.id))).words


async def blocked(me: Member) -> str:
    prepared: Any = await me.cockpit.prepare(me.key, FLIP)
    return str(prepared.blocked)


def version(place: Place) -> str:
    return str((place.get("Service", "demo-service") or {})["spec"]["selector"]["version"])


async def flip(me: Member, place: Place) -> None:
    """Send what was confirmed."""
    ready: Any = await me.cockpit.prepare(me.key, FLIP)
    assert ready.blocked == ""
    sent = await me.cockpit.send(ready, wait=0.0)
    assert sent.stage is Stage.SENT, sent.why
    assert version(place) == "v2"


async def test_without_the_policy_it_is_a_courtesy(place: Place, tmp_path: Path) -> None:
    async with Two(place, tmp_path) as (anna, ben):
        assert "a courtesy, not a lock" in await blocked(anna)
        await propose(anna)
        assert annotate(place, ANNA, **{CONFIRMED_BY: BEN}) == "", "kubectl cheats, and nothing stops it"
        assert await blocked(anna) == ""
        assert annotate(place, ANNA, **{CONFIRMED_BY: ""}) == ""
        assert "can send it now" in await confirm(ben)
        await flip(anna, place)


async def test_under_the_policy_the_server_says_who_confirmed(place: Place, tmp_path: Path) -> None:
    with applied(place, *pairing_policies()):
        settled(place, POLICY)
        async with Two(place, tmp_path) as (anna, ben):
            assert "the API server checks who confirms" in await blocked(anna)
            await propose(anna)
            cheats = [
                annotate(place, ANNA, **{CONFIRMED_BY: BEN}),
                annotate(place, ANNA, **{CONFIRMED_BY: ANNA}),
                annotate(place, BEN, **{CONFIRMED_BY: ANNA}),
                annotate(place, BEN, **{CONFIRMED_BY: "somebody"}),
                annotate(place, BEN, **{CONFIRMED_BY: BEN, PLAN: "f" * 64}),
                annotate(place, BEN, **{CONFIRMED_BY: BEN, PROPOSER: "somebody"}),
                annotate(place, BEN, **{PROPOSER: BEN}),
                annotate(place, ANNA, **{PLAN: "f" * 64}),
            ]
            assert all(POLICY in each for each in cheats), cheats
            assert "nobody confirmed it yet" in await blocked(anna)
            assert "can send it now" in await confirm(ben)
            later = [
                annotate(place, ANNA, **{PLAN: "f" * 64}),
                annotate(place, BEN, **{CONFIRMED_BY: ""}),
                annotate(place, ANNA, **{CONFIRMED_BY: "somebody"}),
            ]
            assert all(POLICY in each for each in later), later
            await flip(anna, place)
            await ben.until(lambda me: me.cockpit.view().pairing.proposal(me.key) is None)
            assert POLICY in annotate(place, ANNA, **{ENDED: ""}), "what is over stays over"
            assert POLICY in forge(place)
