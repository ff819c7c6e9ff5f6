"""What a plan says of its requests."""

from __future__ import annotations

from cockpit.model.plan import Act, PatchType, Plan, Request, Verb
from cockpit.model.refs import DEPLOYMENTS, SERVICES, Ref, RolloutKey

SERVICE, DEPLOYMENT = Ref(SERVICES, "shop", "web"), Ref(DEPLOYMENTS, "shop", "web")


def plan(*requests: Request) -> Plan:
    return Plan(Act.SET_IMAGE, RolloutKey("test", "shop", "web", "manual"), "x", (), requests, (), warnings=("slow",))


def patch(ref: Ref, body: object, subresource: str | None = None) -> Request:
    return Request(Verb.PATCH, ref, body, PatchType.MERGE, subresource)


def test_a_line_with_hidden_values_is_told_not_to_be_pasted() -> None:
    env = {
        "spec": {"template": {"spec": {"containers": [{"name": "web", "env": [{"name": "KEY", "value": "s3cret"}]}]}}}
    }
    hiding = plan(patch(DEPLOYMENT, env))
    assert "s3cret" not in "".join(hiding.commands())
    assert hiding.cautions()[0] == "slow"
    assert "fill them in before running it" in hiding.cautions()[1]
    assert plan(patch(DEPLOYMENT, {"spec": {"replicas": 2}})).cautions() == ("slow",)


def test_requests_that_look_alike_are_told_apart() -> None:
    first, status, second = (patch(SERVICE, {"a": 1}), patch(SERVICE, {}, "status"), patch(SERVICE, {"a": 1}))
    found = plan(first, status, second, patch(DEPLOYMENT, {}))
    assert [found.words(request) for request in found.requests] == [
        "patch Service shop/web (1 of 2)",
        "patch Service shop/web (status)",
        "patch Service shop/web (2 of 2)",
        "patch Deployment shop/web",
    ]
