"""Ingresses and their classes (networking.k8s.io/v1)."""

from collections.abc import Iterator

from msgspec import Struct, field

from cockpit.model.objects.meta import Meta, Obj
from cockpit.model.objects.services import EntryStatus


class BackendPort(Struct, frozen=True, gc=False):
    number: int | None = None
    name: str | None = None


class ServiceBackend(Struct, frozen=True, gc=False):
    name: str
    port: BackendPort = field(default_factory=BackendPort)


class IngressBackend(Struct, frozen=True, gc=False):
    service: ServiceBackend | None = None


class IngressPath(Struct, frozen=True, gc=False, rename="camel"):
    backend: IngressBackend
    path: str | None = None
    path_type: str = "ImplementationSpecific"


class IngressHttp(Struct, frozen=True, gc=False):
    paths: list[IngressPath] = field(default_factory=list)


class IngressRule(Struct, frozen=True, gc=False):
    host: str | None = None
    http: IngressHttp | None = None


class IngressTls(Struct, frozen=True, gc=False):
    hosts: list[str] | None = None


class IngressSpec(Struct, frozen=True, gc=False, rename="camel"):
    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    rules: list[IngressRule] | None = None
    tls: list[IngressTls] | None = None


class Ingress(Obj, frozen=True):
    metadata: Meta
    spec: IngressSpec = field(default_factory=IngressSpec)
    status: EntryStatus = field(default_factory=EntryStatus)

    def index_keys(self) -> Iterator[str]:
        """ "host=H" ("host=" for none) and "service=S" of each rule."""
        seen = set()
        for rule in self.spec.rules or ():
            seen.add(f"host={rule.host or ''}")
            seen.update(
                f"service={p.backend.service.name}" for p in (rule.http.paths if rule.http else ()) if p.backend.service
            )
        default = self.spec.default_backend
        if default and default.service:
            seen.add(f"service={default.service.name}")
        yield from sorted(seen)


class ClassParameters(Struct, frozen=True, gc=False):
    kind: str = ""
    name: str = ""


class IngressClassSpec(Struct, frozen=True, gc=False):
    controller: str | None = None
    parameters: ClassParameters | None = None


class IngressClass(Obj, frozen=True):
    metadata: Meta
    spec: IngressClassSpec = field(default_factory=IngressClassSpec)
