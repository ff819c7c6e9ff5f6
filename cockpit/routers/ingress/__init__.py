"""Canary Ingresses: a second Ingress whose annotations take a share of the main Ingress's requests."""
