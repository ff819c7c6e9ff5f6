"""Reflector and sender against a real API server, also one that is killed, held and compacted.

COCKPIT_TEST_KUBECONFIG names the cluster. The faults need COCKPIT_TEST_LAB, a command that takes
`kill|stop|cont|start kube-apiserver` and `compact` with `--dir`, and COCKPIT_TEST_LAB_DIR.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from cockpit.kube.api import KubeApi
from cockpit.kube.connect import ConnectOptions, connect, resolve
from cockpit.kube.credentials import credentials_for
from cockpit.kube.discovery import Discovery
from cockpit.kube.errors import ApiError, Conflict, Forbidden, Invalid, NotFound, Unreachable
from cockpit.kube.informers import Informers
from cockpit.kube.sender import Sender
from cockpit.kube.transport import Transport
from cockpit.model.kinds import STRUCTS, families
from cockpit.model.objects import Service
from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import PODS, SERVICES, Ref, Resource
from cockpit.model.view import Sync
from cockpit.session.clock import SystemClock

KUBECONFIG = os.environ.get("COCKPIT_TEST_KUBECONFIG", "")
LAB = os.environ.get("COCKPIT_TEST_LAB", "")
LAB_DIR = os.environ.get("COCKPIT_TEST_LAB_DIR", "")
NAMESPACES = Resource("", "v1", "namespaces", "Namespace", namespaced=False)
CONFIGMAPS = Resource("", "v1", "configmaps", "ConfigMap")
NAMESPACE = f"cockpit-kube-{os.getpid()}"
WEB = Ref(SERVICES, NAMESPACE, "web")

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not KUBECONFIG, reason="COCKPIT_TEST_KUBECONFIG names no cluster"),
    pytest.mark.timeout(300),
]
without_lab = pytest.mark.skipif(not (LAB and LAB_DIR), reason="COCKPIT_TEST_LAB and COCKPIT_TEST_LAB_DIR name no lab")


# A test that is tried again finds the ConfigMaps of its first try.
NUMBERS = itertools.count()


def lab(*words: str) -> None:
    subprocess.run([LAB, *words, "--dir", LAB_DIR], check=True, capture_output=True, timeout=120)


def service(name: str, **selector: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"selector": selector, "ports": [{"port": 80}]},
    }


def create(name: str, **selector: str) -> Request:
    return Request(Verb.CREATE, Ref(SERVICES, NAMESPACE, name), service(name, **selector))


async def connected() -> KubeApi:
    options = ConnectOptions(kubeconfig=Path(KUBECONFIG))
    (target,) = resolve(options, {})
    return await connect(target, options, SystemClock())


@pytest.fixture(scope="module")
def namespace() -> Iterator[str]:
    """A namespace of this module's own, away again afterwards."""
    ref = Ref(NAMESPACES, "", NAMESPACE)

    async def send(request: Request) -> None:
        api = await connected()
        try:
            await Sender(api, read_only=False).send(request)
        finally:
            await api.close()

    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    asyncio.run(send(Request(Verb.CREATE, ref, body)))
    yield NAMESPACE
    asyncio.run(send(Request(Verb.DELETE, ref, {})))


@pytest.fixture
async def api() -> AsyncIterator[KubeApi]:
    made = await connected()
    yield made
    await made.close()


@pytest.fixture
async def sender(api: KubeApi, namespace: str) -> AsyncIterator[Sender]:
    """A sender, and Services that are gone after each test."""
    made = Sender(api, read_only=False)
    yield made
    for name in ("web", "other", "later", *(f"other-{number}" for number in range(4))):
        with suppress(NotFound):
            await made.send(Request(Verb.DELETE, Ref(SERVICES, NAMESPACE, name), {}))


class Following:
    def __init__(self, informers: Informers, changed: asyncio.Event) -> None:
        self.informers = informers
        self._changed = changed

    async def until(self, condition: Callable[[], object], seconds: float = 60) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def states(self) -> set[Sync]:
        return {kind.state for kind in self.informers.kinds()}

    def services(self) -> dict[str, dict[str, str]]:
        found = self.informers.store.every(SERVICES, NAMESPACE)
        return {obj.metadata.name: dict(obj.spec.selector or {}) for obj in found if isinstance(obj, Service)}


@asynccontextmanager
async def following(api: KubeApi, *resources: Resource, namespace: str | None = None) -> AsyncIterator[Following]:
    changed = asyncio.Event()
    informers = Informers(
        api,
        resources,
        namespace,
        clock=SystemClock(),
        rng=random.Random(5),
        on_change=lambda change: changed.set(),
    )
    running = asyncio.create_task(informers.run())
    try:
        yield Following(informers, changed)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_every_kind_gets_live(api: KubeApi) -> None:
    async with following(api, *STRUCTS) as followed:
        await followed.until(lambda: followed.states() <= {Sync.LIVE, Sync.ABSENT})
        assert all(kind.dropped == 0 for kind in followed.informers.kinds())
        known = {kind for kind in STRUCTS if followed.informers.store.known(kind)}
    found = await Discovery(api, SystemClock()).served(STRUCTS)
    assert known == {
        next(kind for kind in family if kind in found) for family in families(list(STRUCTS)) if found & set(family)
    }
    assert {PODS, SERVICES} <= known


