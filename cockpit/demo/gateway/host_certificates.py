"""Which certificate a cluster has for a host: of its Ingresses first, then of its Gateways' HTTPS listeners."""

from __future__ import annotations

import ssl

from cockpit.demo.clock import DemoClock
from cockpit.demo.controllers.attachment import is_ours
from cockpit.demo.gateway.certificates import Certificates, Key, hosts_of_listeners
from cockpit.demo.gateway.dialects import obeyed
from cockpit.demo.gateway.match import Hosts
from cockpit.demo.schemas.customkinds import GATEWAYCLASSES, GATEWAYS
from cockpit.demo.schemas.kinds import INGRESSCLASSES, INGRESSES, SECRETS
from cockpit.demo.store.history import Event
from cockpit.demo.store.storage import Storage

KINDS = (INGRESSES, INGRESSCLASSES, GATEWAYS, GATEWAYCLASSES, SECRETS)


class HostCertificates:
    """The Secret of each host, looked up again only after a change."""

    def __init__(self, storage: Storage, clock: DemoClock) -> None:
        self._storage = storage
        self.certificates = Certificates(storage, clock)
        self._secrets: Hosts[Key] | None = None

    def follow(self, event: Event) -> None:
        """Forget what a write has made stale."""
        if event.kind in KINDS:
            self._secrets = None

    def shown(self, host: str) -> ssl.SSLContext | None:
        """What is presented to a client that requests a host; None if the cluster has no certificate for it."""
        if self._secrets is None:
            self._secrets = self._compile()
        return self.certificates.shown(self._secrets.find(host), host)

    def _compile(self) -> Hosts[Key]:
        classes = list(self._storage.scan(GATEWAYCLASSES))
        ours = [gateway for gateway in self._storage.scan(GATEWAYS) if is_ours(gateway, classes)]
        ingresses = obeyed(self._storage.scan(INGRESSES), self._storage.scan(INGRESSCLASSES))
        return Hosts({**hosts_of_listeners(ours).names, **self.certificates.for_ingresses(ingresses).names})
