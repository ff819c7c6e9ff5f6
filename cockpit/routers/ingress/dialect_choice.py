"""Which dialect an Ingress is written in: what the user says, else what the cluster shows, else its class name."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.model.lookup import Objects
from cockpit.model.objects import Ingress
from cockpit.model.values import dataclass
from cockpit.routers.ingress.dialects import ALB, APIG, DIALECTS, HIGRESS, NGINX, Dialect
from cockpit.workloads.lookups import find_ingress_class

# On an Ingress, or on an IngressClass for all of its Ingresses.
DIALECT_ANNOTATION = "rollouts.cockpit/dialect"
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"

# IngressClass controllers by a part of their name; the first match counts.
_BY_CONTROLLER = (
    ("alibabacloud/alb", ALB),
    ("higress", HIGRESS),
    ("mse.alibabacloud", HIGRESS),
    ("apig.alibabacloud", HIGRESS),
    ("ingress-nginx", NGINX),
    ("traefik", NGINX),
    ("volcengine", APIG),
    ("vke", APIG),
)
# Two vendors' gateways have classes called `apig`; the kind of their parameters tells them apart.
_BY_PARAMETERS = {"APIGInstance": APIG, "ApigConfig": HIGRESS, "MseIngressConfig": HIGRESS, "AlbConfig": ALB}
_BY_CLASS = {"apig": APIG, "nginx": NGINX, "mse": HIGRESS, "higress": HIGRESS, "alb": ALB}
_AMBIGUOUS = "apig"
Overrides = Mapping[str, str]
NO_OVERRIDES: Overrides = {}


@dataclass(frozen=True, slots=True)
class DialectChoice:
    """A dialect; `doubt` says why it could be another one, "" if the dialect is certain."""

    dialect: Dialect
    doubt: str = ""


def class_of(ingress: Ingress) -> str:
    """The class by field, else by annotation; "" leaves it to the cluster's default."""
    return ingress.spec.ingress_class_name or (ingress.metadata.annotations or {}).get(_CLASS_ANNOTATION, "")


def dialect_of(ingress: Ingress, objects: Objects, overrides: Overrides = NO_OVERRIDES) -> Dialect:
    """The dialect of an Ingress; `overrides` are a user's, by class name."""
    return choice_of(ingress, objects, overrides).dialect


def choice_of(ingress: Ingress, objects: Objects, overrides: Overrides = NO_OVERRIDES) -> DialectChoice:
    """By annotation, user's setting, the controller and parameters of the IngressClass, the instance annotation, the
    class name; nginx if nothing else tells.
    """
    name, annotations = class_of(ingress), ingress.metadata.annotations or {}
    found = find_ingress_class(objects, name) if name else None
    said = annotations.get(DIALECT_ANNOTATION) or ((found.metadata.annotations or {}) if found else {}).get(
        DIALECT_ANNOTATION
    )
    for wish in (said, overrides.get(name)):
        if wish in DIALECTS:
            return DialectChoice(DIALECTS[wish])
    controller = (found.spec.controller or "").lower() if found else ""
    for part, dialect in _BY_CONTROLLER:
        if part in controller:
            return DialectChoice(dialect)
    parameters = found.spec.parameters.kind if found and found.spec.parameters else ""
    if parameters in _BY_PARAMETERS:
        return DialectChoice(_BY_PARAMETERS[parameters])
    if any(key in annotations for key in APIG.same_annotations):
        return DialectChoice(APIG)
    chosen = _BY_CLASS.get(name, NGINX)
    return DialectChoice(chosen, _doubt(name, chosen, said))


def _doubt(name: str, chosen: Dialect, said: str | None) -> str:
    ways = f"set the annotation {DIALECT_ANNOTATION} ({', '.join(DIALECTS)}) or the setting dialects"
    if said:
        return f"no dialect {said}; read as {chosen.title}; {ways}"
    if name == _AMBIGUOUS:
        return f"two gateways have classes called {name}; read as {chosen.title}; {ways}"
    return ""
