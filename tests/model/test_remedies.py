"""Where no roll back helps: the cause lies in a Service, a route or a gateway, in no version."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.finding_catalogue import CATALOGUE
from cockpit.model.plan import Act, Plan
from cockpit.model.refs import RolloutKey
from cockpit.model.remedies import HINTS, REMEDIES, unmended
from cockpit.model.rollout import Finding, Phase, Rollout, Severity
from cockpit.planning.way_back import no_help

KEY = RolloutKey("t", "shop", "web", "ingress")
ROLLOUT = Rollout(KEY, "ingress", Phase.CANARY, "", (), (), (), "1")


def found(*ids: str, severity: Severity = Severity.CRITICAL) -> Rollout:
    return replace(ROLLOUT, findings=tuple(Finding(name, severity, name) for name in ids))


def test_each_is_a_finding_that_can_hurt() -> None:
    for name in REMEDIES:
        assert Severity.CRITICAL in CATALOGUE[name].severities or name in HINTS, name


@pytest.mark.parametrize(
    ("ids", "helps"),
    [
        (("no-such-port",), False),
        (("nobody-answers", "no-such-port"), False),  # what is measured of it
        (("nobody-answers",), True),
        (("no-such-port", "failing-pods"), True),
        (("errors",), True),
        ((), True),
    ],
)
def test_only_where_nothing_that_hurts_may_be_the_fault_of_a_version(ids: tuple[str, ...], helps: bool) -> None:
    assert (unmended(found(*ids)) == "") is helps
    assert unmended(found(*ids, severity=Severity.WARNING)) == ""


def test_the_plan_of_a_way_back_says_the_same() -> None:
    plan = Plan(Act.ROLLBACK, KEY, "back", (), (), ())
    told = ("no version is at fault, so going back does not help: name a port of the Service in the Ingress",)
    assert no_help(plan, found("no-such-port")) == told
    assert no_help(plan, found("errors")) == ()
    assert no_help(replace(plan, act=Act.SCALE), found("no-such-port")) == ()
