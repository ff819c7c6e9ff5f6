"""What goes with an owner, and what stays."""

from __future__ import annotations

from typing import Any

from cockpit.demo.schemas.kinds import CONFIGMAPS, NAMESPACES
from cockpit.demo.store.garbage import GarbageCollector
from cockpit.demo.store.storage import Storage, ensure_namespace


def owned(name: str, *owners: dict[str, Any], namespace: str = "default") -> dict[str, Any]:
    references = [
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "blockOwnerDeletion": True,
        }
        for owner in owners
    ]
    return {"metadata": {"name": name, "namespace": namespace, "ownerReferences": references}}


def clean(collector: GarbageCollector) -> None:
    for _ in range(100):
        if not collector.idle:
            collector.step()


def names(storage: Storage) -> list[str]:
    return [obj["metadata"]["name"] for obj in storage.list(CONFIGMAPS)]


def test_a_chain_of_owners_goes_link_by_link(storage: Storage) -> None:
    collector = GarbageCollector(storage)
    top = storage.create(CONFIGMAPS, owned("top"))
    middle = storage.create(CONFIGMAPS, owned("middle", top))
    storage.create(CONFIGMAPS, owned("bottom", middle))
    storage.delete(CONFIGMAPS, "default", "top")
    clean(collector)
    assert names(storage) == []


def test_what_has_another_living_owner_stays_and_forgets_the_dead_one(storage: Storage) -> None:
    collector = GarbageCollector(storage)
    one, two = (storage.create(CONFIGMAPS, owned(name)) for name in ("one", "two"))
    storage.create(CONFIGMAPS, owned("shared", one, two))
    storage.delete(CONFIGMAPS, "default", "one")
    clean(collector)
    (left,) = storage.get(CONFIGMAPS, "default", "shared")["metadata"]["ownerReferences"]
    assert left["uid"] == two["metadata"]["uid"]


def test_a_foreground_delete_waits_for_what_is_held(storage: Storage) -> None:
    collector = GarbageCollector(storage)
    owner = storage.create(CONFIGMAPS, owned("owner"))
    body = owned("held", owner)
    body["metadata"]["finalizers"] = ["example.com/hold"]
    storage.create(CONFIGMAPS, body)
    storage.delete(CONFIGMAPS, "default", "owner", propagation="Foreground")
    clean(collector)
    assert names(storage) == ["held", "owner"]
    held = storage.get(CONFIGMAPS, "default", "held")
    held["metadata"]["finalizers"] = []
    storage.update(CONFIGMAPS, held)
    clean(collector)
    assert names(storage) == []


def test_what_names_an_owner_that_never_was_goes(storage: Storage) -> None:
    collector = GarbageCollector(storage)
    ghost = {"metadata": {"name": "ghost", "uid": "00000000-0000-4000-8000-000000000000"}}
    storage.create(CONFIGMAPS, owned("lost", ghost))
    clean(collector)
    assert names(storage) == []


def test_a_namespace_waits_for_the_last_of_its_content(storage: Storage) -> None:
    collector = GarbageCollector(storage)
    ensure_namespace(storage, "other")
    body = owned("held", namespace="other")
    body["metadata"]["finalizers"] = ["example.com/hold"]
    storage.create(CONFIGMAPS, body)
    storage.create(CONFIGMAPS, owned("free", namespace="other"))
    storage.delete(NAMESPACES, None, "other")
    clean(collector)
    assert names(storage) == ["held"]
    assert storage.get(NAMESPACES, None, "other")["status"]["phase"] == "Terminating"
    held = storage.get(CONFIGMAPS, "other", "held")
    held["metadata"]["finalizers"] = []
    storage.update(CONFIGMAPS, held)
    clean(collector)
    assert storage.peek(NAMESPACES, None, "other") is None
