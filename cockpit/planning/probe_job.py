"""The plan of a probe in the cluster: a Job whose pods send requests and write one line for each answer. Pure.

The Job ends by itself and is deleted by Kubernetes some time later, so that nothing is left of it if the cockpit dies.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from cockpit.model.counts import counted
from cockpit.model.lazy_re import lazy_re
from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.plan import Act, Change, Plan, Refused, Request, Verb
from cockpit.model.probe_job import LONGEST, JobShape
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import JOBS, SERVICES, Ref
from cockpit.model.rollout import Rollout
from cockpit.model.secret_headers import carries_secret
from cockpit.model.secret_parameters import secret_parameters
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.planning.probe_script import (
    CONTAINER,
    PodLoop,
    container_arguments,
    container_command,
    container_variables,
    literal,
)
from cockpit.planning.refusals import refused

PROBE_LABEL = "rollouts.cockpit/probe"
SIDECAR_LABEL = "sidecar.istio.io/inject"
_OWN_LABELS = {"app.kubernetes.io/name": "cockpit-probe", "app.kubernetes.io/managed-by": "cockpit"}
# Seconds for scheduling and pulling the image, before the deadline cuts the loop.
START_SECONDS = 120
# Seconds that a finished Job stays, so that its log can still be read.
TTL_SECONDS = 120
# Answers per second of one worker, so that each may take 50 ms; more workers than this do not fit into a pod's memory.
_WORKER_RATE, _MOST_WORKERS = 20.0, 32
_MOST_CPU, _MOST_MEMORY = "1", "256Mi"
_HEAVY_RATE = 100.0
# Any user but root; 1337 would be taken for the proxy of Istio.
_USER = 65532
_LABEL_NAME = lazy_re(r"(?=.{1,63}$)[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?")
_LABEL_PREFIX = lazy_re(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_IMAGE = lazy_re(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,500}")


@dataclass(frozen=True, slots=True)
class ProbeLoad:
    """What the pods send together: `rate` answers per second, until there are `count`, for at most `seconds`.

    `headers` select a lane. `timeout` is that of a request, in seconds.
    """

    probe_target: ProbeTarget
    headers: tuple[tuple[str, str], ...]
    rate: float
    count: int | None
    seconds: float
    timeout: float


def probe_job_plan(
    rollout: Rollout, load: ProbeLoad, shape: JobShape, objects: Objects, token: str, workers: int | None = None
) -> Plan | Refused:
    """The plan that creates the Job, or why not.

    `token` is 32 random hex digits that servers do not know; `workers` is how many requests a pod has in flight.
    """
    if why := _why_not(rollout, load, shape, objects):
        return refused(rollout, Act.PROBE, why)
    pods = pods_of(load, shape)
    loop = _loop(load, shape, pods, token, workers)
    name = f"cockpit-probe-{_name_part(rollout.key.name)}-{token[-6:]}"
    ref = Ref(JOBS, rollout.key.namespace, name)
    body = _job(ref, loop, shape, pods)
    return Plan(
        act=Act.PROBE,
        rollout=rollout.key,
        title=f"probe {rollout.key.name} from {counted(pods, 'pod')} of namespace {rollout.key.namespace}",
        changes=(
            Change(
                str(ref),
                "none",
                f"{counted(pods, 'pod')} of {shape.image}, each up to {_MOST_CPU} CPU and {_MOST_MEMORY}",
            ),
            Change(f"requests to {load.probe_target.url}", "0/s", f"{load.rate:g}/s for at most {loop.seconds} s"),
        ),
        requests=(Request(Verb.CREATE, ref, body),),
        expected=(),
        undo=(
            f"the cockpit deletes the Job at the end; without the cockpit it ends within"
            f" {body['spec']['activeDeadlineSeconds']} s and is deleted {TTL_SECONDS} s later"
        ),
        warnings=tuple(_warnings(rollout, load, shape)),
    )


def pods_of(load: ProbeLoad, shape: JobShape) -> int:
    """How many pods send: no more than answers per second, or answers in all."""
    most = min(math.floor(load.rate) or 1, load.count or shape.pods)
    return max(1, min(shape.pods, most))


def read_labels(texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Labels written as KEY=VALUE; ValueError says which one is wrong and why."""
    found: dict[str, str] = {}
    for text in texts:
        key, sign, value = text.partition("=")
        prefix, slash, name = key.rpartition("/")
        if not sign or not _LABEL_NAME.fullmatch(name) or (slash and not _LABEL_PREFIX.fullmatch(prefix)):
            raise ValueError(f"{safe_text(text, 100)}: needs KEY=VALUE with a label key")
        if value and not _LABEL_NAME.fullmatch(value):
            raise ValueError(f"{safe_text(text, 100)}: the value is not one of a label")
        found[key] = value
    return tuple(found.items())


