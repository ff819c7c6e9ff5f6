"""The step plan of an HTTPRoute."""

from __future__ import annotations

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase
from tests.objects import ConflictError
from tests.routers.httproute_acts import done, planned, refusal, three, weights
from tests.routers.httproutes import backend, route, rule, shop
from tests.routers.test_gateway_api import read, shares


def test_steps_one_after_another_then_over() -> None:
    cluster = shop(route(rule(backend("shop-v1", 100), backend("shop-v2", 0))))
    assert "no step plan" in refusal(cluster, Ask(Act.APPROVE))
    cluster.send_all(planned(cluster, Ask(Act.STEPS, steps=(0.2, 0.5, 1.0))).requests)
    waiting = read(cluster)
    assert waiting.phase is Phase.WAITING
    assert waiting.step
    assert (waiting.step.index, waiting.step.count, waiting.step.asks) == (0, 3, True)
    for share in (0.2, 0.5, 1.0):
        plan = planned(cluster, Ask(Act.APPROVE))
        cluster.send_all(plan.requests)
        with pytest.raises(ConflictError):
            cluster.send_all(plan.requests)
        assert shares(read(cluster))["v2"] == pytest.approx(share)
    assert read(cluster).step is None
    assert "every step" in refusal(cluster, Ask(Act.APPROVE))


def test_steps_take_from_the_version_that_carries_the_requests_not_from_one_kept_at_zero() -> None:
    cluster = three(0, 100, 0)
    cluster.send_all(planned(cluster, Ask(Act.STEPS, version="v3", steps=(0.2, 1.0))).requests)
    cluster.send_all(planned(cluster, Ask(Act.APPROVE)).requests)
    assert weights(cluster) == [0, 80, 20]


def test_rolling_back_ends_the_plan_in_the_same_request() -> None:
    cluster = shop(route(rule(backend("shop-v1", 100), backend("shop-v2", 0))))
    cluster.send_all(planned(cluster, Ask(Act.STEPS, steps=(0.2, 0.5))).requests)
    cluster.send_all(planned(cluster, Ask(Act.APPROVE)).requests)
    done(cluster, Ask(Act.ROLLBACK))
    assert read(cluster).step is None
    assert read(cluster).phase is Phase.AT_REST


def test_a_weight_set_by_hand_is_off_the_plan() -> None:
    cluster = shop(route(rule(backend("shop-v1", 100), backend("shop-v2", 0))))
    cluster.send_all(planned(cluster, Ask(Act.STEPS, steps=(0.2, 0.5))).requests)
    cluster.send_all(planned(cluster, Ask(Act.APPROVE)).requests)
    cluster.send_all(planned(cluster, Ask(Act.SET_WEIGHT, weights=(("v2", 0.4),))).requests)
    assert "off-plan" in {f.id for f in read(cluster).findings}
