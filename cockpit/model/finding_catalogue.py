"""Every finding there is, by what finds it."""

from __future__ import annotations

from cockpit.model.finding_kinds import FindingId, FindingKind
from cockpit.model.istio_findings import ISTIO_FINDINGS
from cockpit.model.router_findings import GATEWAY_API_FINDINGS, INGRESS_FINDINGS, TRAFFIC_FINDINGS
from cockpit.model.session_findings import (
    GUARD_FINDINGS,
    OBSERVED_FINDINGS,
    OWNER_FINDINGS,
    READING_FINDINGS,
    STEP_PLAN_FINDINGS,
)
from cockpit.model.system_findings import ARGO_FINDINGS, FLAGGER_FINDINGS, KRUISE_FINDINGS, PROGRESS_FINDINGS

# Under the headings of the page that is made of them.
GROUPS: tuple[tuple[str, dict[FindingId, FindingKind]], ...] = (
    ("What the probe, the pods and Prometheus show", OBSERVED_FINDINGS),
    ("Guards", GUARD_FINDINGS),
    ("Services and routes of every kind", TRAFFIC_FINDINGS),
    ("Ingress", INGRESS_FINDINGS),
    ("Gateway API", GATEWAY_API_FINDINGS),
    ("Istio", ISTIO_FINDINGS),
    ("Releases of every kind", PROGRESS_FINDINGS),
    ("Argo Rollouts", ARGO_FINDINGS),
    ("Kruise Rollouts", KRUISE_FINDINGS),
    ("Flagger", FLAGGER_FINDINGS),
    ("Step plans", STEP_PLAN_FINDINGS),
    ("Owners and autoscalers", OWNER_FINDINGS),
    ("Clusters and reading", READING_FINDINGS),
)
CATALOGUE: dict[FindingId, FindingKind] = {name: kind for _, rows in GROUPS for name, kind in rows.items()}
