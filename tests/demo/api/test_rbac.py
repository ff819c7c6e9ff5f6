"""Roles and bindings of the embedded cluster, acting as somebody else, and the log of who asked what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.demo.api.conftest import Client

RBAC = "/apis/rbac.authorization.k8s.io/v1"
RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
PODS = "/api/v1/namespaces/default/pods"
ELSEWHERE = "/api/v1/namespaces/kube-system/pods"


@dataclass(frozen=True)
class As:
    """Requests of the admin as somebody else."""

    client: Client
    user: str
    group: str = ""

    async def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        groups = {"Impersonate_Group": self.group} if self.group else {}
        return await self.client.ask(method, path, body, Impersonate_User=self.user, **groups)


def subject(kind: str, name: str, namespace: str = "") -> dict[str, str]:
    if kind == "ServiceAccount":
        return {"kind": kind, "name": name, "namespace": namespace}
    return {"kind": kind, "name": name, "apiGroup": "rbac.authorization.k8s.io"}


async def made(
    admin: Client, kind: str, name: str, rule: dict[str, Any], who: dict[str, str], namespace: str = ""
) -> None:
    """A role of this one rule, bound to somebody."""
    place = f"/namespaces/{namespace}" if namespace else ""
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": name}
    for plural, doc in (
        (f"{kind.lower()}s", {"kind": kind, "rules": [rule]}),
        (f"{kind.lower()}bindings", {"kind": f"{kind}Binding", "roleRef": ref, "subjects": [who]}),
    ):
        head = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": name}}
        status, answer = await admin.ask("POST", f"{RBAC}{place}/{plural}", {**head, **doc})
        assert status == 201, answer


def rule(verbs: list[str], *resources: str, group: str = "", **more: Any) -> dict[str, Any]:
    return {"verbs": verbs, "apiGroups": [group], "resources": list(resources), **more}


async def test_nobody_acts_as_somebody_else_without_the_right(viewer: Client, nobody: Client) -> None:
    for client, own in ((viewer, "demo-viewer"), (nobody, "demo-nobody")):
        status, answer = await As(client, "demo-admin").ask("GET", PODS)
        assert status == 403
        words = f'users "demo-admin" is forbidden: User "{own}" cannot impersonate resource "users" in API group ""'
        assert answer["message"].startswith(words)


async def test_who_acts_as_somebody_else_has_their_rights_and_name(admin: Client) -> None:
    assert (await As(admin, "ann").ask("GET", PODS))[0] == 403
    assert (await As(admin, "demo-viewer").ask("GET", PODS))[0] == 200
    assert (await As(admin, "demo-viewer").ask("DELETE", f"{PODS}/none"))[0] == 403
    assert (await As(admin, "ann", "system:masters").ask("GET", PODS))[0] == 200
    who = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    told = (await As(admin, "ann", "ops").ask("POST", who, {}))[1]["status"]["userInfo"]
    assert told == {"username": "ann", "groups": ["ops", "system:authenticated"]}


@pytest.mark.parametrize(
    ("who", "caller"),
    [
        (subject("User", "ann"), ("ann", "")),
        (subject("Group", "ops"), ("ben", "ops")),
        (subject("Group", "system:authenticated"), ("ben", "")),
        (subject("ServiceAccount", "robot", "ci"), ("system:serviceaccount:ci:robot", "")),
        (subject("Group", "system:serviceaccounts:ci"), ("system:serviceaccount:ci:robot", "")),
    ],
)
async def test_a_binding_names_users_groups_and_accounts(admin: Client, who: dict[str, str], caller: Any) -> None:
    await made(admin, "ClusterRole", "looking", rule(["list"], "pods"), who)
    assert (await As(admin, *caller).ask("GET", PODS))[0] == 200
    assert (await As(admin, "system:serviceaccount:other:robot").ask("GET", PODS))[0] == (
        200 if who["name"] == "system:authenticated" else 403
    )


async def test_a_role_of_a_namespace_holds_there_alone(admin: Client) -> None:
    await made(admin, "Role", "looking", rule(["list"], "pods"), subject("User", "ann"), "default")
    ann = As(admin, "ann")
    assert (await ann.ask("GET", PODS))[0] == 200
    assert (await ann.ask("GET", ELSEWHERE))[0] == 403
    assert (await ann.ask("GET", "/api/v1/pods"))[0] == 403


async def test_verbs_subresources_and_names_are_told_apart(admin: Client) -> None:
    await made(admin, "ClusterRole", "some", rule(["get"], "services", resourceNames=["web"]), subject("User", "ann"))
    await made(admin, "ClusterRole", "status", rule(["patch"], "*/status", group="apps"), subject("User", "ann"))
    ann, services = As(admin, "ann"), "/api/v1/namespaces/default/services"
    assert (await ann.ask("GET", f"{services}/web"))[0] == 404
    assert (await ann.ask("GET", f"{services}/other"))[0] == 403
    assert (await ann.ask("GET", services))[0] == 403

    async def may(verb: str, resource: str, **more: str) -> bool:
        attributes = {"verb": verb, "resource": resource, "namespace": "default", **more}
        answer = (await ann.ask("POST", REVIEW, {"spec": {"resourceAttributes": attributes}}))[1]
        return bool(answer["status"]["allowed"])

    assert await may("patch", "deployments", group="apps", subresource="status")
    assert not await may("patch", "deployments", group="apps")
    assert await may("get", "services", name="web")
    assert not await may("get", "services")


async def test_a_review_of_rules_lists_what_bindings_give(admin: Client) -> None:
    await made(
        admin, "Role", "flip", rule(["patch"], "services", resourceNames=["web"]), subject("User", "ann"), "default"
    )
    ann = As(admin, "ann")

    async def listed(namespace: str) -> list[Any]:
        return list((await ann.ask("POST", RULES, {"spec": {"namespace": namespace}}))[1]["status"]["resourceRules"])

    own = {"verbs": ["patch"], "apiGroups": [""], "resources": ["services"], "resourceNames": ["web"]}
    assert own in await listed("default")
    assert own not in await listed("kube-system")


async def test_a_right_that_is_taken_away_is_gone_at_once(admin: Client) -> None:
    await made(admin, "ClusterRole", "looking", rule(["list"], "pods"), subject("User", "ann"))
    assert (await As(admin, "ann").ask("GET", PODS))[0] == 200
    await admin.ask("DELETE", f"{RBAC}/clusterroles/looking")
    assert (await As(admin, "ann").ask("GET", PODS))[0] == 403


async def test_the_log_has_each_request_with_its_user_until_it_is_cleared(admin: Client, viewer: Client) -> None:
    await admin.ask("POST", "/demo/audit", {"clear": True})
    for _ in range(2):
        await viewer.ask("GET", PODS)
    await As(admin, "ann").ask("DELETE", f"{PODS}/none")
    noted = (await admin.ask("POST", "/demo/audit", {"clear": True}))[1]["requests"]
    pods = {"group": "", "resource": "pods"}
    assert noted == [
        {"user": "ann", "verb": "delete", **pods, "allowed": False, "count": 1},
        {"user": "demo-viewer", "verb": "list", **pods, "allowed": True, "count": 2},
    ]
    assert (await admin.ask("POST", "/demo/audit", {}))[1] == {"requests": []}
    assert (await viewer.ask("POST", "/demo/audit", {}))[0] == 403
