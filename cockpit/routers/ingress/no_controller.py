"""Why perhaps no controller serves an Ingress: it names no class, and the cluster has no default one."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress, IngressClass
from cockpit.model.refs import INGRESSCLASSES
from cockpit.model.rollout import Finding, Severity
from cockpit.routers.ingress.dialect_choice import class_of
from cockpit.workloads.findings import finding
from cockpit.workloads.lookups import of_kind

_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_MOST_NAMES = 5


def why_no_controller(ingress: Ingress, objects: Objects) -> str:
    """The reason with a way out; "" if a class says who serves it, or if the classes could not be read.

    An Ingress with an address is served by a controller that also accepts Ingresses without a class.
    """
    if class_of(ingress) or ingress.status.load_balancer.ingress or not objects.known(INGRESSCLASSES):
        return ""
    classes = of_kind(IngressClass, objects.every(INGRESSCLASSES, ""))
    if any((known.metadata.annotations or {}).get(_DEFAULT) == "true" for known in classes):
        return ""
    names = [known.metadata.name for known in classes]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    way = (
        f"set spec.ingressClassName to one of the classes here ({', '.join(names[:_MOST_NAMES])}{more})"
        if names
        else "no IngressClass exists: is an ingress controller installed?"
    )
    what = f"Ingress {ingress.metadata.namespace}/{ingress.metadata.name}"
    return f"perhaps no controller serves {what}: it names no class and no IngressClass is the default; {way}"


def no_class_finding(why: str) -> Finding:
    return finding("no-ingress-class", Severity.WARNING, why, "spec.ingressClassName is not set")
