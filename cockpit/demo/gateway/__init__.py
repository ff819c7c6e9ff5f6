"""The gateway from outside: Ingresses and LoadBalancer Services on loopback, answered as the picked pod would."""

from cockpit.demo.gateway.server import Gateway

__all__ = ["Gateway"]
