"""A header rule on its own Ingress, for dialects in which a rule disables the weight next to it."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.plan import Ask, Change, Expected, Plan, Refused, Request, Verb
from cockpit.model.refs import INGRESSES, Ref
from cockpit.model.rollout import Rollout, Version
from cockpit.planning.edits import deletion, ref_to
from cockpit.planning.ownership import revert_warnings
from cockpit.planning.refusals import refused
from cockpit.planning.wording import AS_ALL_OTHERS
from cockpit.routers.ingress.annotations import rules_of
from cockpit.routers.ingress.dialect_choice import DIALECT_ANNOTATION
from cockpit.routers.ingress.dialects import Dialect
from cockpit.routers.ingress.pairing import expected_with
from cockpit.routers.ingress.split import DEFAULT, CanarySplit, PlacedCanary
from cockpit.workloads.lookups import find_ingress

_CLASS = "kubernetes.io/ingress.class"


def ruled_canary(split: CanarySplit) -> PlacedCanary | None:
    """The canary Ingress that has a rule and therefore no weight; None in dialects that allow both."""
    return next((b for b in split.effective if b.canary.ruled), None)


def plan_own_rule(
    split: CanarySplit,
    rollout: Rollout,
    ask: Ask,
    placed: PlacedCanary,
    canary: Version,
    values: dict[str, str],
    objects: Objects,
) -> Plan | Refused:
    """Create a canary Ingress next to `placed` with these rules and without a weight."""
    beside, dialect = placed.canary.ingress, split.placement.dialect
    name = f"{beside.metadata.name}-header"
    ref = Ref(INGRESSES, beside.metadata.namespace, name)
    if find_ingress(objects, ref.namespace, name) is not None:
        return refused(
            rollout,
            ask.act,
            f"{dialect.title} needs a separate Ingress for a rule, and {ref} already exists: delete it first",
        )
    body = _body(name, beside, values, dialect)
    made = msgspec.convert(body, Ingress)
    text = next(m.text for m in rules_of(made, dialect).matches)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{canary.name} for requests with {text}, on its own Ingress",
        changes=(
            Change(str(ref), "absent", f"canary with {text}"),
            Change(f"requests with {text}", AS_ALL_OTHERS, canary.name),
        ),
        requests=(Request(Verb.CREATE, ref, body, guard="no Ingress of that name"),),
        expected=(
            *expected_with(split, {}, lane=DEFAULT),
            *(Expected(text, v.name, float(v.name == canary.name)) for v in split.versions),
        ),
        undo="delete it again, as header with - does",
        warnings=(
            f"{dialect.title} ignores a weight next to a rule: {beside.metadata.name} keeps the weight",
            *revert_warnings([beside], objects),
        ),
        raises=True,
    )


def plan_rule_away(split: CanarySplit, rollout: Rollout, ask: Ask, placed: PlacedCanary, objects: Objects) -> Plan:
    """Delete the Ingress that has only the rule."""
    ingress = placed.canary.ingress
    texts = [match.text for match in placed.canary.rules.matches]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"delete {ref_to(ingress)}, the rule {' and '.join(texts) or 'that has no effect'}",
        changes=tuple(Change(f"requests with {text}", "a header rule", AS_ALL_OTHERS) for text in texts),
        requests=(deletion(ingress).request,),
        expected=expected_with(split, {}, lane=DEFAULT),
        gone=(ref_to(ingress),),
        undo="create the Ingress again as it was",
        warnings=revert_warnings([ingress], objects),
    )


def _body(name: str, beside: Ingress, values: dict[str, str], dialect: Dialect) -> dict[str, Any]:
    """The whole object, with class, instance and paths of the Ingress next to it."""
    before = beside.metadata.annotations or {}
    kept = {k: v for k, v in before.items() if k in (*dialect.same_annotations, _CLASS, DIALECT_ANNOTATION)}
    marks = {dialect.present_key(before, ""): "true", **values}
    if dialect.order_key:
        marks[dialect.order_key] = "1"
    spec: dict[str, Any] = msgspec.to_builtins(beside.spec)
    return {
        "apiVersion": INGRESSES.api_version,
        "kind": INGRESSES.kind,
        "metadata": {"name": name, "namespace": beside.metadata.namespace, "annotations": {**kept, **marks}},
        "spec": _without_none({key: value for key, value in spec.items() if key in ("ingressClassName", "rules")}),
    }


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list) else value
