"""Asks the cluster for everything that this user may do in a namespace (SelfSubjectRulesReview)."""

from __future__ import annotations

import msgspec

from cockpit.kube.errors import BadAnswer
from cockpit.kube.transport import Call, Transport
from cockpit.model.rights import Right
from cockpit.model.values import dataclass

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
# A user of many large roles has some thousand rules.
_MOST_BYTES = 8 << 20


class _Rule(msgspec.Struct, rename="camel"):
    """One rule; a null list is an empty one, as Go writes it. Names of single objects are left out of account."""

    verbs: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None

    def covers(self, right: Right) -> bool:
        """Whether it is about this right, of some object or of all (component-helpers, auth/rbac/validation)."""
        subresource = right.resource.partition("/")[2]
        wanted = {"*", right.resource, *([f"*/{subresource}"] if subresource else [])}
        return (
            not {"*", right.verb}.isdisjoint(self.verbs or ())
            and not {"*", right.group}.isdisjoint(self.api_groups or ())
            and not wanted.isdisjoint(self.resources or ())
        )


class _RulesStatus(msgspec.Struct, rename="camel"):
    resource_rules: list[_Rule] | None = None
    incomplete: bool = False


class _Review(msgspec.Struct):
    status: _RulesStatus


@dataclass(frozen=True, slots=True)
class NamespaceRules:
    """What a user may do in one namespace.

    `incomplete` where an authorizer of the cluster cannot list its rules, such as a webhook: what is not listed may be
    allowed all the same.
    """

    rules: tuple[_Rule, ...] = ()
    incomplete: bool = False

    def forbids(self, right: Right) -> bool:
        """Whether it is certain that the user does not have the right, on whatever object."""
        return not self.incomplete and not any(rule.covers(right) for rule in self.rules)


async def ask_rules(transport: Transport, context: str, namespace: str) -> NamespaceRules:
    """One review. Raises KubeError."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    what = f"your permissions in namespace {namespace}"
    call = Call("POST", _REVIEWS, body=msgspec.json.encode(review), what=what)
    body = await transport.fetch(call, limit=_MOST_BYTES)
    try:
        status = msgspec.json.decode(body, type=_Review).status
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"not a review ({error})", context=context, what=what) from None
    return NamespaceRules(tuple(status.resource_rules or ()), status.incomplete)
