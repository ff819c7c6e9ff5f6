"""A header rule on an Ingress of its own, for dialects in which a rule makes the weight beside it dead."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.plan import Ask, Change, Expected, Plan, Refused, Request, Verb
from cockpit.model.refs import INGRESSES, Ref
from cockpit.model.rollout import Rollout, Version
from cockpit.routers.ingress.choosing import DIALECT_ANNOTATION
from cockpit.routers.ingress.dialects import Dialect
from cockpit.routers.ingress.pairing import expected_with
from cockpit.routers.ingress.rules import rules_of
from cockpit.routers.ingress.split import DEFAULT, Branch, Split
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import deletion, ref_to
from cockpit.workloads.lookups import find_ingress
from cockpit.workloads.ownership import revert_warnings

_CLASS = "kubernetes.io/ingress.class"


def ruled_branch(split: Split) -> Branch | None:
    """The canary Ingress that has a rule and with that no weight; None in dialects where one may have both."""
    return next((b for b in split.effective if b.canary.ruled), None)


def plan_own_rule(
    split: Split, rollout: Rollout, ask: Ask, branch: Branch, canary: Version, values: dict[str, str], objects: Objects
) -> Plan | Refused:
    """Create a canary Ingress beside `branch` with these rules and without a weight."""
    beside, dialect = branch.canary.ingress, split.fork.dialect
    name = f"{beside.metadata.name}-header"
    ref = Ref(INGRESSES, beside.metadata.namespace, name)
    if find_ingress(objects, ref.namespace, name) is not None:
        return refused(rollout, ask.act, f"{dialect.title} takes a rule on an Ingress of its own, and {ref} is there")
    body = _body(name, beside, values, dialect)
    made = msgspec.convert(body, Ingress)
    text = next(m.text for m in rules_of(made, dialect).matches)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{canary.name} for requests with {text}, on an Ingress of its own",
        changes=(
            Change(str(ref), "absent", f"canary with {text}"),
            Change(f"requests with {text}", "split as all others", canary.name),
        ),
        requests=(Request(Verb.CREATE, ref, body, guard="there is none of that name"),),
        expected=(
            *expected_with(split, {}, lane=DEFAULT),
            *(Expected(text, v.name, float(v.name == canary.name)) for v in split.versions),
        ),
        undo="header - deletes it again",
        warnings=(
            f"{dialect.title} ignores a weight beside a rule: {beside.metadata.name} keeps the weight",
            *revert_warnings([beside], objects),
        ),
        raises=True,
    )


def plan_rule_away(split: Split, rollout: Rollout, ask: Ask, branch: Branch, objects: Objects) -> Plan:
    """Delete the Ingress that has nothing but the rule."""
    ingress = branch.canary.ingress
    texts = [match.text for match in branch.canary.rules.matches]
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"delete {ref_to(ingress)}, the rule {' and '.join(texts) or 'that is not in force'}",
        changes=tuple(Change(f"requests with {text}", "a rule of their own", "split as all others") for text in texts),
        requests=(deletion(ingress).request,),
        expected=expected_with(split, {}, lane=DEFAULT),
        gone=(ref_to(ingress),),
        undo="the Ingress again, as it was",
        warnings=revert_warnings([ingress], objects),
    )


def _body(name: str, beside: Ingress, values: dict[str, str], dialect: Dialect) -> dict[str, Any]:
    """The whole object: class, instance and places of the Ingress it stands beside."""
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
