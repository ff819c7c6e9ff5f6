"""The lock on a real API server: for every kind that it can be bound to, two users and a kubectl that cheats.

All in one test: once the last binding with ConfigMaps for parameters is deleted, an API server (seen with 1.34) finds
none again until it is restarted. One that holds nothing stays until the last try, so that a second one finds its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from cockpit.manifests.admission import pairing_policies
from cockpit.pairing.proposal_marks import CONFIRMED_BY, LOCK, LOCK_MAPS, LOCK_PREFIX, POLICY, PROPOSER
from tests.places import Place, open_client, real_cluster
from tests.real.test_second_person import (
    ADMISSION,
    ANNA,
    BEN,
    DRY,
    PLURALS,
    Two,
    annotate,
    applied,
    comes,
    confirm,
    flip,
    for_two,
    kubectl,
    propose,
    settled,
    version,
)

pytestmark = pytest.mark.real

PAGE = Path(__file__).parents[2] / "cockpit" / "docs" / "second-person.md"
SERVICE = ("services", "", "demo-service")
OBJECTS = (
    SERVICE,
    ("httproutes", "gateway.networking.k8s.io", "web"),
    ("virtualservices", "networking.istio.io", "web"),
    ("rollouts", "rollouts.kruise.io", "web"),
    ("rollouts", "rollouts.kruise.io", "short"),
)


def of_the_page(place: Place, kind: str, name: str) -> dict[str, Any]:
    """What the page tells people to create for a lock, for an object of this test."""
    blocks = PAGE.read_text().split("```yaml")[1:]
    documents = [yaml.safe_load(block.partition("```")[0]) for block in blocks]
    found = next(each for each in documents if each.get("kind") == kind)
    text = json.dumps(found).replace("payments", place.namespace).replace("pay", name)
    return dict(json.loads(text))


def bound(place: Place, plural: str, group: str, name: str) -> dict[str, Any]:
    """The page's binding, for an object of another kind."""
    document = of_the_page(place, "ValidatingAdmissionPolicyBinding", name)
    document["metadata"]["name"] += f"-{plural}"
    (rule,) = document["spec"]["matchResources"]["resourceRules"]
    rule |= {"apiGroups": [group], "resources": [plural, *([f"{plural}/status"] if plural == "rollouts" else [])]}
    return document


def backend(name: str, weight: int) -> dict[str, Any]:
    return {"name": name, "port": 80, "weight": weight}


def to(subset: str, weight: int) -> dict[str, Any]:
    return {"destination": {"host": "web", "subset": subset}, "weight": weight}


def step(replicas: str, **more: Any) -> dict[str, Any]:
    return {"replicas": replicas, **more}


STEPS = [step("25%", pause={}), step("50%", pause={}), step("100%")]
TESTER = [{"headers": [{"name": "x-tester", "value": "yes"}]}]
ROUTE = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "HTTPRoute",
    "metadata": {"name": "web"},
    "spec": {"rules": [{"backendRefs": [backend("v1", 80), backend("v2", 20)]}]},
}
MESH = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "VirtualService",
    "metadata": {"name": "web"},
    "spec": {"hosts": ["web"], "http": [{"route": [to("v1", 80), to("v2", 20)]}]},
}
KRUISE = "rollouts.rollouts.kruise.io"


def release(name: str, *steps: dict[str, Any]) -> dict[str, Any]:
    workload = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    return {
        "apiVersion": "rollouts.kruise.io/v1beta1",
        "kind": "Rollout",
        "metadata": {"name": name},
        "spec": {"workloadRef": workload, "strategy": {"canary": {"steps": list(steps)}}},
    }


