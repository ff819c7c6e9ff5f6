"""Measures what users get: sends requests, each on its own connection, and reads which version answered.

Only GET requests are sent, with a capped rate and concurrency. Answers are not trusted: bodies are cut, never
rendered, and redirects are never followed. Only the senders touch the network.
"""
