"""Admission policies under which the API server itself says who confirmed a proposal, and may hold a promotion back.

ValidatingAdmissionPolicy (admissionregistration.k8s.io/v1, Kubernetes 1.30 and later) evaluates CEL on each write;
`request.userInfo.username` is who the API server authenticated, whatever the object says.
"""

from __future__ import annotations

from typing import Any

from cockpit.pairing.proposal_marks import (
    CONFIRMED_BY,
    CONTENT,
    ENDED,
    LOCK,
    LOCK_MAPS,
    LOCK_PREFIX,
    NAME_PREFIX,
    POLICY,
    PROPOSER,
)
from cockpit.routers.ingress.dialects import ALB, APIG, HIGRESS, NGINX

Document = dict[str, Any]

_API = "admissionregistration.k8s.io/v1"
_USER = "request.userInfo.username"
# What the annotations of an Ingress begin with that say the weight of a canary, and what it is out of.
_PREFIXES = sorted({prefix for dialect in (NGINX, APIG, HIGRESS, ALB) for prefix in dialect.prefixes})


def pairing_policies() -> list[Document]:
    """The policies on proposals and on locks with their bindings, and the lock itself, which holds nothing yet.

    A team binds the lock to an object. In this order, ready for `kubectl apply`.
    """
    return [_proposals(), _bound_everywhere(POLICY), _lock_maps(), _bound_everywhere(LOCK_MAPS), _lock()]


def _policy(name: str, spec: Document) -> Document:
    return {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {"failurePolicy": "Fail", **spec},
    }


def _rule(group: str, version: str, resources: list[str], operations: list[str]) -> Document:
    return {"apiGroups": [group], "apiVersions": [version], "resources": resources, "operations": operations}


def _validation(expression: str, message: str) -> Document:
    return {"expression": expression, "message": message, "reason": "Forbidden"}


# Proposals


def _proposals() -> Document:
    """Only who is named may propose and confirm, nobody confirms their own, and what was proposed stays as it is."""
    new = "object == null || !has(object.metadata.annotations)"
    old = "oldObject == null || !has(oldObject.metadata.annotations)"
    variables = {
        "now": f"{new} ? {{}} : object.metadata.annotations",
        "was": f"{old} ? {{}} : oldObject.metadata.annotations",
        "proposer": _text("variables.now", PROPOSER),
        "confirmer": _text("variables.now", CONFIRMED_BY),
        "confirmerBefore": _text("variables.was", CONFIRMED_BY),
        "ended": _text("variables.now", ENDED),
        "endedBefore": _text("variables.was", ENDED),
    }
    same = " && ".join(f"{_text('variables.now', each)} == {_text('variables.was', each)}" for each in CONTENT)
    create = "request.operation == 'CREATE'"
    spec = {
        "matchConstraints": {
            "resourceRules": [_rule("coordination.k8s.io", "*", ["leases"], ["CREATE", "UPDATE"])],
        },
        "matchConditions": [
            {"name": "is-a-proposal", "expression": f"object.metadata.name.startsWith('{NAME_PREFIX}')"}
        ],
        "variables": [{"name": name, "expression": expression} for name, expression in variables.items()],
        "validations": [
            _validation(
                f"{create} ? (variables.proposer == {_USER} && variables.confirmer == '' && variables.ended == '')"
                f" : ({same})",
                "a proposal is made in one's own name and unconfirmed, and is not changed afterwards",
            ),
            _validation(
                f"{create} || variables.confirmer == variables.confirmerBefore"
                f" || (variables.confirmerBefore == '' && variables.confirmer == {_USER})",
                "a proposal is confirmed in one's own name, and a confirmation stays as it is",
            ),
            _validation(
                f"{create} || variables.confirmer == variables.confirmerBefore"
                f" || ({_USER} != variables.proposer && variables.endedBefore == '' && variables.ended == '')",
                "nobody confirms their own proposal, or one that is over",
            ),
            _validation(
                f"{create} || variables.ended == variables.endedBefore || variables.endedBefore == ''",
                "what is over stays over: propose it again",
            ),
        ],
    }
    return _policy(POLICY, spec)


def _text(annotations: str, name: str) -> str:
    return f"('{name}' in {annotations} ? {annotations}['{name}'] : '')"


def _bound_everywhere(name: str) -> Document:
    return {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }


# The lock