def workload(name: str, image: str) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}
    spec = {"replicas": 4, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def under_way(place: Place) -> None:
    """Two releases wait at their first step. Before the lock: the lab's controller is no service account."""
    place.apply(workload("web", "web:v1"), workload("short", "web:v1"))
    place.ready("web", "short")
    place.apply(release("web", *STEPS), release("short", *STEPS[1:]))

    def labelled(items: list[dict[str, Any]]) -> bool:
        labels = [each["metadata"].get("labels") or {} for each in items]
        return sum("rollouts.kruise.io/workload-type" in each for each in labels) == 2

    def waiting(items: list[dict[str, Any]]) -> bool:
        at = [(each.get("status") or {}).get("canaryStatus") or {} for each in items]
        now = [(each.get("currentStepIndex"), each.get("currentStepState")) for each in at]
        return now == [(1, "StepPaused")] * 2

    place.until("Deployment", labelled)
    for name in ("web", "short"):
        template = workload(name, "web:v2")["spec"]["template"]
        place.merge("Deployment", name, {"spec": {"template": template}})
    place.until(f"{KRUISE}/v1beta1", waiting)


def patched(place: Place, kind: str, body: object, *words: str, user: str = ANNA, name: str = "web") -> str:
    """What kubectl says to a patch of an object, in a dry run."""
    form = "json" if isinstance(body, list) else "merge"
    return kubectl(place, user, "patch", kind, name, f"--type={form}", "-p", json.dumps(body), *words, DRY)


@pytest.fixture(scope="session")
def parameters() -> Iterator[None]:
    """A policy with a ConfigMap for a parameter, bound where nothing is."""
    real = real_cluster()
    if real is None:
        pytest.skip("no real cluster is named")
    name = f"cockpit-holds-nothing-{os.getpid()}"
    config_maps = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["UPDATE"]}
    nowhere = {"matchLabels": {"kubernetes.io/metadata.name": name}}
    policy = {
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "matchConstraints": {"resourceRules": [config_maps], "namespaceSelector": nowhere},
        "validations": [{"expression": "true"}],
    }
    binding = {
        "policyName": name,
        "validationActions": ["Audit"],
        "paramRef": {"name": name, "namespace": "default", "parameterNotFoundAction": "Allow"},
        "matchResources": {"namespaceSelector": nowhere},
    }
    specs = dict(zip(PLURALS.values(), (policy, binding), strict=True))
    with open_client(real[0]) as client:
        for plural, spec in specs.items():
            body = {"metadata": {"name": name}, "spec": spec}
            client.post(ADMISSION + plural, json=body).raise_for_status()
        yield
        for plural in specs:
            client.delete(f"{ADMISSION}{plural}/{name}")


@pytest.mark.usefixtures("parameters")
async def test_under_the_lock_kubectl_waits_for_a_second_person_too(tmp_path: Path) -> None:
    with ExitStack() as stack:
        place = stack.enter_context(for_two("lock"))
        place.apply(ROUTE, MESH)
        under_way(place)
        maps = f"/api/v1/namespaces/{place.namespace}/configmaps"
        for name in ("demo-service", "web", "short"):
            place.client.post(maps, json=of_the_page(place, "ConfigMap", name)).raise_for_status()
        stack.enter_context(applied(place, *pairing_policies(), *(bound(place, *each) for each in OBJECTS)))
        settled(place, POLICY)
        in_force(place)
        await a_service(place, tmp_path)
        a_route(place)
        a_virtual_service(place)
        a_kruise_rollout(place)


def in_force(place: Place) -> None:
    """Wait until every binding is obeyed: a deletion is refused, and a label is not."""
    kinds = [("service", "demo-service"), ("httproute", "web"), ("virtualservice", "web")]
    for kind, name in [*kinds, (KRUISE, "web"), (KRUISE, "short")]:
        label = ("label", kind, name, "a=b", DRY)
        found = any(
            kubectl(place, ANNA, *label) == "" and LOCK in kubectl(place, ANNA, "delete", kind, name, DRY)
            for _ in range(60)
        )
        if not found and "no params found" in kubectl(place, ANNA, *label):
            pytest.skip("a lock was bound here before, and the API server finds no parameters again: restart it")
        assert found, kubectl(place, ANNA, *label)


async def a_service(place: Place, folder: Path) -> None:
    patch = ("patch", "service", "demo-service", "-p", '{"spec":{"selector":{"version":"v2"}}}')
    async with Two(place, folder) as (anna, ben):
        assert LOCK in kubectl(place, ANNA, *patch)
        assert LOCK in kubectl(place, ANNA, "delete", "service", "demo-service")
        await propose(anna)
        lock = f"configmap/{LOCK_PREFIX}{place.namespace}.demo-service"
        cheats = [
            annotate(place, ANNA, lock, **{PROPOSER: ANNA, CONFIRMED_BY: BEN}),
            annotate(place, ANNA, lock, **{PROPOSER: ANNA, CONFIRMED_BY: ANNA}),
            annotate(place, ANNA, lock, **{CONFIRMED_BY: ANNA}),
            kubectl(place, ANNA, "delete", lock),
        ]
        assert all(LOCK_MAPS in each for each in cheats), cheats
        assert LOCK in kubectl(place, ANNA, *patch)
        assert "can send it now" in await confirm(ben)
        assert LOCK in kubectl(place, BEN, *patch), "who confirms does not send"
        comes("the confirmed flip is never let through", "", lambda: kubectl(place, ANNA, *patch, DRY))
        await flip(anna, place)
        back = ("patch", "service", "demo-service", "-p", '{"spec":{"selector":{"version":"v1"}}}')
        comes("the lock is never closed after the flip", LOCK, lambda: kubectl(place, ANNA, *back, DRY))
        assert version(place) == "v2"


def opens(place: Place, kind: str, body: object, *words: str) -> None:
    """What is held passes for who proposed, once somebody else confirmed it in their own name, and for nobody else."""
    lock = f"configmap/{LOCK_PREFIX}{place.namespace}.web"
    assert annotate(place, BEN, lock, **{PROPOSER: ANNA, CONFIRMED_BY: BEN}) == ""
    comes(f"a confirmed change of {kind} is never let through", "", lambda: patched(place, kind, body, *words))
    assert LOCK in patched(place, kind, body, *words, user=BEN), "who confirms does not send"
    assert annotate(place, ANNA, lock, **{PROPOSER: "", CONFIRMED_BY: ""}) == ""
    comes(f"the lock of {kind} is never closed again", LOCK, lambda: patched(place, kind, body, *words))


