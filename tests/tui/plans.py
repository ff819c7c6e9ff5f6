"""What a cockpit without a session gives when it is asked for a plan, or for the revisions to go back to."""

from __future__ import annotations

from cockpit.model.inspection import Revision
from cockpit.model.plan import Ask, Change, Expected, PatchType, Plan, Request, Verb
from cockpit.model.refs import DEPLOYMENTS, INGRESSES, REPLICASETS, Ref, RolloutKey

NAMESPACE = "shop"


def plan_of(key: RolloutKey, ask: Ask, raises: bool, final: bool = False) -> Plan:
    ref = Ref(INGRESSES, key.namespace, f"{key.name}-canary")
    annotation = "/metadata/annotations/nginx.ingress.kubernetes.io~1canary-weight"
    body = [{"op": "test", "path": annotation, "value": "30"}, {"op": "replace", "path": annotation, "value": "50"}]
    to = "50%" if raises else "0%"
    share = 0.5 if raises else 0.0
    return Plan(
        ask.act,
        key,
        "set weight" if raises else "roll back",
        (Change("v2 in default", "30%", to),),
        (Request(Verb.PATCH, ref, body, PatchType.JSON),),
        (Expected("default", "v2", share),),
        inverse=(Request(Verb.PATCH, ref, body[::-1], PatchType.JSON),),
        undo="puts the weight back to 30",
        warnings=("50% of the traffic on 1 of 3 pods",) if raises else (),
        raises=raises,
        final=final,
    )


def revisions() -> tuple[Revision, ...]:
    """Three templates of one Deployment; the newest is what new pods get."""
    workload = Ref(DEPLOYMENTS, NAMESPACE, "web")
    return tuple(
        Revision(
            number, workload, Ref(REPLICASETS, NAMESPACE, f"web-{number}"), f"uid-{number}",
            (f"registry.example.com/shop/web:v{number}",), f"2025-12-{10 + number * 6:02}T00:00:00Z",
            f"v{number}" if number > 1 else "", number == 3, 3 if number == 3 else 0, 3 if number == 3 else 0,
        )
        for number in (3, 2, 1)
    )  # fmt: skip
