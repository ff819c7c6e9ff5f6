"""Plain Deployments: rolling updates with ReplicaSets as versions."""
