"""Sets in memory, Kubernetes' own and OpenKruise's, as their controllers leave them."""

from __future__ import annotations

from typing import Any

from cockpit.model.adapter import Adapter
from cockpit.model.plan import Ask, Plan, Refused
from cockpit.model.refs import ADVANCED_STATEFULSETS, CLONESETS, DAEMONSETS, STATEFULSETS
from cockpit.model.rollout import Rollout
from cockpit.systems.sets.adapter import (
    AdvancedStatefulSetSystem,
    CloneSetSystem,
    DaemonSetSystem,
    StatefulSetSystem,
)
from tests.objects import Cluster, owner

Doc = dict[str, Any]
SYSTEMS: dict[str, Adapter] = {
    "StatefulSet": StatefulSetSystem(),
    "DaemonSet": DaemonSetSystem(),
    "CloneSet": CloneSetSystem(),
    "AdvancedStatefulSet": AdvancedStatefulSetSystem(),
}
RESOURCES = {
    "StatefulSet": STATEFULSETS,
    "DaemonSet": DAEMONSETS,
    "CloneSet": CLONESETS,
    "AdvancedStatefulSet": ADVANCED_STATEFULSETS,
}


def template(image: str) -> Doc:
    return {
        "metadata": {"labels": {"app": "db"}},
        "spec": {"containers": [{"name": "main", "image": f"demo/db:{image}"}]},
    }


class Set:
    """One set called db; `pods` names the image of each pod, a "!" behind it where the pod crashes."""

    def __init__(self, kind: str, pods: list[str], *, newest: str, strategy: Doc | None = None) -> None:
        self.kind, self.cluster = kind, Cluster()
        size = {"replicas": len(pods)} if kind != "DaemonSet" else {}
        spec = {"selector": {"matchLabels": {"app": "db"}}, "template": template(newest), **size}
        resource = RESOURCES[kind]
        doc: Doc = {"metadata": {"name": "db", "generation": 2}, "spec": spec}
        doc |= {"apiVersion": resource.api_version, "kind": resource.kind}
        doc["spec"]["updateStrategy"] = strategy or {"type": "RollingUpdate", "rollingUpdate": {}}
        self.cluster.add(doc)
        self.doc = self.cluster.doc(kind, "db")
        plain = [image.rstrip("!") for image in pods]
        history = [image for image in dict.fromkeys([*sorted(set(plain)), newest]) if image != newest] + [newest]
        for number, image in enumerate(history, start=1):
            self.revision(image, number)
        for number, image in enumerate(pods):
            self._pod(number, image)
        self._tell(plain, newest, history)
        service = {"selector": {"app": "db"}, "ports": [{"port": 80}]}
        self.cluster.add({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": service})
        self.cluster.balance()

    def revision(self, image: str, number: int) -> None:
        self.cluster.add(
            {
                "apiVersion": "apps/v1",
                "kind": "ControllerRevision",
                "metadata": {"name": f"db-h{image}", "ownerReferences": [owner(self.doc)]},
                "data": {"spec": {"template": {"$patch": "replace", **template(image)}}},
                "revision": number,
            }
        )

    def read(self) -> Rollout:
        found = self.cluster.get(RESOURCES[self.kind], "default", "db")
        assert found is not None
        (rollout,) = SYSTEMS[self.kind].read(found, self.cluster)
        return rollout

    def plan(self, ask: Ask) -> Plan:
        answer = SYSTEMS[self.kind].plan(self.read(), ask, self.cluster)
        assert isinstance(answer, Plan), answer
        return answer

    def refusal(self, ask: Ask) -> str:
        answer = SYSTEMS[self.kind].plan(self.read(), ask, self.cluster)
        assert isinstance(answer, Refused), answer
        return answer.why

    def image(self) -> str:
        spec = self.cluster.doc(self.kind, "db")["spec"]["template"]["spec"]
        return str(spec["containers"][0]["image"]).rpartition(":")[2]

    def _pod(self, number: int, image: str) -> None:
        plain, fails = image.rstrip("!"), image.endswith("!")
        revision = f"db-h{plain}" if self.kind != "DaemonSet" else f"h{plain}"
        status: Doc = {"phase": "Running", "conditions": [{"type": "Ready", "status": str(not fails)}]}
        if fails:
            status["containerStatuses"] = [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]
        self.cluster.add(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": f"db-{number}",
                    "labels": {"app": "db", "controller-revision-hash": revision},
                    "ownerReferences": [owner(self.doc)],
                },
                "spec": template(plain)["spec"],
                "status": status,
            }
        )

    def _tell(self, pods: list[str], newest: str, history: list[str]) -> None:
        updated = pods.count(newest)
        if self.kind != "DaemonSet":
            self.doc["status"] = {
                "observedGeneration": 2,
                "replicas": len(pods),
                "updatedReplicas": updated,
                "currentRevision": f"db-h{newest if updated == len(pods) else history[0]}",
                "updateRevision": f"db-h{newest}",
            }
        else:
            self.doc["status"] = {
                "observedGeneration": 2,
                "desiredNumberScheduled": len(pods),
                "updatedNumberScheduled": updated,
            }
