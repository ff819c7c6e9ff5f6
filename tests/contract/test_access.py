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
