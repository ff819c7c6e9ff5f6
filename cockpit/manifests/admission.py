"""Admission policies under which the API server itself says who confirmed a proposal, and may hold a promotion back.

ValidatingAdmissionPolicy (admissionregistration.k8s.io/v1, Kubernetes 1.30 and later) evaluates CEL on each write;
`request.userInfo.username` is who the API server authenticated, whatever the object says.
"""

from __future__ import annotations

from typing import Any

from cockpit.manifests.held import HELD, HOLDS, KINDS
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

Document = dict[str, Any]

_API = "admissionregistration.k8s.io/v1"
_USER = "request.userInfo.username"


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


def _annotations(of: str) -> str:
    """The annotations of `object`, which is null where it is deleted, or of `oldObject`, null where it is created."""
    return f"{of} == null || !has({of}.metadata.annotations) ? {{}} : {of}.metadata.annotations"


# What is said by an object and was said before, for the variables of each policy.
_ANNOTATIONS = {"now": _annotations("object"), "was": _annotations("oldObject")}


# Proposals


def _proposals() -> Document:
    """Only who is named may propose and confirm, nobody confirms their own, and what was proposed stays as it is."""
    variables = {
        **_ANNOTATIONS,
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
    variables = {
        **_ANNOTATIONS,
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
    that has to be there all the time, which a proposal is not. What is held of each kind is in `held`. Service
    accounts pass: controllers carry out what people decided.
    """
    variables = {
        **_ANNOTATIONS,
        **HELD,
        "said": f"({_annotations('params')})",
        "proposer": _text("variables.said", PROPOSER),
        "confirmer": _text("variables.said", CONFIRMED_BY),
    }
    held = " || ".join(["object == null", *(f"variables.{name}" for name in HOLDS)])
    spec = {
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "matchConstraints": {
            "resourceRules": [_rule(group, "*", list(kinds), ["UPDATE", "DELETE"]) for group, kinds in KINDS.items()]
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
