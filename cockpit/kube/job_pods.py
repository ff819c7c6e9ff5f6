"""The pods of a Job, and how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from cockpit.kube.api import KubeApi
from cockpit.kube.errors import BadAnswer
from cockpit.kube.paths import list_path
from cockpit.kube.transport import Call
from cockpit.model.refs import PODS, Ref
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass

_PODS_BYTES = 32 << 20
# Reasons of a waiting container that time does not cure (kubelet, pkg/kubelet/images/types.go and container errors).
_HOPELESS = frozenset(
    {"ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError"}
)


@dataclass(frozen=True, slots=True)
class PodProgress:
    """`started` once the container runs or has run, `over` once it has ended; `why` is what keeps it from starting.

    `hopeless` is true if the kubelet has given up, or goes on trying what someone has to correct first.
    """

    name: str
    started: bool
    over: bool
    why: str = ""
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class JobPods:
    """The pods of a Job: those with its label that it owns. `container` is the one that counts."""

    job: Ref
    uid: str
    label: tuple[str, str]
    container: str


class _Waiting(msgspec.Struct):
    reason: str | None = None
    message: str | None = None


class _Terminated(msgspec.Struct, rename="camel"):
    exit_code: int = 0
    reason: str | None = None
    message: str | None = None


class _State(msgspec.Struct):
    waiting: _Waiting | None = None
    running: dict[str, Any] | None = None
    terminated: _Terminated | None = None


class _Container(msgspec.Struct):
    name: str = ""
    state: _State | None = None


class _Condition(msgspec.Struct):
    type: str = ""
    status: str = ""
    reason: str | None = None
    message: str | None = None


class _Status(msgspec.Struct, rename="camel"):
    phase: str | None = None
    reason: str | None = None
    message: str | None = None
    conditions: list[_Condition] | None = None
    container_statuses: list[_Container] | None = None


class _Owner(msgspec.Struct):
    uid: str = ""


class _Meta(msgspec.Struct, rename="camel"):
    name: str
    owner_references: list[_Owner] | None = None


class _Pod(msgspec.Struct):
    metadata: _Meta
    status: _Status | None = None


class _Pods(msgspec.Struct):
    items: list[_Pod] | None = None


async def progress_of(api: KubeApi, sought: JobPods) -> Sequence[PodProgress]:
    """The pods by name. Raises KubeError."""
    query = {"labelSelector": "=".join(sought.label)}
    what = f"pods of {sought.job}"
    call = Call("GET", list_path(PODS, sought.job.namespace), query, what=what)
    body = await api.transport.fetch(call, limit=_PODS_BYTES)
    try:
        found = msgspec.json.decode(body, type=_Pods).items or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"not a list of pods ({error})", context=api.context, what=what) from None
    owned = [pod for pod in found if any(owner.uid == sought.uid for owner in pod.metadata.owner_references or ())]
    return sorted((_progress(pod, sought.container) for pod in owned), key=lambda pod: pod.name)


def _progress(pod: _Pod, container: str) -> PodProgress:
    status = pod.status or _Status()
    state = next((c.state for c in status.container_statuses or () if c.name == container), None) or _State()
    over = state.terminated is not None or status.phase in ("Succeeded", "Failed")
    hopeless = state.waiting is not None and state.waiting.reason in _HOPELESS
    return PodProgress(pod.metadata.name, over or state.running is not None, over, _why(status, state), hopeless)


def _why(status: _Status, state: _State) -> str:
    """What keeps the container from starting or made it fail; "" if nothing does."""
    if state.terminated and state.terminated.exit_code:
        return _words(state.terminated.reason or f"exit code {state.terminated.exit_code}", state.terminated.message)
    if state.waiting and state.waiting.reason not in (None, "ContainerCreating", "PodInitializing"):
        return _words(state.waiting.reason, state.waiting.message)
    if status.phase == "Failed":
        return _words(status.reason or "failed", status.message)
    for condition in status.conditions or ():
        if condition.type == "PodScheduled" and condition.status == "False":
            return _words(condition.reason, condition.message)
    return ""


def _words(reason: str | None, message: str | None) -> str:
    return safe_text(": ".join(text for text in (reason, message) if text), 300)
