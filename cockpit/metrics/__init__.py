"""Metrics of real traffic: what to ask a Prometheus for each gateway and mesh, and what its answers say. Pure."""
