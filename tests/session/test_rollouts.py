"""Reading rollouts as objects change: what is read, hidden, kept and counted."""

from __future__ import annotations

from dataclasses import replace

from cockpit.kube.store import Store
from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import DEPLOYMENTS, SERVICES, Ref, Resource, RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.session.facts.rollouts import Rollouts
from tests.objects import decode
from tests.session.flip import WRITES, Flip


class Plain:
    """Each Deployment is a rollout."""

    id = "deployment"
    roots: tuple[Resource, ...] = (DEPLOYMENTS,)
    needs: tuple[Resource, ...] = (DEPLOYMENTS,)
    writes = WRITES
    cards = ()

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        meta = root.metadata
        key = RolloutKey(objects.context, meta.namespace, meta.name, "deployment")
        ref = Ref(DEPLOYMENTS, meta.namespace, meta.name)
        return (Rollout(key, "pods", Phase.AT_REST, meta.resource_version, (), (), (ref,), ""),)

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        return Refused(ask.act, rollout.key, "never")


def deployment(name: str, app: str, version: str, revision: int = 1) -> Obj:
    labels = {"app": app, "version": version}
    metadata = {"name": name, "namespace": "shop", "uid": name, "resourceVersion": f"{name}{revision}"}
    return decode({"kind": "Deployment", "metadata": metadata, "spec": {"template": {"metadata": {"labels": labels}}}})


def service(name: str, version: str | None, revision: int = 1, **labels: str) -> Obj:
    selector = {"app": name, **({"version": version} if version else {})}
    metadata = {"name": name, "namespace": "shop", "uid": name, "resourceVersion": f"{name}{revision}"}
    return decode({"kind": "Service", "metadata": {**metadata, "labels": labels}, "spec": {"selector": selector}})


def names(rollouts: Rollouts) -> list[tuple[str, str]]:
    return [(key.system, key.name) for key in rollouts.current()]


def test_a_deployment_that_is_a_version_of_another_rollout_is_hidden_while_it_is() -> None:
    store = Store("test")
    rollouts = Rollouts(store, (Flip(), Plain()))
    rollouts.apply(
        store.replace(DEPLOYMENTS, [deployment("web-v1", "web", "v1"), deployment("other", "x", "1")]).topics
    )
    assert names(rollouts) == [("deployment", "other"), ("deployment", "web-v1")]
    rollouts.apply(store.apply(SERVICES, [service("web", "v1")]).topics)
    assert names(rollouts) == [("deployment", "other"), ("manual", "web")]
    assert rollouts.adapter(RolloutKey("test", "shop", "web", "manual")) is not None
    rollouts.apply(store.apply(DEPLOYMENTS, [deployment("web-v2", "web", "v2")]).topics)
    assert names(rollouts) == [("deployment", "other"), ("manual", "web")]
    rollouts.apply(store.replace(SERVICES, []).topics)
    assert names(rollouts) == [("deployment", "other"), ("deployment", "web-v1"), ("deployment", "web-v2")]


def test_changes_say_which_rollouts_to_look_at_again() -> None:
    store = Store("test")
    rollouts = Rollouts(store, (Plain(),))
    rollouts.apply(store.replace(DEPLOYMENTS, [deployment("a", "a", "1"), deployment("b", "b", "1")]).topics)
    assert rollouts.take_changes().reshaped
    before = rollouts.current()[RolloutKey("test", "shop", "a", "deployment")]
    assert rollouts.apply(store.apply(DEPLOYMENTS, [deployment("b", "b", "1", revision=2)]).topics)
    changes = rollouts.take_changes()
    assert not changes.reshaped
    assert {key.name for key in changes.keys} == {"b"}
    assert rollouts.current()[before.key] is before
    assert not rollouts.apply({"object|deployments.apps|shop|nothing", "sync|pods.", "odd"})
    assert not rollouts.take_changes().keys


def test_a_reading_that_says_the_same_is_no_change() -> None:
    store = Store("test")
    rollouts = Rollouts(store, (Flip(),))
    rollouts.apply(store.replace(SERVICES, [service("web", "v1")]).topics)
    rollouts.take_changes()
    before = rollouts.current()
    assert not rollouts.apply(store.apply(SERVICES, [service("web", "v1", revision=2)]).topics)
    assert rollouts.current() is before
    assert not rollouts.take_changes().reshaped


def test_what_was_read_last_is_kept_where_an_adapter_fails() -> None:
    store = Store("test")
    rollouts = Rollouts(store, (Flip(), Plain()))
    store.replace(DEPLOYMENTS, [deployment("web-v1", "web", "v1")])
    rollouts.apply(store.replace(SERVICES, [service("web", "v1"), service("zoo", None)]).topics)
    good = rollouts.current()[RolloutKey("test", "shop", "web", "manual")]
    rollouts.apply(store.apply(SERVICES, [service("web", "v1", revision=2, poison="")]).topics)
    bad = rollouts.current()[good.key]
    assert rollouts.failures == 1
    assert [f.id for f in bad.findings] == ["unreadable"]
    assert bad.acts == ()
    assert replace(bad, findings=(), acts=good.acts) == good
    rollouts.apply(store.apply(SERVICES, [service("web", "v1", revision=3, poison="")]).topics)
    assert len(rollouts.current()[good.key].findings) == 1, "one finding, however often it fails"
    rollouts.apply(store.apply(SERVICES, [service("web", "v1", revision=4)]).topics)
    assert rollouts.current()[good.key] == good


class Gate(Plain):
    """A rollout of an adapter further ahead that has a Service among its objects."""

    id = "gate"

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        (rollout,) = super().read(root, objects)
        key = replace(rollout.key, name=f"gate-{rollout.key.name}", system="gate")
        return (replace(rollout, key=key, objects=(*rollout.objects, Ref(SERVICES, "shop", "web"))),)


def test_a_service_behind_another_rollout_is_no_rollout_of_its_own() -> None:
    store = Store("test")
    rollouts = Rollouts(store, (Gate(), Flip(), Plain()))
    rollouts.apply(store.replace(SERVICES, [service("web", "v1")]).topics)
    assert names(rollouts) == [("manual", "web")]
    rollouts.apply(store.replace(DEPLOYMENTS, [deployment("web-v1", "web", "v1")]).topics)
    assert ("manual", "web") not in names(rollouts)
    assert ("gate", "gate-web-v1") in names(rollouts)


def test_a_rollout_has_the_labels_and_short_annotations_of_its_root() -> None:
    store = Store("test")
    rollouts = Rollouts(store, (Plain(),))
    notes = {"team": "shop", "config": '{"a": 1}', "list": "[1]", "long": "x" * 301}
    metadata = {"name": "a", "namespace": "shop", "uid": "a", "resourceVersion": "1"}

    def labelled(tier: str) -> Obj:
        own = {**metadata, "resourceVersion": tier, "labels": {"tier": tier, "app": "a"}, "annotations": notes}
        return decode({"kind": "Deployment", "metadata": own, "spec": {"template": {"metadata": {"labels": {}}}}})

    key = RolloutKey("test", "shop", "a", "deployment")
    rollouts.apply(store.replace(DEPLOYMENTS, [labelled("front")]).topics)
    assert rollouts.current()[key].labels == (("app", "a"), ("tier", "front"))
    assert rollouts.current()[key].annotations == (("team", "shop"),)
    assert rollouts.apply(store.apply(DEPLOYMENTS, [labelled("back")]).topics)
    assert rollouts.current()[key].labels == (("app", "a"), ("tier", "back"))
