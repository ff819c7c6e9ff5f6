"""Which pod's log tells most, which versions to compare, and what can be copied of an object; pure."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.model.health import Level
from cockpit.model.refs import Ref, RolloutKey
from cockpit.model.rollout import PodCell, PodState, Role, Rollout, Version
from cockpit.model.view import RolloutView
from cockpit.tui.copying import Copy, kubectl, name_copies
from cockpit.tui.text import BASES, RELEASED

# Pods that say most about what is wrong come first.
_TELLING = (PodState.FAILING, PodState.STARTING, PodState.READY, PodState.LEAVING)


def failing_versions(view: RolloutView) -> list[Version]:
    """The versions that fail: with pods that fail first, then those whose answers fail more than they may."""
    with_pods = [v for v in view.rollout.versions if any(pod.state is PodState.FAILING for pod in v.pods)]
    accused = {
        each.version
        for each in view.probe.health
        if max(each.failing, each.worse, each.slower) >= Level.DOUBTFUL and each.version
    }
    answers = [v for v in view.rollout.versions if v.name in accused and v not in with_pods]
    return [*with_pods, *answers]


def telling_pod(view: RolloutView) -> tuple[Version, PodCell] | None:
    """The pod whose log to open where nobody chose one: of a version that fails, if one does, else of the version
    being released. None without pods.
    """
    failing = [each for each in failing_versions(view) if each.pods]
    rest = sorted((v for v in view.rollout.versions if v.pods), key=lambda version: version.role not in RELEASED)
    first = next(iter([*failing, *rest]), None)
    return (first, most_telling(first.pods)) if first else None


def most_telling(pods: Sequence[PodCell]) -> PodCell:
    """The first of the pods that say most."""
    return min(pods, key=lambda pod: _TELLING.index(pod.state))


def compared(rollout: Rollout) -> tuple[str, str] | None:
    """The names of the versions to compare: what the release starts from, and what is released; None if only one."""
    own = rollout.own_versions
    if len(own) < 2:
        return None
    new = next((v for v in own if v.role in RELEASED), own[-1])
    bases = [v for v in own if v is not new]
    old = min(bases, key=lambda v: BASES.index(v.role) if v.role in BASES else len(BASES))
    return (new.name, old.name) if new.role is Role.OLD else (old.name, new.name)


def object_copies(context: str, ref: Ref) -> tuple[Copy, ...]:
    """The name of an object and the kubectl command that reads it."""
    return Copy("name", ref.name), Copy("kubectl command", kubectl(context, ref, "get", "-o", "yaml"))


def rollout_copies(rollout: Rollout) -> tuple[Copy, ...]:
    """The names of a rollout and the kubectl command that reads its first object."""
    key: RolloutKey = rollout.key
    objects = rollout.objects[:1]
    command = [Copy("kubectl command", kubectl(key.context, ref, "get", "-o", "yaml")) for ref in objects]
    return (*name_copies(key), *command)
