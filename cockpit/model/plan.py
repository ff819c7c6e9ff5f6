"""Acts and plans: what a user requests, and what would be sent. Pure data."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from cockpit.model.kubectl import kubectl_words
from cockpit.model.lanes import CLOSE, DEFAULT_LANE
from cockpit.model.redact import HIDDEN, redacted
from cockpit.model.refs import PODS, Ref, RolloutKey
from cockpit.model.rights import Right, right
from cockpit.model.shell_line import shell_line
from cockpit.model.values import dataclass

_HIDDEN_VALUES = f'values that may be confidential are "{HIDDEN}" in the kubectl line: fill them in before running it'


class Act(StrEnum):
    """The acts, by their names in the command line and the journal."""

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
    PROBE = "probe"
    DISARM = "disarm"


# Acts that no adapter plans: the session does, from what it sent, measures, or guards.
OF_THE_SESSION = (Act.UNDO, Act.PROBE, Act.DISARM)


@dataclass(frozen=True, slots=True)
class Ask:
    """One act with its arguments; weights and counts by version name, weights as fractions of 1.

    `by` chooses between methods, by the `id` of one of `ActState.ways`.
    `step` counts from 1. `image` is (container, image) of set-image, the container "" where there is only one.
    `steps` are the planned shares of the new version of a rollout without a controller; none ends the plan.
    `at` is the time of the request (RFC 3339), for systems that record a time; the session sets it. For DISARM, `by` is
    the guard's id.
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
class ActWay:
    """One of several methods for an act: its id for `Ask.by`, its description, and why it is unavailable now."""

    id: str
    words: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class ActState:
    """Whether an act applies now; `why` is the reason if not.

    `ways` are the methods if there are several, the usual one first. `versions` are the names to choose from if the
    user must choose; empty if the act itself determines the version, or applies to all. `leads` is where it leads if
    nothing is named, in a few words that follow its key, such as "sends everyone to v1"; "" where the act's name says
    it. `undoable` is whether requests can undo it. `notes` are what a choice says of some of the `versions`, such as
    that one took the traffic before. `told` are the acts that `why` tells the user to do instead (`model.advice`).
    """

    act: Act
    enabled: bool
    why: str = ""
    ways: tuple[ActWay, ...] = ()
    versions: tuple[str, ...] = ()
    leads: str = ""
    undoable: bool = True
    notes: tuple[tuple[str, str], ...] = ()
    told: tuple[Act, ...] = ()

    def note(self, version: str) -> str:
        """What a choice says of a version; "" if nothing."""
        return next((words for name, words in self.notes if name == version), "")


class Verb(StrEnum):
    PATCH = "patch"
    CREATE = "create"
    DELETE = "delete"


class PatchType(StrEnum):
    MERGE = "application/merge-patch+json"
    JSON = "application/json-patch+json"


