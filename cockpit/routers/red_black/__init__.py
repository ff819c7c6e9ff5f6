"""Red/black over ReplicaSets: a Service's selector labels, put on template and pods of the version that takes traffic.

As Spinnaker and CODING CD do it (clouddriver, kubernetes provider, KubernetesServiceHandler).
"""
