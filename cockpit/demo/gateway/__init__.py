"""The way in from outside: Ingresses and LoadBalancer Services on loopback, answered as the pod that was picked."""

from cockpit.demo.gateway.server import Gateway

__all__ = ["Gateway"]