def _why_not(rollout: Rollout, load: ProbeLoad, shape: JobShape, objects: Objects) -> str:
    if load.probe_target.proxy:
        return "pods of the cluster need no proxy: leave out --proxy"
    if load.probe_target.ca_file or load.probe_target.cert_file or load.probe_target.http2 or load.probe_target.cookies:
        return (
            "pods of the cluster send HTTP/1.1, without files of this machine and without cookies: leave out the rest"
        )
    if load.probe_target.service:
        return "pods of the cluster need no way through the API server: give the URL of the Service with --at URL"
    # Those of a lane come from objects of the cluster, where they are readable anyway.
    secret = [name for name, _ in load.probe_target.headers if carries_secret(name)]
    if secret := [*secret, *secret_parameters(load.probe_target.path)]:
        return (
            f"{safe_text(', '.join(secret), 200)} would be readable for everyone who may read Jobs or pods in namespace"
            f" {rollout.key.namespace}: leave it out, or send from this machine, without --from cluster"
        )
    if load.seconds > LONGEST:
        return f"pods send for at most {LONGEST:g} s: give a shorter time or a smaller count"
    if not _IMAGE.fullmatch(shape.image):
        return f"{safe_text(shape.image, 100)} is not the name of an image"
    labels = _labels(shape, "")
    for service in objects.every(SERVICES, rollout.key.namespace):
        selector = service.spec.selector if isinstance(service, Service) else None
        if selector and selector.items() <= labels.items():
            return (
                f"Service {service.metadata.namespace}/{service.metadata.name} selects pods with these labels, so it"
                " would send users to the probe: choose other labels"
            )
    return ""


def _warnings(rollout: Rollout, load: ProbeLoad, shape: JobShape) -> list[str]:
    found = []
    if any(ref.resource.plural == "virtualservices" for ref in rollout.objects) and not _has_sidecar(shape):
        found.append(
            "only pods with a sidecar follow the routes of a mesh: add --label sidecar.istio.io/inject=true, unless"
            f" namespace {rollout.key.namespace} injects it into every pod"
        )
    if load.rate > _HEAVY_RATE:
        found.append(f"{load.rate:g} requests per second are real load for what answers at {load.probe_target.host}")
    named = [name for name, _ in (*load.probe_target.headers, *load.headers)]
    if named:
        found.append(f"who may read Jobs and pods here can read the values of these headers: {', '.join(named)}")
    return found


def _loop(load: ProbeLoad, shape: JobShape, pods: int, token: str, workers: int | None) -> PodLoop:
    rate = load.rate / pods
    needed = workers or math.ceil(rate / _WORKER_RATE)
    of_each = max(1, min(needed, _MOST_WORKERS))
    pause = max(1, round(1000 * of_each / rate))
    seconds = math.ceil(load.seconds)
    fit = math.ceil(seconds * 1000 / pause) * of_each
    count = min(math.ceil(load.count / pods), fit) if load.count else fit
    return PodLoop(
        load.probe_target,
        load.headers,
        workers=min(of_each, count),
        pause_ms=pause,
        count=count,
        seconds=seconds,
        timeout=load.timeout,
        mark=token,
        sidecar=_has_sidecar(shape),
    )


def _has_sidecar(shape: JobShape) -> bool:
    return dict(shape.labels).get(SIDECAR_LABEL, "").lower() == "true"


def _labels(shape: JobShape, name: str) -> dict[str, str]:
    return {**_OWN_LABELS, **dict(shape.labels), PROBE_LABEL: name}


def _name_part(name: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", name.lower())[:30].strip("-") or "rollout"


def _job(ref: Ref, loop: PodLoop, shape: JobShape, pods: int) -> dict[str, Any]:
    labels = _labels(shape, ref.name)
    template: dict[str, Any] = {"labels": labels}
    if loop.sidecar:
        # Without its proxy the first requests would fail (ProxyConfig.holdApplicationUntilProxyStarts).
        template["annotations"] = {"proxy.istio.io/config": '{"holdApplicationUntilProxyStarts": true}'}
    return {
        "apiVersion": JOBS.api_version,
        "kind": JOBS.kind,
        "metadata": {
            "name": ref.name,
            "namespace": ref.namespace,
            "labels": {**_OWN_LABELS, PROBE_LABEL: ref.name},
        },
        "spec": {
            "parallelism": pods,
            "completions": pods,
            "backoffLimit": 0,
            "activeDeadlineSeconds": START_SECONDS + loop.seconds + math.ceil(loop.timeout) + 15,
            "ttlSecondsAfterFinished": TTL_SECONDS,
            "template": {"metadata": template, "spec": _pod(loop, shape, labels)},
        },
    }


def _pod(loop: PodLoop, shape: JobShape, labels: Mapping[str, str]) -> dict[str, Any]:
    """A pod that the restricted Pod Security Standard admits, spread over nodes where there are several."""
    container = {
        "name": CONTAINER,
        "image": shape.image,
        "command": [literal(word) for word in container_command()],
        "args": [literal(word) for word in container_arguments(loop)],
        "env": [{"name": name, "value": literal(value)} for name, value in container_variables(loop).items()],
        "resources": {
            "requests": {"cpu": "50m", "memory": "32Mi"},
            "limits": {"cpu": _MOST_CPU, "memory": _MOST_MEMORY},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": "kubernetes.io/hostname",
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {PROBE_LABEL: labels[PROBE_LABEL]}},
            }
        ],
        "containers": [container],
    }