def _lock_maps() -> Document:
    """Somebody lets somebody else pass, in their own name; only who may delete policies may delete a lock."""
    new = "request.operation == 'DELETE' || !has(object.metadata.annotations)"
    old = "oldObject == null || !has(oldObject.metadata.annotations)"
    variables = {
        "now": f"{new} ? {{}} : object.metadata.annotations",
        "was": f"{old} ? {{}} : oldObject.metadata.annotations",
        "proposer": _text("variables.now", PROPOSER),
        "confirmer": _text("variables.now", CONFIRMED_BY),
    }
    kept = " && ".join(f"{_text('variables.now', n)} == {_text('variables.was', n)}" for n in (PROPOSER, CONFIRMED_BY))
    may_delete = (
        "authorizer.group('admissionregistration.k8s.io').resource('validatingadmissionpolicies')"
        ".check('delete').allowed()"
    )
    name = "(request.operation == 'DELETE' ? oldObject : object).metadata.name"
    spec = {
        "matchConstraints": {
            "resourceRules": [_rule("", "*", ["configmaps"], ["CREATE", "UPDATE", "DELETE"])],
        },
        "matchConditions": [
            {"name": "is-a-lock", "expression": f"{name}.startsWith('{LOCK_PREFIX}')"},
            # Who deletes a namespace deletes what is in it by these.
            {"name": "by-a-person", "expression": f"!{_USER}.startsWith('system:serviceaccount:kube-system:')"},
        ],
        "variables": [{"name": name, "expression": expression} for name, expression in variables.items()],
        "validations": [
            _validation(
                f"request.operation == 'DELETE' || variables.confirmer == '' || ({kept})"
                f" || (variables.confirmer == {_USER} && variables.proposer != '' && variables.proposer != {_USER})",
                "a lock is opened for somebody else, in one's own name",
            ),
            _validation(
                f"request.operation != 'DELETE' || {may_delete}",
                "only who may delete policies deletes a lock",
            ),
        ],
    }
    return _policy(LOCK_MAPS, spec)


def _lock() -> Document:
    """A promotion of the object that a binding names, or its deletion, needs that somebody else confirmed it.

    The parameter is the ConfigMap of the lock: the server does not evaluate a policy whose parameter is missing, so
    that has to be there all the time, which a proposal is not. A canary whose weight falls passes, and so does an
    abort, which writes nothing of this. Service accounts pass: controllers carry out what people decided.
    """
    said = "(params == null || !has(params.metadata.annotations) ? {} : params.metadata.annotations)"
    variables = {
        "now": "object == null || !has(object.metadata.annotations) ? {} : object.metadata.annotations",
        "was": "oldObject == null || !has(oldObject.metadata.annotations) ? {} : oldObject.metadata.annotations",
        "weight": " || ".join(map(_fully_weighted, _PREFIXES)),
        "selector": "object != null && object.kind == 'Service'"
        " && object.spec.?selector.orValue({}) != oldObject.spec.?selector.orValue({})",
        "route": "object != null && object.kind == 'Ingress' && object.spec != oldObject.spec",
        "full": "object != null && object.kind == 'Rollout' && object.?status.promoteFull.orValue(false)"
        " && !oldObject.?status.promoteFull.orValue(false)",
        "said": said,
        "proposer": _text("variables.said", PROPOSER),
        "confirmer": _text("variables.said", CONFIRMED_BY),
    }
    held = "object == null || variables.weight || variables.selector || variables.route || variables.full"
    spec = {
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "matchConstraints": {
            "resourceRules": [
                _rule("networking.k8s.io", "*", ["ingresses"], ["UPDATE", "DELETE"]),
                _rule("", "*", ["services"], ["UPDATE", "DELETE"]),
                _rule("argoproj.io", "*", ["rollouts", "rollouts/status"], ["UPDATE", "DELETE"]),
            ],
        },
        "matchConditions": [
            {"name": "by-a-person", "expression": f"!{_USER}.startsWith('system:serviceaccount:')"},
        ],
        "variables": [{"name": name, "expression": expression} for name, expression in variables.items()],
        "validations": [
            _validation(
                f"!({held}) || (variables.proposer == {_USER} && variables.confirmer != ''"
                f" && variables.confirmer != {_USER})",
                "this needs a second person: propose it with cockpit, and send it once somebody else confirmed it",
            ),
        ],
    }
    return _policy(LOCK, spec)


def _fully_weighted(prefix: str) -> str:
    """Whether a canary gets everybody, by annotations with this prefix; the total is 100 where none is written."""
    weight, total = f"{prefix}canary-weight", f"{prefix}canary-weight-total"

    def full(annotations: str) -> str:
        out_of = f"('{total}' in {annotations} ? {annotations}['{total}'] : '100')"
        return f"('{weight}' in {annotations} && {annotations}['{weight}'] == {out_of})"

    return f"({full('variables.now')} && !{full('variables.was')})"
