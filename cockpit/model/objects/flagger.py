"""Flagger's Canary (flagger.app/v1beta1)."""

from collections.abc import Iterator
from typing import Any

from cockpit.model.objects.meta import Meta, Obj


class FlaggerCanary(Obj, frozen=True):
    """`spec` and `status` as raw JSON. `target` is the workload (or Service) that a user changes.

    The apex Service serves users; Flagger creates it, a primary and a canary Service, and the primary workload
    (docs.flagger.app, "How it works").
    """

    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None

    @property
    def target(self) -> tuple[str, str]:
        """Kind and name of `spec.targetRef`; "" if there is none."""
        return self._named("targetRef")

    @property
    def apex(self) -> str:
        """The Service that users reach: `spec.service.name`, else the target's name."""
        service = (self.spec or {}).get("service")
        name = service.get("name") if isinstance(service, dict) else None
        return name if isinstance(name, str) and name else self.target[1]

    @property
    def provider(self) -> str:
        """What splits the traffic, such as "istio" or "gatewayapi:v1"; "" means Flagger's default."""
        found = (self.spec or {}).get("provider")
        return found if isinstance(found, str) else ""

    @property
    def ingress(self) -> str:
        """The Ingress whose canary Ingress splits the traffic; "" if another kind does."""
        return self._named("ingressRef")[1]

    @property
    def autoscaler(self) -> tuple[str, str]:
        """Kind and name of `spec.autoscalerRef`; "" if there is none."""
        return self._named("autoscalerRef")

    def index_keys(self) -> Iterator[str]:
        """ "steers=Kind/name" for each object that it controls: workloads, Services, Ingress, routes, autoscaler."""
        kind, name = self.target
        yield from (f"steers={k}/{n}" for k, n in dict.fromkeys(self._driven(kind, name)))

    def _driven(self, kind: str, name: str) -> Iterator[tuple[str, str]]:
        if name:
            yield kind, name
            yield kind, f"{name}-primary"
        apex = self.apex
        if apex:
            yield from (("Service", n) for n in (apex, f"{apex}-primary", f"{apex}-canary"))
            if self.provider.startswith("gatewayapi") or not self.provider:
                yield "HTTPRoute", apex
            if self.provider in ("istio", ""):
                yield "VirtualService", apex
                yield from (("DestinationRule", n) for n in (f"{apex}-primary", f"{apex}-canary"))
        if self.ingress:
            yield from (("Ingress", n) for n in (self.ingress, f"{self.ingress}-canary"))
        scaler, scaled = self.autoscaler
        if scaled:
            yield from ((scaler, n) for n in (scaled, f"{scaled}-primary"))

    def _named(self, field: str) -> tuple[str, str]:
        found = (self.spec or {}).get(field)
        if not isinstance(found, dict):
            return "", ""
        kind, name = found.get("kind"), found.get("name")
        return (kind if isinstance(kind, str) else ""), (name if isinstance(name, str) else "")