# Matches that every request meets, as a route and a VirtualService can spell them.
ANY_ROUTE: list[list[Any]] = [[], [{"headers": []}]]
ANY_MESH: list[list[Any]] = [[], [{"headers": {}}]]


def a_route(place: Place) -> None:
    def rules(*backends: dict[str, Any], more: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
        return {"spec": {"rules": [{"backendRefs": list(backends)}, *more]}}

    kind, everything = "httproute", rules(backend("v1", 0), backend("v2", 100))
    held = [
        everything,
        rules(backend("v2", 7)),
        rules(backend("v2", 1), backend("v1", 0), backend("v3", 0)),
        rules(backend("v1", 100), backend("v2", 0)),
        rules({"name": "v2", "port": 80}),
        rules(backend("v2", 50), backend("v2", 50)),
        *({"spec": {"rules": [{"matches": every, "backendRefs": [backend("v2", 1)]}]}} for every in ANY_ROUTE),
    ]
    assert all(LOCK in patched(place, kind, each) for each in held), [patched(place, kind, each) for each in held]
    path = {"matches": [{"path": {"value": "/all"}}], "backendRefs": [backend("v2", 1)]}
    assert LOCK in patched(place, kind, rules(backend("v1", 80), backend("v2", 20), more=(path,))), "a path of its own"
    rule = {"matches": TESTER, "backendRefs": [backend("v2", 1)]}
    passes = [
        rules(backend("v1", 90), backend("v2", 10)),
        rules(backend("v1", 1), backend("v2", 99)),
        rules(backend("v1", 80), backend("v2", 20), more=(rule,)),
    ]
    assert [patched(place, kind, each) for each in passes] == ["", "", ""]
    opens(place, kind, everything)


def a_virtual_service(place: Place) -> None:
    def http(*routes: dict[str, Any], more: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
        return {"spec": {"http": [*more, {"route": list(routes)}]}}

    kind, everything = "virtualservice", http(to("v1", 0), to("v2", 100))
    held = [
        everything,
        http(to("v2", 100)),
        http({"destination": {"host": "web", "subset": "v2"}}),
        http({"destination": {"host": "web", "subset": "v1"}}, to("v2", 100)),
        http(to("v1", 100), to("v2", 0)),
        http(to("v2", 50), to("v2", 50)),
        *({"spec": {"http": [{"match": every, "route": [to("v2", 100)]}]}} for every in ANY_MESH),
        http(to("v1", 80), to("v2", 20), more=({"match": [{"uri": {"prefix": "/all"}}], "route": [to("v2", 100)]},)),
    ]
    assert all(LOCK in patched(place, kind, each) for each in held), [patched(place, kind, each) for each in held]
    rule = {"match": [{"headers": {"x-tester": {"exact": "yes"}}}], "route": [to("v2", 100)]}
    passes = [
        http(to("v1", 90), to("v2", 10)),
        http(to("v1", 1), to("v2", 99)),
        http(to("v1", 80), to("v2", 20), more=(rule,)),
    ]
    assert [patched(place, kind, each) for each in passes] == ["", "", ""]
    opens(place, kind, everything)


def a_kruise_rollout(place: Place) -> None:
    kind = KRUISE
    status = "--subresource=status"

    def at(field: str, value: object) -> list[dict[str, Any]]:
        return [{"op": "replace", "path": f"/status/canaryStatus/{field}", "value": value}]

    def jump(index: int) -> list[dict[str, Any]]:
        return at("nextStepIndex", index)

    ready = at("currentStepState", "StepReady")

    def steps(*found: dict[str, Any]) -> dict[str, Any]:
        return {"spec": {"strategy": {"canary": {"steps": list(found)}}}}

    held = [
        {"spec": {"disabled": True}},
        steps(step("100%")),
        steps(step("25%", pause={}), step("100%"), step("100%")),
    ]
    assert all(LOCK in patched(place, kind, each) for each in held), [patched(place, kind, each) for each in held]
    for each in (jump(3), at("currentStepIndex", 3), at("currentStepState", "Completed")):
        assert LOCK in patched(place, kind, each, status), each
    assert patched(place, kind, ready, status) == "", "the first of three steps leads to the second"
    assert patched(place, kind, {"spec": {"strategy": {"paused": True}}}) == ""
    assert patched(place, kind, steps(step("25%", pause={}), step("40%", pause={}), step("100%"))) == ""
    opens(place, kind, jump(3), status)
    assert LOCK in patched(place, kind, ready, status, name="short"), "the first of two steps leads to the last"
