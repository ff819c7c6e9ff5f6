"""What users get where objects say otherwise: pods of nobody, patterns, TLS, a main Service that a release empties.

The Ingresses are in the dialect of ingress-nginx, which the embedded cluster obeys.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Phase, Verdict
from cockpit.model.shares import not_given
from cockpit.model.view import RolloutView, Stage
from tests.journeys import argo
from tests.journeys.flight import Pilot, flying
from tests.journeys.test_gateway_api_acts import version
from tests.journeys.test_ingress_dialects_acts import CANARY, HOST, MAIN, ingress
from tests.places import Place


def nginx_only(place: Place) -> None:
    if place.real:
        pytest.skip("the real cluster's gateway is not ingress-nginx")


def debug_pod(labels: dict[str, str]) -> dict[str, Any]:
    container = {"name": "c", "image": "example/shop:debug", "ports": [{"containerPort": 8080}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "shop-debug", "labels": labels},
        "spec": {"containers": [container]},
    }


def shares(shown: RolloutView) -> dict[str, float]:
    lane = shown.rollout.default_lane
    return {s.version: round(s.written or 0.0, 2) for s in lane.shares} if lane else {}


async def test_a_pod_that_nobody_owns_gets_its_part_of_the_requests(place: Place, tmp_path: Path) -> None:
    nginx_only(place)
    deployment, service = version("v1")
    place.apply(deployment, service, debug_pod(deployment["spec"]["template"]["metadata"]["labels"]))
    place.apply(ingress(MAIN, "shop-v1", "nginx"))
    async with flying(place, tmp_path) as pilot:
        shown = await pilot.until_seen("shop-v1", lambda s: len(shares(s)) == 2 and s.rollout.versions[0].ready == 2)
        assert list(shares(shown).values()) == [0.67, 0.33]
        assert "Pod shop-debug" in next(f.text for f in shown.rollout.findings if f.id == "others")
        await pilot.probe("shop-v1", host=HOST)
        shown = await pilot.until_seen("shop-v1", lambda s: s.probe.total >= 150)
        lane = shown.rollout.default_lane
        assert lane
        seen = {s.version: s.observed for s in lane.shares}
        others = seen["others"]
        assert others
        assert others.low < 1 / 3 < others.high
        assert not_given(lane), "so that verify does not say that all is well"


async def canary_of(place: Place, pilot: Pilot, path: str, marks: dict[str, str], tls: bool) -> None:
    place.apply(*version("v1"), *version("v2"))
    place.ready("shop-v1", "shop-v2")
    main, second = (
        ingress(MAIN, "shop-v1", "nginx", **marks),
        ingress(CANARY, "shop-v2", "nginx", canary="true", canary_weight="30"),
    )
    for doc in (main, second):
        doc["spec"]["rules"][0]["http"]["paths"][0] |= {"path": path, "pathType": "ImplementationSpecific"}
    if tls:
        main["spec"]["tls"] = [{"hosts": [HOST], "secretName": "shop-tls"}]
    place.apply(main)
    place.apply(second)
    await pilot.until_seen(
        MAIN, lambda s: s.rollout.probe_target and {v.name: v.ready for v in s.rollout.versions} == {"v1": 2, "v2": 2}
    )


async def test_a_pattern_is_asked_with_a_path_that_it_takes(place: Place, tmp_path: Path) -> None:
    nginx_only(place)
    async with flying(place, tmp_path) as pilot:
        await canary_of(place, pilot, "/orders(/|$)(.*)", {"use_regex": "true", "rewrite_target": "/$2"}, tls=False)
        await pilot.probe(MAIN)
        lane = await pilot.observe(MAIN, {"v1": 0.7, "v2": 0.3}, samples=60)
        assert (lane.errors, lane.unknown) == (0, 0)


async def test_an_ingress_with_tls_is_asked_over_tls(place: Place, tmp_path: Path) -> None:
    nginx_only(place)
    async with flying(place, tmp_path) as pilot:
        await canary_of(place, pilot, "/", {"force_ssl_redirect": "true"}, tls=True)
        shown = pilot.see(MAIN)
        assert shown
        target = shown.rollout.probe_target
        assert target
        assert (target.tls, target.host) == (True, HOST)
        await pilot.probe(MAIN)
        # The gateway's certificate is one of its own.
        prepared = await pilot.plan(MAIN, Ask(Act.SET_WEIGHT, weights=(("v1", 0.5), ("v2", 0.5))))
        outcome = await pilot.cockpit.send(prepared, wait=4.0)
        assert (outcome.stage, outcome.failed) == (Stage.UNVERIFIED, True)
        assert "TLS" in outcome.why


async def test_a_release_that_empties_the_main_service_is_told_before_and_after(place: Place, tmp_path: Path) -> None:
    nginx_only(place)
    steps: argo.Steps = [{"setWeight": 50}, {"pause": {}}, {"setWeight": 100}, {"pause": {}}]
    release = argo.release(steps, argo.NGINX)
    release["spec"]["strategy"]["canary"]["dynamicStableScale"] = True
    place.apply(*argo.services(), argo.ingress(), release)
    async with flying(place, tmp_path) as pilot:
        await pilot.until_seen(argo.NAME, lambda s: s.rollout.phase is Phase.AT_REST)
        await pilot.do(argo.NAME, Ask(Act.SET_IMAGE, image=("", f"{argo.IMAGE}:{argo.NEW}")))
        await pilot.until_seen(argo.NAME, lambda s: s.rollout.phase is Phase.WAITING)
        await pilot.probe(argo.NAME)
        prepared = await pilot.plan(argo.NAME, Ask(Act.APPROVE))
        assert "answers 503 to every request" in " ".join(prepared.plan.warnings)
        outcome = await pilot.cockpit.send(prepared, wait=12.0)
        assert (outcome.stage, outcome.failed) == (Stage.UNVERIFIED, True)
        assert "answered 503" in outcome.why
        shown = await pilot.until_seen(argo.NAME, lambda s: s.rollout.phase is Phase.DEGRADED)
        assert "main-empty" in {f.id for f in shown.rollout.findings}
        assert shown.rollout.default_lane
        assert shown.rollout.default_lane.verdict is not Verdict.ON
