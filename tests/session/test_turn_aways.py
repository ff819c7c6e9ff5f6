"""An annotation by which an Ingress turns requests away is a reason where answers have its status, else not told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cockpit.model.rollout import Finding, Severity
from cockpit.model.view import Cell, CellKind, ProbeView
from cockpit.session.facts.assemble import IDLE, Circumstances, rollout_view
from tests.routers import ingresses
from tests.routers.conftest import steps
from tests.session.test_assemble import ROLLOUT

NOTE = Finding("may-turn-away", Severity.INFO, "Ingress shop/web turns requests away by limit-rps", "429 or 503")


def probe(note: str, kind: CellKind = CellKind.UNKNOWN) -> ProbeView:
    strip = tuple(Cell(kind, None, "default", note, at / 10) for at in range(60))
    return replace(IDLE, running=True, total=60, unknown=60, strip=strip)


def told(seen: ProbeView) -> dict[str, Finding]:
    rollout = replace(ROLLOUT, findings=(NOTE,))
    found = rollout_view(rollout, rollout.lanes, seen, Circumstances(), 1000.0).rollout.findings
    return {each.id: each for each in found}


@pytest.mark.parametrize(("seen", "kind"), [(probe("429"), "no-version"), (probe("503", CellKind.ERROR), "no-answers")])
def test_it_is_evidence_where_answers_have_its_status(seen: ProbeView, kind: str) -> None:
    found = told(seen)
    assert "perhaps Ingress shop/web turns requests away by limit-rps" in found[kind].evidence
    assert NOTE.id not in found


@pytest.mark.parametrize("seen", [IDLE, probe("404"), probe("500", CellKind.ERROR)])
def test_elsewhere_nothing_is_said_of_it(seen: ProbeView) -> None:
    found = told(seen)
    assert NOTE.id not in found
    assert not any("limit-rps" in each.evidence for each in found.values())


@pytest.mark.parametrize("name", ["whitelist-source-range", "auth-type", "limit-rps"])
def test_the_main_ingress_is_read(name: str) -> None:
    cluster = steps("weight")
    before = {f.id for f in ingresses.read(cluster).findings}
    for (kind, _, _), doc in cluster.docs.items():
        marks = doc["metadata"].setdefault("annotations", {})
        if kind == "Ingress" and marks.get("nginx.ingress.kubernetes.io/canary") != "true":
            marks[f"nginx.ingress.kubernetes.io/{name}"] = "x"
    (found,) = [f for f in ingresses.read(cluster).findings if f.id not in before]
    assert (found.id, found.severity) == ("may-turn-away", Severity.INFO)
    assert found.text.endswith(f"turns requests away by {name}")