async def test_writes_are_seen_and_stale_ones_refused(api: KubeApi, sender: Sender) -> None:
    async with following(api, SERVICES) as followed:
        await followed.until(lambda: followed.states() == {Sync.LIVE})
        assert (await sender.send(create("web", version="v1"), dry_run=True))["metadata"]["name"] == "web"
        with pytest.raises(NotFound):
            await api.get(WEB)
        made = await sender.send(create("web", version="v1"))
        await followed.until(lambda: followed.services() == {"web": {"version": "v1"}})

        flip = [
            {"op": "test", "path": "/spec/selector/version", "value": "v1"},
            {"op": "replace", "path": "/spec/selector/version", "value": "v2"},
        ]
        await sender.send(Request(Verb.PATCH, WEB, flip, patch=PatchType.JSON))
        await followed.until(lambda: followed.services() == {"web": {"version": "v2"}})
        with pytest.raises(Invalid):
            await sender.send(Request(Verb.PATCH, WEB, flip, patch=PatchType.JSON))
        stale = {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}, "spec": {"type": "NodePort"}}
        with pytest.raises(Conflict):
            await sender.send(Request(Verb.PATCH, WEB, stale, patch=PatchType.MERGE))
        with pytest.raises(Conflict):
            await sender.send(Request(Verb.DELETE, WEB, {"preconditions": {"uid": "another"}}))
        with pytest.raises(Conflict):
            await sender.send(create("web"))
        await sender.send(Request(Verb.DELETE, WEB, {"preconditions": {"uid": made["metadata"]["uid"]}}))
        await followed.until(lambda: followed.services() == {})


async def test_somebody_without_rights_is_told_so(api: KubeApi) -> None:
    options = ConnectOptions(kubeconfig=Path(KUBECONFIG), as_user="cockpit-nobody", as_groups=("cockpit-none",))
    (target,) = resolve(options, {})
    nobody = await connect(target, options, SystemClock())
    try:
        async with following(nobody, SERVICES, PODS) as followed:
            await followed.until(lambda: followed.states() == {Sync.FORBIDDEN})
            assert "cockpit-nobody" in followed.informers.kinds()[0].error
        assert "delete services" in await nobody.allowed("delete", WEB)
        with pytest.raises(Forbidden, match="cockpit-nobody"):
            await nobody.get(WEB)
        assert await api.allowed("delete", WEB) == ""
    finally:
        await nobody.close()


async def test_old_and_made_up_versions_are_errors_of_the_tree(api: KubeApi) -> None:
    path = SERVICES.path()
    with pytest.raises(ApiError) as caught:
        await api.get_path(path, {"resourceVersion": "999999999999"})
    assert "ResourceVersionTooLarge" in caught.value.causes
    with pytest.raises(Invalid):
        await api.get_path(path, {"resourceVersion": "made up"})


@pytest.mark.faults
@without_lab
async def test_api_server_that_is_killed_and_started(api: KubeApi, sender: Sender) -> None:
    async with following(api, SERVICES, PODS) as followed:
        await sender.send(create("web", version="v1"))
        await followed.until(lambda: "web" in followed.services())
        lab("kill", "kube-apiserver")
        try:
            await followed.until(lambda: followed.states() == {Sync.RETRYING})
            assert "web" in followed.services()
            kind = followed.informers.kinds()[0]
            assert kind.retry_at is not None
            assert api.server in kind.error
            with pytest.raises(Unreachable) as caught:
                await sender.send(create("other"))
            assert not caught.value.sent
        finally:
            lab("start", "kube-apiserver")
        await followed.until(lambda: followed.states() == {Sync.LIVE}, 120)
        await sender.send(create("other", version="v9"))
        await followed.until(lambda: set(followed.services()) == {"web", "other"})


@pytest.mark.faults
@without_lab
async def test_api_server_that_hangs_and_goes_on(api: KubeApi, sender: Sender) -> None:
    (target,) = resolve(ConnectOptions(kubeconfig=Path(KUBECONFIG)), {})
    impatient = KubeApi(
        target, Transport(target, await credentials_for(target, SystemClock()), timeout=2, stall=4), SystemClock()
    )
    async with following(impatient, SERVICES, PODS, namespace=NAMESPACE) as followed:
        await followed.until(lambda: followed.states() == {Sync.LIVE})
        lab("stop", "kube-apiserver")
        try:
            await followed.until(lambda: followed.states() == {Sync.RETRYING})
        finally:
            lab("cont", "kube-apiserver")
        await followed.until(lambda: followed.states() == {Sync.LIVE}, 120)
        await sender.send(create("later", version="v1"))
        await followed.until(lambda: "later" in followed.services())
    await impatient.close()


@pytest.mark.faults
@without_lab
async def test_history_that_was_compacted_is_read_again(api: KubeApi, sender: Sender) -> None:
    async with following(api, SERVICES, namespace=NAMESPACE) as followed:
        await sender.send(create("web", version="v1"))
        await followed.until(lambda: "web" in followed.services())
        made = {"web"}
        for number in range(4):  # a bookmark that comes just then knows of the history, and spares the reading
            await lose_history(sender, followed)
            await followed.until(lambda: followed.states() == {Sync.LIVE}, 120)
            assert followed.services()["web"] == {"version": "v1"}
            made.add(f"other-{number}")
            await sender.send(create(f"other-{number}"))
            await followed.until(lambda: followed.services().keys() >= made)
            if followed.informers.kinds()[0].relists:
                return
    raise AssertionError("the history was never read again")


async def lose_history(sender: Sender, followed: Following) -> None:
    """The API server comes back with an etcd that has only what is newer than what the watch on Services heard of."""
    lab("stop", "kube-controller-manager")
    try:
        for number in itertools.islice(NUMBERS, 20):
            body = {"metadata": {"name": f"noise-{number}"}, "data": {}}
            await sender.send(Request(Verb.CREATE, Ref(CONFIGMAPS, NAMESPACE, f"noise-{number}"), body))
        lab("compact")
        lab("kill", "kube-apiserver")
        await followed.until(lambda: followed.states() == {Sync.RETRYING})
        lab("start", "kube-apiserver")
    finally:
        lab("cont", "kube-controller-manager")
