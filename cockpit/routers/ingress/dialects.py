"""The dialects of canary annotations: same idea, different keys and different behaviour.

Sources: kubernetes/ingress-nginx (annotations/canary, balancer.lua); Volcengine API gateway, documents
6460/1328768 and 1327604; alibaba/higress (annotations/canary.go, ingress_config.go); Alibaba ALB Ingress, help page
use-alb-ingresses-to-perform-canary-releases-1. A dialect is a row of this table, not a class.
"""

from __future__ import annotations

from enum import StrEnum

from cockpit.model.values import dataclass


class BareHeader(StrEnum):
    """What a header rule without a value or pattern means."""

    ALWAYS = "always"  # the value `always` goes to the canary, `never` to main
    PRESENT = "present"  # any value goes to the canary
    ONLY_ALWAYS = "only-always"  # the value `always` goes to the canary, `never` has no meaning


class Several(StrEnum):
    """What happens to several canaries on one rule."""

    OLDEST = "oldest"  # only the oldest counts
    ADD_UP = "add-up"  # their weights add up, in whole percent
    ORDERED = "ordered"  # rules in the order of an annotation, and the first one's weight


# Annotations that are numbers and booleans.
_AS_WRITTEN = frozenset({"", "weight", "weight-total"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one gateway reads canary annotations. `prefixes` are tried in order; the first is written."""

    id: str
    title: str
    prefixes: tuple[str, ...]
    bare_header: BareHeader
    has_total: bool  # canary-weight-total
    has_pattern: bool
    has_cookie: bool
    same_annotations: tuple[str, ...] = ()  # values that canary and main must share
    first_names: bool = False  # the Ingress that names a Service first decides what it is for all: main or canary
    unmatched_drops: bool = False  # one path without a main, on a host that has mains, detaches the whole canary
    weight_with_rule: bool = True  # False: a header or cookie rule disables the weight
    several: Several = Several.OLDEST
    has_query: bool = False
    least_total: int = 100  # a lower canary-weight-total counts as this
    whole_percent: bool = False  # shares are rounded down to whole percent
    one_rule: bool = False  # header before cookie before query: only the first is read
    value_is_pattern: bool = False  # a header value is the pattern `always|VALUE` for the whole header
    order_key: str = ""  # orders several canaries, lowest first
    missing_to_main: bool = False  # a canary whose Service does not exist leaves its share to main
    main_guards: bool = True  # without endpoints main answers 503 for all, the canary's share too
    leaks: bool = False  # the split belongs to Service and port, so it applies wherever they are named
    needs_path: bool = False  # a canary's path without text matches no main, not even `/`
    other_namespaces: bool = False  # a canary attaches to a main of another namespace too
    checks_values: bool = False  # rules with characters outside of a list are dropped, unless that check is off
    has_affinity: bool = False  # a session's cookie comes before header, cookie and weight
    target_ports: bool = False  # a backend can name a Service's targetPort (ingress-nginx, controller.go)
    has_address: bool = False  # `service-upstream` sends to the Service's address, whether pods are ready or not

    def key(self, name: str) -> str:
        """The full annotation key, as in key("weight")."""
        return f"{self.prefixes[0]}canary{'-' + name if name else ''}"

    def value(self, annotations: dict[str, str], name: str) -> str | None:
        """The value of an annotation: from the first prefix that has it, without surrounding space if it is a text.

        Go reads no number and no boolean with space around it (ingress-nginx, annotations/parser/main.go).
        """
        full = f"canary{'-' + name if name else ''}"
        found = next((annotations[p + full] for p in self.prefixes if p + full in annotations), None)
        return found if found is None or name in _AS_WRITTEN else found.strip()

    def present_key(self, annotations: dict[str, str], name: str) -> str:
        """The key under which the annotation exists, else the one to write."""
        full = f"canary{'-' + name if name else ''}"
        return next((p + full for p in self.prefixes if p + full in annotations), self.prefixes[0] + full)


NGINX = Dialect(
    id="nginx",
    title="ingress-nginx",
    prefixes=("nginx.ingress.kubernetes.io/",),
    bare_header=BareHeader.ALWAYS,
    has_total=True,
    has_pattern=True,
    has_cookie=True,
    first_names=True,
    missing_to_main=True,
    leaks=True,
    unmatched_drops=True,
    needs_path=True,
    other_namespaces=True,
    checks_values=True,
    has_affinity=True,
    has_address=True,
    target_ports=True,
)
APIG = Dialect(
    id="apig",
    title="Volcengine API gateway",
    prefixes=("nginx.ingress.kubernetes.io/",),
    bare_header=BareHeader.PRESENT,
    has_total=False,
    has_pattern=False,
    has_cookie=False,
    same_annotations=("ingress.vke.volcengine.com/apig-instance-name",),
)
HIGRESS = Dialect(
    id="higress",
    title="Higress (MSE)",
    # Alibaba's cloud-native gateway of the class `apig` is a Higress too and has query keys of its own.
    prefixes=(
        "nginx.ingress.kubernetes.io/",
        "mse.ingress.kubernetes.io/",
        "higress.ingress.kubernetes.io/",
        "higress.io/",
    ),
    bare_header=BareHeader.ONLY_ALWAYS,
    has_total=True,
    has_pattern=True,
    has_cookie=True,
    weight_with_rule=False,
    several=Several.ADD_UP,
    has_query=True,
    least_total=1,
    whole_percent=True,
    one_rule=True,
    value_is_pattern=True,
    main_guards=False,
)
ALB = Dialect(
    id="alb",
    title="Alibaba ALB",
    prefixes=("alb.ingress.kubernetes.io/",),
    bare_header=BareHeader.ALWAYS,
    has_total=False,
    has_pattern=True,
    has_cookie=True,
    weight_with_rule=False,
    several=Several.ORDERED,
    order_key="alb.ingress.kubernetes.io/order",
)
DIALECTS = {d.id: d for d in (NGINX, APIG, HIGRESS, ALB)}
