"""Plain Deployments: a rolling update, its versions by ReplicaSet, paused, resumed or undone."""
