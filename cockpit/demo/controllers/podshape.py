"""The annotations that shape the life of a pod, and the status it has at each stage of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from cockpit.demo.schemas.objects import Object

Fate = Literal["ready", "crash", "stuck"]
SHORTEST_START, JITTER = 0.3, 1.5
LONGEST_DELAY = 86_400.0
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h)?", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class Shape:
    """The outcome of a pod, and how many seconds it takes to start and to end."""

    fate: Fate
    start: float
    end: float


def shape_of(pod: Object) -> Shape:
    """Read from the annotations; what cannot be read counts as absent."""
    annotations = pod["metadata"].get("annotations") or {}
    uid = pod["metadata"].get("uid", "")
    images = [container.get("image", "") for container in containers(pod)]
    fate: Fate = "ready"
    if annotations.get("demo.cockpit/fate") in ("crash", "stuck"):
        fate = annotations["demo.cockpit/fate"]
    elif any(re.search(r":[^/]*bad", image) for image in images):
        fate = "crash"
    asked = seconds(annotations.get("demo.cockpit/ready-delay"))
    start = SHORTEST_START + JITTER * fraction(uid, "start") if asked is None else asked
    return Shape(fate, start, 0.2 + fraction(uid, "end"))


def containers(pod: Object) -> list[dict[str, Any]]:
    """The containers of a pod."""
    return [entry for entry in (pod.get("spec") or {}).get("containers") or [] if isinstance(entry, dict)]


def seconds(text: object) -> float | None:
    """ "5s", "300ms", "2m" or plain seconds; None for anything else."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if not found:
        return None
    return min(float(found[1]) * _UNITS[found[2] or "s"], LONGEST_DELAY)


def fraction(uid: str, salt: str) -> float:
    """A number in [0, 1) that is the same for a pod each time it is asked."""
    return int.from_bytes(sha256(f"{salt}/{uid}".encode()).digest()[:6], "big") / 2**48


def pod_ip(pod: Object) -> str:
    """An address in 10.244.0.0/16, made from the uid."""
    number = int(fraction(pod["metadata"].get("uid", ""), "ip") * 65_000)
    return f"10.244.{number // 250}.{number % 250 + 2}"


def status_at(pod: Object, stage: Literal["creating", "running", "ready"], now: str, host: str) -> dict[str, Any]:
    """The status of a healthy pod at one stage."""
    before = pod.get("status") or {}
    up, running = stage == "ready", stage != "creating"
    gates = [gate.get("conditionType", "") for gate in pod["spec"].get("readinessGates") or []]
    held = {entry["type"]: entry for entry in before.get("conditions") or [] if entry.get("type") in gates}
    open_gates = all(held.get(gate, {}).get("status") == "True" for gate in gates)
    unready = {"reason": "ContainersNotReady", "message": "containers with unready status"}
    wishes: list[tuple[str, bool, dict[str, str]]] = [
        ("PodReadyToStartContainers", running, {}),
        ("Initialized", True, {}),
        ("Ready", up and open_gates, unready),
        ("ContainersReady", up, unready),
        ("PodScheduled", True, {}),
    ]
    started = _started_at(before) or now
    status: dict[str, Any] = {
        "phase": "Running" if running else "Pending",
        "conditions": [*_conditions(before, wishes, now), *held.values()],
        "hostIP": host,
        "startTime": before.get("startTime") or now,
        "qosClass": "BestEffort",
        "containerStatuses": [_container(entry, running, up, started) for entry in containers(pod)],
    }
    if running:
        status["podIP"] = before.get("podIP") or pod_ip(pod)
        status["podIPs"] = [{"ip": status["podIP"]}]
    return status


def crashed(pod: Object, now: str, host: str, restarts: int) -> dict[str, Any]:
    """The status of a pod whose containers end as soon as they start."""
    status = status_at(pod, "running", now, host)
    backoff = min(10 * 2 ** min(max(restarts - 1, 0), 5), 300)
    for entry in status["containerStatuses"]:
        entry["restartCount"] = restarts
        entry["started"] = False
        entry["lastState"] = {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": now, "finishedAt": now}}
        entry["state"] = {
            "waiting": {
                "reason": "CrashLoopBackOff",
                "message": f"back-off {backoff}s restarting failed container={entry['name']}",
            }
        }
    return status


def restarts_of(pod: Object) -> int:
    """How often the containers were started again."""
    return max((s.get("restartCount", 0) for s in (pod.get("status") or {}).get("containerStatuses") or []), default=0)


def _conditions(
    before: dict[str, Any], wishes: list[tuple[str, bool, dict[str, str]]], now: str
) -> list[dict[str, Any]]:
    known = {entry.get("type"): entry for entry in before.get("conditions") or []}
    result = []
    for type_, holds, otherwise in wishes:
        status = "True" if holds else "False"
        same = known.get(type_, {}).get("status") == status
        since = known[type_].get("lastTransitionTime", now) if same else now
        entry = {"type": type_, "status": status, "lastProbeTime": None, "lastTransitionTime": since}
        result.append(entry | ({} if holds else otherwise))
    return result


def _started_at(before: dict[str, Any]) -> str | None:
    for entry in before.get("containerStatuses") or []:
        started = ((entry.get("state") or {}).get("running") or {}).get("startedAt")
        if started:
            return str(started)
    return None


def _container(container: dict[str, Any], running: bool, up: bool, started: str) -> dict[str, Any]:
    image = container.get("image", "")
    name = container.get("name", "")
    status: dict[str, Any] = {
        "name": name,
        "image": image,
        "imageID": f"{image}@sha256:{sha256(image.encode('utf-8', 'replace')).hexdigest()}" if running else "",
        "ready": up,
        "started": running,
        "restartCount": 0,
        "lastState": {},
        "state": {"running": {"startedAt": started}} if running else {"waiting": {"reason": "ContainerCreating"}},
    }
    if running:
        status["containerID"] = f"containerd://{sha256(f'{name}{started}'.encode('utf-8', 'replace')).hexdigest()}"
    return status
