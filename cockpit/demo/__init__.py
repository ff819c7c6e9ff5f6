"""An embedded cluster: a Kubernetes API, controllers and a gateway on loopback, for real clients.

It imports nothing of the cockpit, which speaks to it over HTTPS as to any cluster.
"""
