"""What the caller may do, as the API tells it."""

from __future__ import annotations

from tests.contract.api import Api


def test_reviews_tell_what_the_caller_may(api: Api) -> None:
    attributes = {"verb": "delete", "resource": "deployments", "group": "apps", "namespace": api.namespace}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = api.client.post(path, json={**body, "spec": {"resourceAttributes": attributes}})
    assert answer.status_code == 201
    assert answer.json()["status"]["allowed"] is True
    rules = api.client.post(
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", json={"spec": {"namespace": api.namespace}}
    )
    assert any("*" in rule["verbs"] for rule in rules.json()["status"]["resourceRules"])


def test_the_server_says_who_the_caller_is(api: Api) -> None:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = api.client.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", json=body)
    assert answer.status_code == 201
    said = answer.json()
    assert (said["apiVersion"], said["kind"]) == ("authentication.k8s.io/v1", "SelfSubjectReview")
    assert said["status"]["userInfo"]["username"]
    assert "system:authenticated" in said["status"]["userInfo"]["groups"]
    assert api.client.get("/apis/authentication.k8s.io/v1/selfsubjectreviews").status_code == 405
