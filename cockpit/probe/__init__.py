"""Measures what users get: one request on a connection of its own after another, and what the answers say.

The room sends GET requests alone, at a rate and concurrency that are capped, and believes no answer:
bodies are cut, never rendered, never followed. `sender` is its only door to the network.
"""
