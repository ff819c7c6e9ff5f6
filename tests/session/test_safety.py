"""What is looked at again, on the server, before pods are taken away."""

from __future__ import annotations

import pytest

from cockpit.model.refs import (
    DEPLOYMENTS,
    DESTINATIONRULES,
    HTTPROUTES,
    INGRESSES,
    SERVICES,
    VIRTUALSERVICES_V1BETA1,
    Ref,
    Resource,
    RolloutKey,
)
from cockpit.model.rollout import Phase, Rollout
from cockpit.session.acts.safety import routing


@pytest.mark.parametrize("resource", [SERVICES, INGRESSES, HTTPROUTES, VIRTUALSERVICES_V1BETA1, DESTINATIONRULES])
def test_every_object_that_says_where_traffic_goes(resource: Resource) -> None:
    ref, pods = Ref(resource, "shop", "web"), Ref(DEPLOYMENTS, "shop", "web")
    key = RolloutKey("test", "shop", "web", "x")
    rollout = Rollout(key, "x", Phase.AT_REST, "", (), (), (ref, pods, ref), "")
    assert routing(rollout) == (ref,)
    assert routing(None) == ()
