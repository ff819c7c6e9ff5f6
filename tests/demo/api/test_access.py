"""Who may do what: three users, and nobody without a token."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cockpit.demo import kubeconfig
from cockpit.demo.api.auth import Users
from cockpit.demo.cluster import DemoCluster
from tests.demo.api.conftest import Client

REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def asked(verb: str, resource: str, group: str = "") -> dict[str, object]:
    return {"spec": {"resourceAttributes": {"verb": verb, "resource": resource, "group": group, "namespace": "x"}}}


@pytest.mark.parametrize(
    ("method", "path", "admin_gets", "viewer_gets", "nobody_gets"),
    [
        ("GET", "/api/v1/pods", 200, 200, 403),
        ("GET", "/api/v1/secrets", 200, 403, 403),
        ("GET", "/apis/apps/v1/deployments", 200, 200, 403),
        ("DELETE", "/api/v1/namespaces/default/pods/none", 404, 403, 403),
        ("PATCH", "/apis/apps/v1/namespaces/default/deployments/none/scale", 415, 403, 403),
        ("GET", "/apis", 200, 200, 200),
        ("GET", "/version", 200, 200, 200),
        ("GET", "/metrics", 404, 403, 403),
    ],
)
async def test_users(
    admin: Client,
    viewer: Client,
    nobody: Client,
    method: str,
    path: str,
    admin_gets: int,
    viewer_gets: int,
    nobody_gets: int,
) -> None:
    answers = [(await user.ask(method, path))[0] for user in (admin, viewer, nobody)]
    assert answers == [admin_gets, viewer_gets, nobody_gets]


async def test_a_refusal_says_who_may_not_do_what_where(viewer: Client) -> None:
    _, answer = await viewer.ask("DELETE", "/apis/apps/v1/namespaces/default/deployments/web")
    assert answer["message"] == (
        'deployments.apps "web" is forbidden: User "demo-viewer" cannot delete resource "deployments" in API group '
        '"apps" in the namespace "default"'
    )


async def test_reviews_agree_with_what_is_done(admin: Client, viewer: Client, nobody: Client) -> None:
    async def may(user: Client, verb: str, resource: str, group: str = "") -> bool:
        return bool((await user.ask("POST", REVIEW, asked(verb, resource, group)))[1]["status"]["allowed"])

    assert await may(admin, "delete", "secrets")
    assert await may(viewer, "watch", "deployments", "apps")
    assert not await may(viewer, "patch", "deployments", "apps")
    assert not await may(viewer, "get", "secrets")
    assert not await may(nobody, "get", "pods")


async def test_without_a_known_token_there_is_only_health(cluster: DemoCluster, admin: Client) -> None:
    stranger = Client(admin.session, admin.url, "wrong")
    assert (await stranger.ask("GET", "/api/v1/pods"))[0] == 401
    assert (await stranger.ask("GET", "/readyz")) == (200, "ok")


def test_tokens_show_in_no_repr() -> None:
    users = Users("demo")
    assert users.admin.token not in repr(users.admin)


def test_a_kubeconfig_is_its_owners_alone_from_the_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("an older one")
    path.chmod(0o644)
    before = os.umask(0)
    try:
        kubeconfig.write({"kind": "Config"}, path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["config"]


def test_joined_kubeconfigs_keep_every_context() -> None:
    configs = [kubeconfig.for_cluster(name, "https://x", b"pem", Users(name)) for name in ("a", "b")]
    both = kubeconfig.joined(configs)
    assert both["current-context"] == "a"
    names = [entry["name"] for entry in both["contexts"]]
    assert names == ["a", "a-viewer", "a-nobody", "b", "b-viewer", "b-nobody"]


async def test_each_user_is_told_its_name(admin: Client, viewer: Client, nobody: Client) -> None:
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    answers = [(await user.ask("POST", path, {}))[1] for user in (admin, viewer, nobody)]
    names = [answer["status"]["userInfo"]["username"] for answer in answers]
    assert names == ["demo-admin", "demo-viewer", "demo-nobody"]
