"""Reviews: who the caller is, and what the caller may do."""

from __future__ import annotations

from typing import Any

import msgspec

from cockpit.demo.api.auth import Rule, User, may_read_path
from cockpit.demo.api.calls import Call, Reply
from cockpit.demo.clock import DemoClock
from cockpit.demo.errors import BadRequest, Cause, invalid
from cockpit.demo.schemas.decoding import check_kind, conform, parse_object
from cockpit.demo.schemas.kinds import SELF_SUBJECT_ACCESS_REVIEWS, SELF_SUBJECT_REVIEWS, Kind

EVERYTHING = Rule(("*",), ("*",), ("*",))
ALWAYS = (
    Rule(("create",), ("authorization.k8s.io",), ("selfsubjectaccessreviews", "selfsubjectrulesreviews")),
    Rule(("create",), ("authentication.k8s.io",), ("selfsubjectreviews",)),
)
ANY_PATH = [{"verbs": ["*"], "nonResourceURLs": ["*"]}]
PATHS = ("/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version")


def review(call: Call, clock: DemoClock) -> Reply:
    """The answer to a review of the caller, or of what the caller may do; nothing is stored."""
    kind: Kind = call.route.kind
    obj = parse_object(call.body, call.headers.get("Content-Type", ""), kind)
    check_kind(obj, kind.api_version, kind.kind)
    conform(kind.kind, kind.api_version, obj)
    if kind is SELF_SUBJECT_REVIEWS:
        return _who(call.user, kind, clock)
    spec = obj.get("spec") or {}
    status = _access(call.user, spec) if kind is SELF_SUBJECT_ACCESS_REVIEWS else _rules(call.user, spec)
    body = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": {}, "spec": spec, "status": status}
    return Reply(msgspec.json.encode(body), 201)


def _who(user: User, kind: Kind, clock: DemoClock) -> Reply:
    status = {"userInfo": {"username": user.name, "groups": list(user.groups)}}
    metadata = {"creationTimestamp": clock.timestamp()}
    body = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata, "status": status}
    return Reply(msgspec.json.encode(body), 201)


def _access(user: User, spec: dict[str, Any]) -> dict[str, Any]:
    resource, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    if (resource is None) == (path is None):
        text = "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
        cause = Cause("spec.resourceAttributes", text)
        raise invalid("", "authorization.k8s.io", "", [cause])
    if resource is None:
        path = path or {}
        allowed = may_read_path(user, path.get("path", "")) and (user.admin or path.get("verb") in ("get", "head"))
    else:
        name = resource.get("resource", "")
        if resource.get("subresource"):
            name += "/" + resource["subresource"]
        place = (resource.get("namespace", ""), resource.get("name", ""))
        allowed = user.may(resource.get("verb", ""), resource.get("group", ""), name, *place)
    if not allowed:
        return {"allowed": False}
    reason = f'RBAC: allowed by ClusterRoleBinding "{user.name}" of ClusterRole "{user.name}" to User "{user.name}"'
    return {"allowed": True, **({} if user.admin else {"reason": reason})}


def _rules(user: User, spec: dict[str, Any]) -> dict[str, Any]:
    namespace = spec.get("namespace")
    if not namespace:
        raise BadRequest("no namespace on request")
    there = [rule for rule in user.rules if rule.namespace in ("", namespace)]
    return {
        "resourceRules": [_rule(rule) for rule in (*ALWAYS, *([EVERYTHING] if user.admin else there))],
        "nonResourceRules": [*ANY_PATH[: int(user.admin)], {"verbs": ["get"], "nonResourceURLs": list(PATHS)}],
        "incomplete": False,
    }


def _rule(rule: Rule) -> dict[str, list[str]]:
    names = {"resourceNames": list(rule.names)} if rule.names else {}
    return {"verbs": list(rule.verbs), "apiGroups": list(rule.groups), "resources": list(rule.resources), **names}
