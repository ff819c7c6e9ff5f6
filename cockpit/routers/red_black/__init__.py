"""Red/black over ReplicaSets: the labels that a Service selects are put on the version that takes traffic.

This is how Spinnaker and CODING CD do it (clouddriver, kubernetes provider, KubernetesServiceHandler).
"""
