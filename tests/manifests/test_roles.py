"""What the roles allow, and that they are documents which kubectl applies as they are."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.manifests.admission import pairing_policies
from cockpit.manifests.documents import PLACEHOLDER, Subjects, role_documents
from cockpit.manifests.role_rights import RoleName, rights_of
from cockpit.model.refs import ARGO_ROLLOUTS, EVENTS, JOBS, LEASES, PODS, SERVICES
from cockpit.model.rights import Right, right, undone_by
from cockpit.session.facts.adapters import ADAPTERS

ANN = Subjects(users=("ann",))
READING = {"get", "list", "watch"}


def rights_in(document: dict[str, Any]) -> set[Right]:
    return {
        Right(group, resource, verb)
        for rule in document["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.mark.parametrize("role", RoleName)
@pytest.mark.parametrize("namespace", [None, "shop"])
def test_the_documents_of_a_role_say_its_rights_and_nothing_else(role: RoleName, namespace: str | None) -> None:
    documents = role_documents(role, namespace, ANN)
    found = set().union(*(rights_in(each) for each in documents if "rules" in each))
    names = {Right("", "namespaces", "list")} if namespace else set()
    assert found == rights_of(role) - names


@pytest.mark.parametrize("role", RoleName)
def test_no_role_has_a_wildcard_or_reads_a_secret(role: RoleName) -> None:
    for each in rights_of(role):
        assert "*" not in (each.group, each.resource, each.verb)
        assert each.resource.partition("/")[0] not in ("secrets", "configmaps", "serviceaccounts")
        assert each.group not in ("rbac.authorization.k8s.io", "authorization.k8s.io")
        assert each.verb not in ("impersonate", "escalate", "bind", "deletecollection", "update")


def test_a_viewer_writes_nothing() -> None:
    assert {each.verb for each in rights_of(RoleName.VIEWER)} <= READING


@pytest.mark.parametrize("role", [RoleName.PILOT, RoleName.PROBER])
def test_who_acts_or_measures_also_sees(role: RoleName) -> None:
    assert rights_of(RoleName.VIEWER) < rights_of(role)


def test_who_measures_from_inside_may_do_that_alone() -> None:
    more = rights_of(RoleName.PROBER) - rights_of(RoleName.VIEWER)
    proxy = right("get", SERVICES, "proxy")
    assert more == {proxy, *(right(verb, JOBS) for verb in ("create", "delete", "get"))}


def test_pairing_is_leases_and_events() -> None:
    leases = {right(verb, LEASES) for verb in (*READING, "create", "patch", "delete")}
    events = {right(verb, EVENTS) for verb in ("list", "watch", "create", "patch")}
    assert rights_of(RoleName.PAIRING) == leases | events
    assert not rights_of(RoleName.PILOT) & leases


def test_a_pilot_may_send_and_undo_every_act_of_every_adapter() -> None:
    allowed = rights_of(RoleName.PILOT)
    for adapter in ADAPTERS:
        assert set(adapter.writes) == {act for card in adapter.cards for act in card.acts}, adapter.id
        for act, declared in adapter.writes.items():
            assert declared, (adapter.id, act)
            assert set(declared) <= allowed
            assert {undo for each in declared if (undo := undone_by(each))} <= allowed


def test_what_undoes_a_write() -> None:
    assert undone_by(right("delete", SERVICES)) == right("create", SERVICES)
    assert undone_by(right("create", SERVICES)) == right("delete", SERVICES)
    patch = right("patch", ARGO_ROLLOUTS, "status")
    assert undone_by(patch) == patch
    assert undone_by(right("delete", PODS)) is None, "their controller makes them anew"


def test_a_role_of_the_whole_cluster_is_bound_to_users_and_groups() -> None:
    role, binding = role_documents(RoleName.VIEWER, None, Subjects(("ann", "ben"), ("ops",)))
    assert (role["kind"], binding["kind"]) == ("ClusterRole", "ClusterRoleBinding")
    assert "namespace" not in role["metadata"] | binding["metadata"]
    assert binding["roleRef"]["name"] == role["metadata"]["name"] == "rollout-cockpit-viewer"
    assert [(s["kind"], s["name"]) for s in binding["subjects"]] == [("User", "ann"), ("User", "ben"), ("Group", "ops")]


def test_a_role_of_one_namespace_reads_classes_of_the_cluster_beside_it() -> None:
    role, binding, wide, wide_binding = role_documents(RoleName.PILOT, "shop", ANN)
    assert (role["kind"], binding["kind"]) == ("Role", "RoleBinding")
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "shop"
    assert (wide["kind"], wide_binding["kind"]) == ("ClusterRole", "ClusterRoleBinding")
    assert {each.resource for each in rights_in(wide)} == {"ingressclasses"}
    assert {each.verb for each in rights_in(wide)} == READING
    assert wide_binding["metadata"]["name"].endswith("-shop"), "other namespaces have bindings of their own"
    assert wide_binding["roleRef"]["name"] == wide["metadata"]["name"]


def test_without_names_a_placeholder_stands_for_who_gets_it() -> None:
    binding = role_documents(RoleName.VIEWER, None, Subjects())[1]
    assert [s["name"] for s in binding["subjects"]] == [PLACEHOLDER]


def test_policies_come_with_pairing() -> None:
    documents = role_documents(RoleName.PAIRING, None, ANN)
    assert documents[2:] == pairing_policies()


def test_the_same_role_is_always_the_same_document() -> None:
    role = role_documents(RoleName.PILOT, None, ANN)[0]
    seen = [(rule["apiGroups"], resource) for rule in role["rules"] for resource in rule["resources"]]
    assert len(seen) == len({(group[0], resource) for group, resource in seen}), "each resource once"
    assert [rule["apiGroups"] for rule in role["rules"]] == sorted(rule["apiGroups"] for rule in role["rules"])
