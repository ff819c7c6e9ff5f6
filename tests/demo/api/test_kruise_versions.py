"""Kruise Rollouts through the API: two versions of one object, refusals, and the columns that kubectl prints."""

from __future__ import annotations

from tests.demo.api.conftest import Client
from tests.places import seed

NEW = "/apis/rollouts.kruise.io/v1beta1/namespaces/default/rollouts"
OLD = "/apis/rollouts.kruise.io/v1alpha1/namespaces/default/rollouts"
MERGE = {"Content-Type": "application/merge-patch+json"}
MATCH = {"path": {"type": "Exact", "value": "/x"}, "headers": [{"name": "a", "type": "Exact", "value": "b"}]}


def rollout(style: str = "canary", **plan: object) -> dict[str, object]:
    return {
        "apiVersion": "rollouts.kruise.io/v1beta1",
        "kind": "Rollout",
        "metadata": {"name": "web"},
        "spec": {
            "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "strategy": {style: {"steps": [{"replicas": 1, "traffic": "20%", "matches": [MATCH]}], **plan}},
        },
    }


async def test_a_status_written_in_the_older_version_takes_away_what_that_does_not_know(admin: Client) -> None:
    assert (await admin.ask("POST", NEW, rollout(disableGenerateCanaryService=True)))[0] == 201
    status, _ = await admin.ask("PATCH", f"{OLD}/web/status", {"status": {"message": "hello"}}, **MERGE)
    assert status == 200
    _, left = await admin.ask("GET", f"{NEW}/web")
    canary = left["spec"]["strategy"]["canary"]
    assert "disableGenerateCanaryService" not in canary
    assert canary["steps"][0]["matches"] == [{"headers": MATCH["headers"]}]
    assert left["metadata"]["annotations"]["rollouts.kruise.io/rolling-style"] == "partition"


async def test_a_blue_green_rollout_is_not_written_in_the_older_version(admin: Client) -> None:
    assert (await admin.ask("POST", NEW, rollout("blueGreen")))[0] == 201
    status, shown = await admin.ask("GET", f"{OLD}/web")
    assert (status, shown["spec"]["strategy"], shown["status"]) == (200, {}, {})
    for path, change in ((f"{OLD}/web", {"metadata": {"labels": {"a": "b"}}}), (f"{OLD}/web/status", {"status": {}})):
        status, refused = await admin.ask("PATCH", path, change, **MERGE)
        assert (status, refused["message"][:24], "reason" in refused) == (500, "conversion webhook for r", False)


async def test_a_refusal_by_the_webhook_has_no_reason(admin: Client) -> None:
    [made] = seed("kruise-rollout-nginx")
    status, refused = await admin.ask("POST", OLD, made)
    assert status == 422
    assert refused["code"] == 422
    assert {"reason", "details"}.isdisjoint(refused)
    assert refused["message"].startswith('admission webhook "vrollout.kb.io" denied the request: Spec.Strategy.Canary.')


async def test_the_older_version_can_be_applied_on_the_server(admin: Client) -> None:
    [made] = seed("kruise-rollout-nginx")
    del made["spec"]["strategy"]["canary"]["steps"][2]["weight"]
    query = f"{OLD}/rollouts-demo?fieldManager=test"
    for expected in (201, 200):
        status, answer = await admin.ask("PATCH", query, made, **{"Content-Type": "application/apply-patch+yaml"})
        assert status == expected, answer
    _, stored = await admin.ask("GET", f"{NEW}/rollouts-demo")
    assert [step.get("traffic") for step in stored["spec"]["strategy"]["canary"]["steps"]] == [None, "50%", None]


async def test_the_columns_of_the_walk_through(admin: Client) -> None:
    assert (await admin.ask("POST", NEW, rollout()))[0] == 201
    table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    for path in (NEW, OLD):
        _, answer = await admin.ask("GET", path, **table)
        columns = [column["name"].upper() for column in answer["columnDefinitions"]]
        assert columns == ["NAME", "STATUS", "CANARY_STEP", "CANARY_STATE", "MESSAGE", "AGE"]
        assert answer["rows"][0]["cells"][0] == "web"
