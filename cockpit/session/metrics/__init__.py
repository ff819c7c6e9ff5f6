"""Reads what users really get from a Prometheus, where there is one and the user asked for it."""
