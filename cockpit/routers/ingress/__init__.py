"""Canary Ingresses: a second Ingress whose annotations take a share of the first one's requests."""
