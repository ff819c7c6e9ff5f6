"""Clusters that tests run against: the embedded one, and a real one where the environment names it.

COCKPIT_TEST_KUBECONFIG and COCKPIT_TEST_GATEWAY name a real cluster and the address of its gateway;
COCKPIT_TEST_PROXY, where there is one, an HTTP proxy that reaches its Services from inside; COCKPIT_TEST_MESH one that
asks as a client in the Istio mesh, COCKPIT_TEST_ISTIO_GATEWAY the address of Istio's ingress gateway.
"""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

SEEDS = Path(__file__).parent / "fixtures" / "seeds"
PLURALS = {
    "Namespace": "/api/v1/namespaces",
    "Service": "/api/v1/namespaces/{ns}/services",
    "Pod": "/api/v1/namespaces/{ns}/pods",
    "Deployment": "/apis/apps/v1/namespaces/{ns}/deployments",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices",
    "Ingress": "/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses",
    "IngressClass": "/apis/networking.k8s.io/v1/ingressclasses",
    "ReplicaSet": "/apis/apps/v1/namespaces/{ns}/replicasets",
    "StatefulSet": "/apis/apps/v1/namespaces/{ns}/statefulsets",
    "DaemonSet": "/apis/apps/v1/namespaces/{ns}/daemonsets",
    "Event": "/api/v1/namespaces/{ns}/events",
}


def collection(kind: str) -> str:
    """The URL path of a kind's list: a built-in kind by name, any other as "plural.group/version"."""
    if kind in PLURALS:
        return PLURALS[kind]
    plural, _, rest = kind.partition(".")
    group, _, version = rest.rpartition("/")
    return f"/apis/{group}/{version}/namespaces/{{ns}}/{plural}"


def kind_of(doc: dict[str, Any]) -> str:
    """How tests name the kind of a manifest."""
    group, _, version = doc["apiVersion"].rpartition("/")
    plain = PLURALS.get(doc["kind"], "")
    if f"/{doc['apiVersion']}/" in plain:
        return str(doc["kind"])
    kind = doc["kind"].lower()
    plural = kind[:-1] + "ies" if kind.endswith("ary") else kind + ("es" if kind.endswith("s") else "s")
    return f"{plural}.{group}/{version}"


def seed(name: str) -> list[dict[str, Any]]:
    """The objects of one of the seeds' manifests."""
    return [doc for doc in yaml.safe_load_all((SEEDS / f"{name}.yaml").read_text()) if doc]


# The time of an embedded cluster is moved by less than anything takes that a test wants to meet half way.
TICK, MOST_TICKS = 0.25, 1000


def move_clock(client: httpx.Client, **move: object) -> None:
    """Steer an embedded cluster's clock: `hold=True`, `advance=SECONDS` or `release=True`."""
    client.post("/demo/clock", json=move).raise_for_status()


