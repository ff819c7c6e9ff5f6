"""Acts and plans: what a person asks for, and what would be sent. Pure data."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cockpit.model.redact import HIDDEN, redacted
from cockpit.model.refs import Ref, RolloutKey

_HIDDEN_VALUES = f'values that may be confidential are "{HIDDEN}" in the kubectl line: it cannot be pasted as it is'


class Act(StrEnum):
    """The words of the command line and of the journal."""

    SET_WEIGHT = "set-weight"
    HEADER = "header"
    FLIP = "flip"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    UNDO = "undo"
    FINISH = "finish"
    SCALE = "scale"
    APPROVE = "approve"
    PAUSE = "pause"
    RESUME = "resume"
    ABORT = "abort"
    RETRY = "retry"
    JUMP = "jump"
    SET_IMAGE = "set-image"
    RESTART = "restart"
    ENABLE = "enable"
    DISABLE = "disable"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Ask:
    """One act with its arguments; weights and counts by version name, weights as fractions of 1.

    `by` chooses between ways to the same end: "selector" or "backend" for promote on an Ingress.
    `step` counts from 1. `image` is (container, image) of set-image, the container "" where there is only one.
    `steps` are the shares of the new version, step by step, that a `manual` rollout is to take; none ends the plan.
    `at` is when it was asked (RFC 3339), for systems that are told a time; a session fills it in.
    """

    act: Act
    version: str | None = None
    weights: tuple[tuple[str, float], ...] = ()
    counts: tuple[tuple[str, int], ...] = ()
    header: tuple[str, str] | None = None
    by: str | None = None
    step: int | None = None
    image: tuple[str, str] | None = None
    steps: tuple[float, ...] = ()
    at: str = ""


@dataclass(frozen=True, slots=True)
class ActState:
    """Whether an act applies now; `why` says why not."""

    act: Act
    enabled: bool
    why: str = ""


class Verb(StrEnum):
    PATCH = "patch"
    CREATE = "create"
    DELETE = "delete"


class PatchType(StrEnum):
    MERGE = "application/merge-patch+json"
    JSON = "application/json-patch+json"


@dataclass(frozen=True, slots=True)
class Request:
    """One write. It carries its own precondition, so that a changed object refuses it.

    A merge patch has `metadata.resourceVersion` (409 when stale), a JSON patch has `test` operations
    (422 when they fail), a delete has `preconditions` with uid and where useful resourceVersion.
    `body` is JSON as Python values; for CREATE the whole object, for DELETE the DeleteOptions.
    `consumed` marks a write that a controller takes up and clears (an approval in a status): that the object does
    not show it afterwards does not say that it was not taken. `context` is where it is sent, if that is another
    cluster than the rollout's. `fleeting` is a patch of an object that may be gone by then (a pod): that is no
    failure, there is nothing left to patch.
    """

    verb: Verb
    ref: Ref
    body: Any
    patch: PatchType | None = None
    subresource: str | None = None
    guard: str = ""
    consumed: bool = False
    context: str = ""
    fleeting: bool = False

    def command(self, context: str) -> str:
        """The kubectl line that would send the same, for people: values that may be confidential are "(hidden)".

        `context` is the rollout's.
        """
        body = json.dumps(redacted(self.body), separators=(",", ":"))
        place = ["kubectl", "--context", self.context or context, "-n", self.ref.namespace]
        what = f"{self.ref.resource.kubectl_name}/{self.ref.name}"
        match self.verb:
            case Verb.PATCH:
                kind = "merge" if self.patch is PatchType.MERGE else "json"
                words = [*place, "patch", what, f"--type={kind}", "-p", body]
                if self.subresource:
                    words.insert(-3, f"--subresource={self.subresource}")
                return shlex.join(words)
            case Verb.DELETE:
                return shlex.join([*place, "delete", what])
            case Verb.CREATE:
                return f"{shlex.join([*place, 'create', '-f', '-'])} <<< {shlex.quote(body)}"


def _name(request: Request) -> str:
    return f"{request.verb} {request.ref}" + (f" ({request.subresource})" if request.subresource else "")


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the preview: what, from, to; such as ("v2 in default", "30%", "50%")."""

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.what} {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be seen afterwards: the written share of a version in a lane, as a fraction of 1."""

    lane: str
    version: str
    share: float


@dataclass(frozen=True, slots=True)
class Milestone:
    """Where a controller must be seen to have brought the rollout; every condition that is set has to hold.

    `phases` and `not_phases` are words of `rollout.Phase`; a step counts from 1. A rollout that has no step any more
    has left every step. `stable` is the version that must be the stable (or active) one, `identity` the same by one
    of `Version.identity`, for a version whose name is not known yet. `replaced` is the identity of a version that
    must have no pods any more.
    """

    words: str
    phases: tuple[str, ...] = ()
    not_phases: tuple[str, ...] = ()
    left_step: int | None = None
    at_step: int | None = None
    stable: str | None = None
    identity: str | None = None
    replaced: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What an act will do.

    `requests` are sent in order, each only after the one before was answered; afterwards `expected` must
    be what is written and observed, of each version in `pods` so many pods must be ready, and the objects
    in `gone` must be gone. `inverse` undoes the patches,
    guarded by the values written here; a delete is undone by creating the object again as it was read
    just before. `raises` is true where more users will get the new version: sending is then deliberate.
    `final` is true for a full promotion or a deletion, for which production asks for the name.
    `reaches` is what tells "the controller did it" from "the API server accepted it".
    """

    act: Act
    rollout: RolloutKey
    title: str
    changes: tuple[Change, ...]
    requests: tuple[Request, ...]
    expected: tuple[Expected, ...]
    gone: tuple[Ref, ...] = ()
    inverse: tuple[Request, ...] = ()
    undo: str = ""
    warnings: tuple[str, ...] = ()
    raises: bool = False
    final: bool = False
    pods: tuple[tuple[str, int], ...] = ()
    reaches: Milestone | None = None

    def commands(self) -> tuple[str, ...]:
        """The equivalent kubectl lines, in order."""
        return tuple(request.command(self.rollout.context) for request in self.requests)

    def cautions(self) -> tuple[str, ...]:
        """The warnings, and that a kubectl line cannot be used as it is where values in it are hidden."""
        hidden = any(redacted(request.body) != request.body for request in self.requests)
        return (*self.warnings, _HIDDEN_VALUES) if hidden else self.warnings

    def words(self, request: Request) -> str:
        """A request by what tells it from the others of the plan: `patch Service shop/web (status)`."""
        alike = [each for each in self.requests if _name(each) == _name(request)]
        if len(alike) < 2:
            return _name(request)
        number = next((n for n, each in enumerate(alike, 1) if each is request), 0)
        return f"{_name(request)} ({number} of {len(alike)})" if number else _name(request)


@dataclass(frozen=True, slots=True)
class Refused:
    """No plan, and why: what happened, to which object in which cluster, what to do next."""

    act: Act
    rollout: RolloutKey
    why: str
