"""Who wrote an object, by `metadata.managedFields`: an entry whose time moved, or that is new, is of whoever wrote."""

from __future__ import annotations

from collections.abc import Mapping

from cockpit.model.ages import seconds_since_epoch
from cockpit.model.objects import Meta, Obj
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass

# Field managers are the names of programs unless a client sets one; those that act by themselves, not for a person.
_CONTROLLERS = {
    "kube-controller-manager": "kube-controller-manager",
    "rollouts-controller": "the Argo Rollouts controller",
    "argo-rollouts": "the Argo Rollouts controller",
    "rollouts": "the Argo Rollouts controller",
    "kruise-manager": "the Kruise controller",
    "kruise-rollout": "the Kruise Rollouts controller",
    "flagger": "Flagger",
    "manager": "a controller (manager)",
}
# What brings a person's or a pipeline's wish, by how its name begins.
_TOOLS = {
    "kubectl": "kubectl",
    "argocd": "Argo CD",
    "kustomize-controller": "Flux",
    "helm-controller": "Flux",
    "helm": "Helm",
    "terraform": "Terraform",
    "k9s": "k9s",
    "node-fetch": "a client in Node.js, such as Lens",
    "dashboard": "the Kubernetes Dashboard",
}

Managers = Mapping[tuple[str, str, str], str]


@dataclass(frozen=True, slots=True)
class Writer:
    """`manager` as the API server notes it, `words` who that is; `at` is UTC seconds, None if it is not noted.

    `controller` is true for what acts by itself.
    """

    manager: str
    words: str
    at: float | None = None
    controller: bool = False


UNNAMED = Writer("", "an unknown writer")


def managers_of(obj: Obj | None) -> Managers:
    """When each manager last wrote the object itself, by manager, operation and subresource; not its status."""
    meta = obj.metadata if obj else None
    fields = (meta.managed_fields or ()) if isinstance(meta, Meta) else ()
    return {(each.manager, each.operation, each.subresource): each.time for each in fields if _of_itself(each)}


def _of_itself(each: object) -> bool:
    return getattr(each, "subresource", "") != "status"


def writer_between(before: Managers, after: Managers) -> Writer | None:
    """Whoever wrote last between two readings of an object; None if nobody is noted.

    A controller only where nobody else did: it follows what others set. A write that only removes fields leaves no
    trace in managedFields.
    """
    moved = _moved(before, after)
    return last_writer({key: time for key, time in moved.items() if not writer(key[0], None).controller} or moved)


def controller_between(before: Managers, after: Managers) -> Writer | None:
    """The controller that wrote last between two readings of an object; None if none did."""
    moved = _moved(before, after)
    return last_writer({key: time for key, time in moved.items() if writer(key[0], None).controller})


def _moved(before: Managers, after: Managers) -> Managers:
    return {key: time for key, time in after.items() if before.get(key) != time}


def last_writer(managers: Managers) -> Writer | None:
    """The manager with the newest time."""
    if not managers:
        return None
    key, time = max(managers.items(), key=lambda item: (seconds_since_epoch(item[1]) or 0.0, item[0]))
    return writer(key[0], seconds_since_epoch(time), key[2])


def last_write(obj: Obj) -> str | None:
    """When an object itself was last written, not its status (RFC 3339); None if that is not noted."""
    times = [time for time in managers_of(obj).values() if seconds_since_epoch(time) is not None]
    return max(times, key=lambda time: seconds_since_epoch(time) or 0.0, default=obj.metadata.creation_timestamp)


def unseen_since(obj: Obj) -> str | None:
    """Since when an object has a change that its controller has not seen: the first after it last wrote the status.

    Of each manager only the last write is noted, so that it may be older.
    """
    fields = (obj.metadata.managed_fields or ()) if isinstance(obj.metadata, Meta) else ()
    said = [e for e in fields if not _of_itself(e) and writer(e.manager, None).controller]
    last = max((seconds_since_epoch(each.time) or 0.0 for each in said), default=None)
    times = {time: at for time in managers_of(obj).values() if (at := seconds_since_epoch(time)) is not None}
    later = [time for time, at in times.items() if last is not None and at > last]
    return min(later, key=lambda time: times[time], default=None) or last_write(obj)


def writer(manager: str, at: float | None, subresource: str = "") -> Writer:
    """A manager in words."""
    name, low = safe_text(manager, 100), manager.lower()
    if low in _CONTROLLERS:
        words = _CONTROLLERS[low] + (f" by {safe_text(subresource, 40)}" if subresource else "")
        return Writer(name, words, at, controller=True)
    known = next((words for start, words in _TOOLS.items() if low.startswith(start)), "")
    words = known if not known or known.lower() == low else f"{known} ({name})"
    return Writer(name, words or name or UNNAMED.words, at, controller=not known and low.endswith("-controller"))