@dataclass
class Place:
    """One cluster with a namespace of the test's own. Every wait is bounded by `patience` seconds.

    `pilot` is a user whom the kubeconfig's own may impersonate, and who has the pilot's role and nothing else.
    """

    name: str
    kubeconfig: Path
    gateway: str
    namespace: str
    client: httpx.Client
    proxy: str | None = None
    patience: float = 60.0
    made: list[str] = field(default_factory=list)
    mesh: str | None = None
    istio_gateway: str | None = None
    pilot: str | None = None

    @property
    def real(self) -> bool:
        return self.name == "real"

    def path(self, kind: str, name: str = "") -> str:
        root = collection(kind).format(ns=self.namespace)
        return f"{root}/{name}" if name else root

    def own_host(self, host: str) -> str:
        """The host name that this place's gateway serves for a test's `host`.

        Tests on a real cluster run at the same time, and an Ingress outlives its test for a while. A gateway that
        finds one host in two namespaces answers from either.
        """
        return host if not self.real or self.namespace in host else f"{self.namespace}.{host}"

    def apply(self, *docs: dict[str, Any]) -> None:
        """Server-side apply into the test's namespace; Ingresses and HTTPRoutes get hosts of this place's own."""
        for doc in docs:
            body = {**self._with_own_hosts(doc), "metadata": {**doc["metadata"], "namespace": self.namespace}}
            kind = kind_of(doc)
            if "{ns}" not in collection(kind):
                body["metadata"].pop("namespace")
                self.made.append(self.path(kind, doc["metadata"]["name"]))
            answer = self.client.patch(
                self.path(kind, doc["metadata"]["name"]),
                params={"fieldManager": "test", "force": "true"},
                content=json.dumps(body),
                headers={"Content-Type": "application/apply-patch+yaml"},
            )
            assert answer.status_code in (200, 201), answer.text

    def _with_own_hosts(self, doc: dict[str, Any]) -> dict[str, Any]:
        spec = doc.get("spec") or {}
        match doc["kind"]:
            case "Ingress" if "rules" in spec:
                rules = [r | {"host": self.own_host(r["host"])} if "host" in r else r for r in spec["rules"]]
                return {**doc, "spec": {**spec, "rules": rules}}
            case "HTTPRoute" if "hostnames" in spec:
                return {**doc, "spec": {**spec, "hostnames": [self.own_host(host) for host in spec["hostnames"]]}}
            case _:
                return doc

    def merge(self, kind: str, name: str, patch: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.patch(
            self.path(kind, name), content=json.dumps(patch), headers={"Content-Type": "application/merge-patch+json"}
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        answer = self.client.get(self.path(kind, name))
        return None if answer.status_code == 404 else dict(answer.raise_for_status().json())

    def delete(self, kind: str, name: str) -> None:
        answer = self.client.delete(self.path(kind, name))
        assert answer.status_code in (200, 202), answer.text

    def until(self, kind: str, test: Callable[[list[dict[str, Any]]], bool]) -> None:
        """Follow a watch until `test` holds for the objects of the kind."""
        listing = self.client.get(self.path(kind)).raise_for_status().json()
        objects = {item["metadata"]["name"]: item for item in listing["items"]}
        if test(list(objects.values())):
            return
        query = {
            "watch": "1",
            "resourceVersion": listing["metadata"]["resourceVersion"],
            "timeoutSeconds": str(int(self.patience)),
        }
        with self.client.stream("GET", self.path(kind), params=query, timeout=self.patience + 10) as stream:
            for line in stream.iter_lines():
                event = json.loads(line)
                name = event["object"]["metadata"]["name"]
                if event["type"] == "DELETED":
                    objects.pop(name, None)
                else:
                    objects[name] = event["object"]
                if test(list(objects.values())):
                    return
        raise AssertionError(
            f"{kind} never came to what the test waits for: {json.dumps(list(objects.values()))[:2000]}"
        )

    @contextlib.contextmanager
    def still(self) -> Iterator[None]:
        """Stop an embedded cluster's clock: no pause ends, no pod gets ready. A real cluster's runs on."""
        if self.real:
            yield
            return
        move_clock(self.client, hold=True)
        try:
            yield
        finally:
            move_clock(self.client, release=True)

    def pass_time(self, kind: str, test: Callable[[list[dict[str, Any]]], bool]) -> None:
        """While the clock stands still: let no more time pass than until `test` holds for the objects of the kind."""
        if self.real:
            self.until(kind, test)
            return
        for _ in range(MOST_TICKS):
            if test(self.client.get(self.path(kind)).raise_for_status().json()["items"]):
                return
            move_clock(self.client, advance=TICK)
        raise AssertionError(f"{kind} never came to what the test waits for")

    def ready(self, *deployments: str) -> None:
        """Wait until all pods of these Deployments are ready."""

        def full(items: list[dict[str, Any]]) -> bool:
            found = {item["metadata"]["name"]: item for item in items}
            return all(
                name in found
                and found[name].get("status", {}).get("readyReplicas", 0) == found[name]["spec"]["replicas"]
                and found[name]["status"].get("replicas") == found[name]["spec"]["replicas"]
                for name in deployments
            )

        self.until("Deployment", full)

    def ask(self, host: str, path: str = "/", headers: dict[str, str] | None = None) -> httpx.Response:
        """One request through the gateway, on a connection of its own, as a user's would be."""
        return httpx.get(
            f"{self.gateway}{path}",
            headers={"Host": self.own_host(host), "Connection": "close", **(headers or {})},
            timeout=20,
        )

    def count(
        self, host: str, n: int, path: str = "/", headers: dict[str, str] | None = None, name: str = "version"
    ) -> Counter[str]:
        """What n requests were answered by: label `name` of the pod, or the status where there is none."""
        asked = {"Host": self.own_host(host), **(headers or {})}
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(httpx.Client(timeout=20, limits=httpx.Limits(max_keepalive_connections=0)))
            answers = (client.get(f"{self.gateway}{path}", headers=asked) for _ in range(n))
            return Counter(
                a.json()["labels"].get(name, "?") if a.status_code == 200 else str(a.status_code) for a in answers
            )

    def settle(self, test: Callable[[], bool], tries: int = 3000) -> None:
        """Ask until the gateway has taken a change in; bounded."""
        assert any(test() for _ in range(tries)), "the gateway never came to what the test waits for"


def way_to(kubeconfig: Path) -> dict[str, Any]:
    """What an HTTP client needs to talk to the API of the kubeconfig's current context."""
    config = yaml.safe_load(kubeconfig.read_text())
    context = next(c["context"] for c in config["contexts"] if c["name"] == config["current-context"])
    cluster = next(c["cluster"] for c in config["clusters"] if c["name"] == context["cluster"])
    user = next(u["user"] for u in config["users"] if u["name"] == context["user"])
    if "certificate-authority-data" in cluster:
        import base64

        trust = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    else:
        trust = ssl.create_default_context(cafile=cluster["certificate-authority"])
    return {"base_url": cluster["server"], "verify": trust, "headers": {"Authorization": f"Bearer {user['token']}"}}


def open_client(kubeconfig: Path) -> httpx.Client:
    return httpx.Client(**way_to(kubeconfig), timeout=30)


@contextlib.contextmanager
def demo_process(*words: str) -> Iterator[dict[str, Any]]:
    """The embedded cluster in a process of its own; yields its ready line."""
    with tempfile.TemporaryDirectory() as folder:
        argv = [sys.executable, "-m", "cockpit.demo", *words, "--kubeconfig-out", f"{folder}/kubeconfig"]
        process = subprocess.Popen(
            [*argv, "--exit-with-parent"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line, "the embedded cluster ended before it was ready"
            yield json.loads(line)
        finally:
            process.terminate()
            process.communicate(timeout=20)


@contextlib.contextmanager
def namespace_in(
    name: str, kubeconfig: Path, gateway: str, namespace: str, proxy: str | None = None
) -> Iterator[Place]:
    """A Place with a new namespace, which is deleted afterwards."""
    with open_client(kubeconfig) as client:
        place = Place(name, kubeconfig, gateway, namespace, client, proxy)
        client.delete(f"/api/v1/namespaces/{namespace}")
        place.until("Namespace", lambda items: namespace not in {i["metadata"]["name"] for i in items})
        made = client.post(
            "/api/v1/namespaces", json={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        )
        assert made.status_code == 201, made.text
        try:
            yield place
        finally:
            for path in [*place.made, f"/api/v1/namespaces/{namespace}"]:
                client.delete(path)


def real_cluster() -> tuple[Path, str, str | None] | None:
    """kubeconfig, gateway and proxy of the real cluster that the environment names."""
    kubeconfig, gateway = os.environ.get("COCKPIT_TEST_KUBECONFIG"), os.environ.get("COCKPIT_TEST_GATEWAY")
    if not kubeconfig or not gateway:
        return None
    return Path(kubeconfig), gateway.rstrip("/"), os.environ.get("COCKPIT_TEST_PROXY")
