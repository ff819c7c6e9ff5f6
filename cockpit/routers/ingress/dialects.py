"""The dialects of canary annotations: same idea, different keys and different answers.

Sources: kubernetes/ingress-nginx (annotations/canary, balancer.lua); Volcengine API gateway, documents
6460/1328768 and 1327604. A dialect is a row of this table, not a class.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.workloads.lookups import find_ingress_class


class BareHeader(StrEnum):
    """What a header rule without value and pattern means."""

    ALWAYS = "always"  # the value `always` goes to the canary, `never` to main
    PRESENT = "present"  # any value goes to the canary


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one gateway reads canary annotations. `prefixes` are tried in order; the first is written."""

    id: str
    title: str
    prefixes: tuple[str, ...]
    bare_header: BareHeader
    has_total: bool  # canary-weight-total; a total below 100 counts as 100
    has_pattern: bool
    has_cookie: bool
    same_annotations: tuple[str, ...] = ()  # values that canary and main must share
    first_names: bool = False  # who names a Service first says what it is: main or canary, for all Ingresses
    stray_drops: bool = False  # one path without a main, on a host that has mains, detaches the whole canary
    weight_with_rule: bool = True  # False: a header or cookie rule makes the weight dead
    several_add_up: bool = False  # False: of several canaries on one rule only the oldest counts
    leaks: bool = False  # the split belongs to Service and port, so it shows wherever they are named

    def key(self, name: str) -> str:
        """The annotation as it is written, such as key("weight")."""
        return f"{self.prefixes[0]}canary{'-' + name if name else ''}"

    def value(self, annotations: dict[str, str], name: str) -> str | None:
        """The annotation as it is read: under the first prefix that has it, without space around it."""
        full = f"canary{'-' + name if name else ''}"
        return next((annotations[p + full].strip() for p in self.prefixes if p + full in annotations), None)

    def present_key(self, annotations: dict[str, str], name: str) -> str:
        """The key under which the annotation stands, else the one to write."""
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
    leaks=True,
    stray_drops=True,
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
DIALECTS = {d.id: d for d in (NGINX, APIG)}

# IngressClass controllers by a part of their name; Alibaba's gateway shares the class name `apig`.
_BY_CONTROLLER = (("ingress-nginx", NGINX), ("traefik", NGINX), ("volcengine", APIG), ("vke", APIG))
_BY_CLASS = {"apig": APIG, "nginx": NGINX}
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"


def class_of(ingress: Ingress) -> str:
    """The class by field, else by annotation; "" leaves it to the cluster's default."""
    return ingress.spec.ingress_class_name or (ingress.metadata.annotations or {}).get(_CLASS_ANNOTATION, "")


def dialect_of(ingress: Ingress, objects: Objects) -> Dialect:
    """By the controller of the IngressClass, the instance annotation, the class name; nginx where nothing says."""
    name = class_of(ingress)
    found = find_ingress_class(objects, name) if name else None
    controller = (found.spec.controller or "").lower() if found else ""
    for part, dialect in _BY_CONTROLLER:
        if part in controller:
            return dialect
    annotations = ingress.metadata.annotations or {}
    if any(key in annotations for key in APIG.same_annotations):
        return APIG
    return _BY_CLASS.get(name, NGINX)
