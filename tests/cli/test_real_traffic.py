"""Real users' requests on the command line: the page of `show`, and the documents."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from cockpit.cli.main import command_line
from cockpit.cli.real_traffic import real_cell
from cockpit.model.health import Level
from cockpit.model.real_traffic import RealTraffic, RealView
from cockpit.model.rollout import Phase
from cockpit.session.facts.real_traffic import with_real
from tests.cli.fakes import FakeCockpit, FakeProgram, fleet, rollout

NOW = 1_700_000_000.0
V1 = RealTraffic("v1", 3000.4, 0.0, 120, 0.75, 24.0, 49.0, 26.0, NOW - 5)
V2 = RealTraffic("v2", 1030.2, 31.0, 120, 0.25, None, None, 180.0, NOW - 5, failing=Level.ALARM)
REAL = RealView("http://prometheus:9090", "Istio", NOW - 5, NOW, False, (V1, V2))


def cockpit(real: RealView | None) -> FakeCockpit:
    view = fleet([rollout()])
    (shown,) = view.rollouts
    lanes = with_real(shown.rollout.lanes, real)
    return FakeCockpit(
        replace(view, rollouts=(replace(shown, rollout=replace(shown.rollout, lanes=lanes), real=real),))
    )


def run(fake: FakeCockpit, *words: str) -> str:
    made = FakeProgram(fake)
    result = CliRunner().invoke(command_line, words, obj=made)
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def document(fake: FakeCockpit) -> dict[str, Any]:
    return dict(json.loads(run(fake, "show", "web", "-o", "json")))


def test_show_has_a_column_of_real_traffic_with_its_age() -> None:
    fake = cockpit(REAL)
    page = run(fake, "show", "web")
    assert "Real traffic: by the metrics of Istio in http://prometheus:9090 of the last 2m; newest 5s old" in page
    assert "75%, none of 3000 failed, p50 24 ms, p99 49 ms" in page
    assert "25%, 31 of 1030 failed, mean 180 ms" in page
    assert fake.real == [(rollout().key,)]


def test_show_says_when_it_is_stale_or_why_there_is_none() -> None:
    stale = replace(REAL, stale=True, traffic=tuple(replace(one, stale=True) for one in REAL.traffic))
    page = run(cockpit(stale), "show", "web")
    assert "stale: no data since 22:13:15 UTC" in page
    assert "failed, mean 180 ms (stale)" in page
    page = run(cockpit(RealView("", problem="no Prometheus was found in demo")), "show", "web")
    assert "Real traffic: no Prometheus was found in demo" in page


def test_without_a_prometheus_there_is_no_column() -> None:
    assert "REAL TRAFFIC" not in run(cockpit(None), "show", "web")
    assert document(cockpit(None))["real"] is None
    assert document(cockpit(None))["lanes"][0]["shares"][0]["real"] is None


def test_requests_of_no_told_version_are_a_row_of_their_own() -> None:
    page = run(cockpit(replace(REAL, traffic=(replace(V2, version="", share=1.0),))), "show", "web")
    assert "of a version that is not told: 100%, 31 of 1030 failed" in page


def test_the_document_has_every_figure() -> None:
    found = document(cockpit(REAL))
    assert found["real"] == {
        "source": "http://prometheus:9090",
        "gateway": "Istio",
        "newest": "2023-11-14T22:13:15.000Z",
        "read": "2023-11-14T22:13:20.000Z",
        "stale": False,
        "problem": "",
        "untold": None,
    }
    assert found["lanes"][0]["shares"][1]["real"] == {
        "share": 0.25,
        "requests": 1030.2,
        "errors": 31.0,
        "error_rate": pytest.approx(31 / 1030.2),
        "seconds": 120,
        "p50_ms": None,
        "p99_ms": None,
        "mean_ms": 180.0,
        "newest": "2023-11-14T22:13:15.000Z",
        "stale": False,
        "failing": "alarm",
    }


def test_a_list_reads_what_moves_before_it_is_printed_as_json() -> None:
    fake = FakeCockpit(fleet([rollout("web"), replace(rollout("calm"), phase=Phase.AT_REST)]))
    run(fake, "list", "-o", "json")
    run(fake, "list")
    assert fake.real == [(rollout("web").key,)]


def test_the_flag_reaches_the_session() -> None:
    made = FakeProgram(cockpit(None))
    CliRunner().invoke(command_line, ["show", "web", "--prometheus", "auto"], obj=made)
    assert made.options[0].prometheus == "auto"


def test_no_requests_are_said_as_such() -> None:
    assert real_cell(RealTraffic("v1", 0.0, 0.0, 120), "-") == "no requests"
    assert real_cell(None, "-") == "-"
