"""From a Service to its pods, from pods to the workloads that own them, from workloads to versions. Pure functions."""