@dataclass(frozen=True, slots=True)
class Request:
    """One write. It carries its own precondition, so that the server refuses it if the object has changed.

    A merge patch has `metadata.resourceVersion` (409 when stale), a JSON patch has `test` operations
    (422 when they fail), a delete has `preconditions` with uid and, if useful, resourceVersion.
    `body` is JSON as Python values; for CREATE the whole object, for DELETE the DeleteOptions.
    `consumed` marks a write that a controller consumes and clears (an approval in a status): the object need not
    show it afterwards. `context` is the cluster to send it to, if that is not the rollout's. `fleeting` is a patch
    of an object that may be gone by then (a pod): in that case there is nothing to patch, and it is not a failure.
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

    @property
    def right(self) -> Right:
        """The right that it needs."""
        return right(self.verb.value, self.ref.resource, self.subresource)

    def command(self, context: str) -> str:
        """The equivalent kubectl line for display: values that may be confidential are "(hidden)".

        `context` is the rollout's.
        """
        body = json.dumps(redacted(self.body), separators=(",", ":"))
        place = kubectl_words(self.context or context, self.ref.namespace)
        what = f"{self.ref.resource.kubectl_name}/{self.ref.name}"
        match self.verb:
            case Verb.PATCH:
                kind = "merge" if self.patch is PatchType.MERGE else "json"
                words = [*place, "patch", what, f"--type={kind}", "-p", body]
                if self.subresource:
                    words.insert(-3, f"--subresource={self.subresource}")
                return shell_line(words)
            case Verb.DELETE:
                return shell_line([*place, "delete", what])
            case Verb.CREATE:
                return shell_line([*place, "create", "-f", "-"], stdin=body)


def _name(request: Request) -> str:
    return f"{request.verb} {request.ref}" + (f" ({request.subresource})" if request.subresource else "")


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the preview: what, before, after; such as ("v2 in default", "30%", "50%")."""

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.what} {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class Expected:
    """Expected result: the written share of a version in a lane, as a fraction of 1."""

    lane: str
    version: str
    share: float


@dataclass(frozen=True, slots=True)
class Milestone:
    """The state to which a controller must bring the rollout; every condition that is set must hold.

    `phases` and `not_phases` are values of `rollout.Phase`; steps count from 1. A rollout without a step has left
    every step. `stable` is the version that must be the stable (or active) one, `identity` the same by one of
    `Version.identity`, for a version whose name is not known yet. `replaced` is the identity of a version that must
    have no pods left.
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

    `requests` are sent in order, each after the previous one was answered. Afterwards `expected` must be written and
    observed, `pods` gives the number of ready pods by version, and the objects in `gone` must be gone. `inverse`
    undoes the patches, guarded by the values written here; a delete is undone by creating the object again as it was
    read just before. `raises` is true if more users will get the new version: sending then needs a deliberate choice.
    `final` is true where the adapter knows that everyone gets the new version in the end, which `expected` may not say.
    `risky` is true where the version that it leads to may not serve, as far as the objects tell: sending then needs a
    deliberate choice, and no guard sends it.
    `reaches` distinguishes "the controller did it" from "the API server accepted it". `replaces` is the version whose
    template is replaced by another one, "" for an act that writes no template. `ends_outage` says so where nobody is
    answered now and it leads requests to ready pods: then nobody loses what works.
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
    replaces: str = ""
    risky: bool = False
    ends_outage: str = ""

    @property
    def exposes(self) -> bool:
        """Whether users who are answered now get more of the new version."""
        return (self.raises or self.final) and not self.ends_outage

    @property
    def decisive(self) -> bool:
        """Whether everyone gets the new version, or objects are deleted: production contexts then ask for the name.

        The act's name does not matter: a flip exposes everyone as a promotion does. Pods are made again by their
        owners.
        """
        return ((self.final or self.everyone) and not self.ends_outage) or self.destroys

    @property
    def undoable(self) -> bool:
        """Whether requests can undo it; else `undo` only says what can be done instead."""
        made = (r.verb is Verb.CREATE or (r.verb is Verb.DELETE and r.ref.resource != PODS) for r in self.requests)
        return bool(self.inverse) or any(made)

    @property
    def everyone(self) -> bool:
        """Whether all usual requests get a version that users did not have."""
        return self.raises and any(e.lane == DEFAULT_LANE and e.share > 1 - CLOSE for e in self.expected)

    @property
    def destroys(self) -> bool:
        """Whether an object is deleted that nothing makes again."""
        return any(request.verb is Verb.DELETE and request.ref.resource != PODS for request in self.requests)

    def commands(self) -> tuple[str, ...]:
        """The equivalent kubectl lines, in order."""
        return tuple(request.command(self.rollout.context) for request in self.requests)

    def cautions(self) -> tuple[str, ...]:
        """The warnings, and a note if the kubectl lines have hidden values."""
        hidden = any(redacted(request.body) != request.body for request in self.requests)
        return (*self.warnings, _HIDDEN_VALUES) if hidden else self.warnings

    def words(self, request: Request) -> str:
        """A unique description of a request within the plan: `patch Service shop/web (status)`."""
        alike = [each for each in self.requests if _name(each) == _name(request)]
        if len(alike) < 2:
            return _name(request)
        number = next((n for n, each in enumerate(alike, 1) if each is request), 0)
        return f"{_name(request)} ({number} of {len(alike)})" if number else _name(request)


@dataclass(frozen=True, slots=True)
class Refused:
    """No plan, and why: what happened, to which object in which cluster, what to do next.

    `told` are the acts that the reason tells the user to do (`model.advice`).
    """

    act: Act
    rollout: RolloutKey
    why: str
    told: tuple[Act, ...] = ()
