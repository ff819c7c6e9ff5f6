"""A canary that only real users see failing: told by the command, as a process, from a real Prometheus."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.contract.api import service
from tests.journeys.test_through_api_server import cockpit, version
from tests.metrics.exporter import PATIENCE, Series, exporting, prometheus, scraping
from tests.metrics.situations import counters
from tests.places import Place

MARK = "nginx.ingress.kubernetes.io/canary"


def ingress(name: str, backend: str, **annotations: str) -> dict[str, Any]:
    leads = {"service": {"name": backend, "port": {"number": 80}}}
    paths = [{"path": "/", "pathType": "Prefix", "backend": leads}]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": "web.test", "http": {"paths": paths}}]},
    }


@pytest.fixture
def web(place: Place) -> Place:
    for name in ("v1", "v2"):
        made = service(f"web-{name}", ports=[{"port": 80, "targetPort": 8080}])
        made["spec"]["selector"] = {"app": "web", "version": name}
        shape = {"demo.cockpit/error-rate": "0.5"} if name == "v2" else {}
        place.apply(version(name, 1, **shape), made)
    place.apply(ingress("web", "web-v1"), ingress("web-canary", "web-v2", **{MARK: "true", f"{MARK}-weight": "25"}))
    place.ready("web-v1", "web-v2")
    return place


def series(namespace: str) -> list[Series]:
    base = {"namespace": namespace, "ingress": "web", "service": "web-v1"}
    v1, v2 = {**base, "canary": ""}, {**base, "canary": f"{namespace}-web-v2-80"}
    return counters("nginx_ingress_controller_requests", "status", v1, v2)


async def test_real_errors_hurt_whatever_the_probe_sees(web: Place, tmp_path: Path) -> None:
    async with exporting(*series(web.namespace)) as exporter, prometheus(tmp_path, exporter) as url:
        words = ("show", "web", "-o", "json", "--prometheus", url)
        async with asyncio.timeout(3 * PATIENCE):
            while True:
                shown = await asyncio.to_thread(cockpit, web, tmp_path, *words)
                assert shown.returncode == 0, shown.stderr
                document = json.loads(shown.stdout)
                if document["health"]["state"] in ("doubtful", "hurt"):
                    break
                await asyncio.sleep(0.5)
    v1, v2 = (share["real"] for share in document["lanes"][0]["shares"])
    assert document["real"]["gateway"] == "ingress-nginx"
    assert v1["share"] == pytest.approx(0.75, abs=0.05)
    assert v2["error_rate"] == pytest.approx(0.1, abs=0.02)
    assert v1["errors"] == 0
    (finding,) = (found for found in document["findings"] if found["id"] == "real-errors")
    assert "10% errors from v2" in finding["text"]
    assert document["health"]["reason"] == finding["text"]


async def test_what_the_gateway_itself_counts(web: Place, tmp_path: Path) -> None:
    """Real requests through the gateway: half of those that v2 gets fail."""
    if web.real:
        pytest.skip("only the embedded gateway has metrics of ingress-nginx")
    place = urlsplit(web.gateway)
    words = ("show", "web", "-o", "json")
    async with scraping(tmp_path, place.netloc) as (url, _), httpx.AsyncClient(base_url=web.gateway) as users:
        async with asyncio.timeout(3 * PATIENCE):
            while True:
                for _ in range(60):
                    await users.get("/", headers={"Host": "web.test"})
                shown = await asyncio.to_thread(cockpit, web, tmp_path, *words, "--prometheus", url)
                document = json.loads(shown.stdout)
                if document["health"]["state"] in ("doubtful", "hurt"):
                    break
    v1, v2 = (share["real"] for share in document["lanes"][0]["shares"])
    assert v1["errors"] == 0
    assert v2["error_rate"] > 0.1
    assert v2["share"] == pytest.approx(0.25, abs=0.15)
    assert v1["p50_ms"] is not None
