"""What a Deployment's controller does when its template changes, for tests."""

from __future__ import annotations

from tests.objects import Cluster


def restart(cluster: Cluster, name: str, time: str) -> None:
    """`kubectl rollout restart`: an annotation in the template, and so a ReplicaSet more."""
    metadata = cluster.doc("Deployment", name)["spec"]["template"]["metadata"]
    metadata["annotations"] = {"kubectl.kubernetes.io/restartedAt": time}
    roll(cluster, name, time)


def roll(cluster: Cluster, name: str, time: str) -> None:
    """Roll the present template out at `time`; the ReplicaSets of before stay without pods."""
    mine = [
        k
        for k, d in cluster.docs.items()
        if k[0] == "ReplicaSet" and d["metadata"]["ownerReferences"][0]["name"] == name
    ]
    for key in mine:
        owned = cluster.docs[key]
        owned["spec"]["replicas"] = 0
        for pod in [k for k, d in cluster.docs.items() if k[0] == "Pod" and k[2].startswith(f"{key[2]}-")]:
            del cluster.docs[pod]
    cluster.run(name)
    for key, doc in cluster.docs.items():
        if key[0] == "ReplicaSet" and key not in mine and doc["metadata"]["ownerReferences"][0]["name"] == name:
            doc["metadata"]["creationTimestamp"] = time
