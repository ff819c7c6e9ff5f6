"""Undo of what was sent: inverse patches, and deleted objects created again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import replace
from typing import Any

from cockpit.model.lanes import CLOSE
from cockpit.model.plan import Act, Change, Expected, Milestone, Plan, Refused, Request, Verb
from cockpit.model.reasons import NOTHING_TO_UNDO
from cockpit.model.refs import PODS, Ref, RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.values import dataclass
from cockpit.model.view import Undoing
from cockpit.planning.earlier_version import why_failing
from cockpit.planning.led_away import led_from_nowhere, left_by, reached_again, shares_before, took_everybody
from cockpit.planning.outage import with_outage
from cockpit.planning.undo_of_others import OthersAct, as_told, shows_undone, why_not_asked
from cockpit.planning.wording import no_undo_of, rolled_back_from
from cockpit.session.acts.safety import undo_risks, why_nowhere, why_undo_is_unsafe
from cockpit.session.acts.undo_file import UndoFile

# Deep enough in practice; each step can hold whole objects.
_DEEPEST = 20
# Ids of acts that were undone, or are said to be, that are remembered: an Event about one may be read again.
_MOST_UNDONE = 500

_OWN = "you"

# Set by the server or a controller; a create with them is refused or means something else.
_SERVER_OWNED_METADATA = (
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
)
_CONTROLLER_ANNOTATIONS = ("deployment.kubernetes.io/revision",)
# Finalizers of a deletion in progress (kubernetes.io garbage collection).
_DELETION_FINALIZERS = ("foregroundDeletion", "orphan")


@dataclass(frozen=True, slots=True)
class SentAct:
    """One request that took effect. `before` is the object read just before a deletion, `after` the response."""

    request: Request
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class UndoStep:
    """What undoes one act. `expected` are the previous written shares, if the act was done completely.

    `restores` are those shares in any case: their versions must have ready pods before they are written. `id` is that
    of the act in the journal, `at` when it was sent (UTC seconds). `told` is set for an act of another session, whose
    inverse is planned when it is asked for; `did` is the act of this machine as others know it. `final`: the inverse
    gives everybody the new version again. `nowhere`: before the act no version took the traffic. `left` are the
    versions that it rolled back from, `hurt` what was wrong when it was sent. `reaches` is when its controller
    has undone it.
    """

    title: str
    requests: tuple[Request, ...]
    changes: tuple[Change, ...]
    expected: tuple[Expected, ...]
    gone: tuple[Ref, ...] = ()
    raises: bool = False
    missing: str = ""  # what it cannot undo
    restores: tuple[Expected, ...] = ()
    pods: tuple[tuple[str, int], ...] = ()
    crashing: tuple[tuple[str, str], ...] = ()  # versions that it leads to whose pods failed, and why, before the act
    id: str = ""
    at: float = 0.0
    told: OthersAct | None = None
    did: OthersAct | None = None
    final: bool = False
    nowhere: bool = False
    left: tuple[str, ...] = ()
    hurt: tuple[str, ...] = ()
    reaches: Milestone | None = None


Instead = Callable[[UndoStep], str]


def _nothing(step: UndoStep) -> str:
    return ""


class UndoStack:
    """Undo steps by rollout, the latest act on top. An undo removes its step and adds none.

    With a file they outlive the process and include acts of other processes on this machine. Acts that other sessions
    tell of live as long as this process.
    """

    def __init__(self, file: UndoFile[UndoStep] | None = None) -> None:
        self._steps: dict[RolloutKey, list[UndoStep]] = {}
        self._others: dict[RolloutKey, list[UndoStep]] = {}
        self._undone: dict[str, None] = {}
        self._claimed: dict[str, None] = {}
        self._latest: dict[RolloutKey, str] = {}
        self._file = file

    def push(self, key: RolloutKey, step: UndoStep) -> None:
        self._change(key, lambda steps: [*steps, step][-_DEEPEST:])

    def adopt(self, rollout: Rollout, current: Collection[RolloutKey]) -> None:
        """Adopt the steps stored under another name of this rollout, unless a rollout has that name now."""
        self._catch_up()
        if self._steps.get(rollout.key):
            return
        former = [key for key, steps in self._steps.items() if steps and key not in current and rollout.was(key)]
        if len(former) == 1:
            adopted = self._steps[former[0]]
            self._change(rollout.key, lambda steps: steps or adopted)
            self._change(former[0], lambda steps: [])

    def top(self, key: RolloutKey, rollout: Rollout | None = None) -> UndoStep | None:
        """The step of the last act on a rollout, of this session or of another; `rollout` is its current state."""
        self._catch_up()
        others = [step for step in self._others.get(key, ()) if not self._is_over(step, rollout)]
        # At the same moment another's comes first: it was heard of after an act of this machine was sent.
        last = [steps[-1] for steps in (others, self._steps.get(key)) if steps]
        return max(last, key=lambda step: step.at, default=None)

    def standing(self, key: RolloutKey, rollout: Rollout, instead: Instead = _nothing) -> tuple[Undoing | None, str]:
        """The act that an undo would reverse, and why it certainly cannot: "" if it may.

        `instead` says what leads back now where it cannot.
        """
        step = self.top(key, rollout)
        if step is None:
            return None, ""
        if step.told is not None:
            return Undoing(step.title, step.told.who), why_not_asked(step.told, rollout)
        why = why_nowhere(step.requests, rollout) if step.nowhere else ""
        return Undoing(step.title), why if step.requests else _why_none(step, instead)

    def changed(self) -> set[RolloutKey]:
        """The rollouts whose last act from this machine is another than at the last call."""
        self._catch_up()
        before, self._latest = self._latest, {key: steps[-1].id for key, steps in self._steps.items() if steps}
        return {key for key in before.keys() | self._latest.keys() if before.get(key) != self._latest.get(key)}

    def _is_over(self, step: UndoStep, rollout: Rollout | None) -> bool:
        """Whether another's act was undone: somebody says so, and the objects show it, as far as they are there."""
        if step.id not in self._claimed:
            return False
        return step.told is None or rollout is None or shows_undone(step.told, rollout)

    def learn(self, key: RolloutKey, step: UndoStep) -> None:
        """Another session tells of an act on a rollout, or tells more of it; an act of this machine is known better."""
        self._catch_up()
        if step.id in self._undone or any(step.id == mine.id for mine in self._steps.get(key, ())):
            return
        others = [kept for kept in self._others.get(key, ()) if kept.id != step.id]
        self._others[key] = sorted([*others, step], key=lambda each: each.at)[-_DEEPEST:]

    def claim(self, id_: str) -> None:
        """Somebody says that the act with this id was undone, which proves nothing."""
        _remember(self._claimed, id_)

    def own(self, key: RolloutKey, id_: str) -> UndoStep | None:
        """The step of an act that was sent from this machine."""
        self._catch_up()
        return next((step for step in self._steps.get(key, ()) if step.id == id_), None)

    def undone(self, key: RolloutKey, id_: str) -> None:
        """The act with this id was undone, as the objects show: it is not the last act any more."""
        _remember(self._undone, id_)
        self._others[key] = [kept for kept in self._others.get(key, ()) if kept.id != id_]
        self._catch_up()
        if any(step.id == id_ for step in self._steps.get(key, ())):
            self._change(key, lambda steps: [kept for kept in steps if kept.id != id_])

    def replace(self, key: RolloutKey, step: UndoStep, rest: UndoStep | None) -> None:
        """Replace `step`, if it is still on top, with what is left of it."""
        if step.told is not None:
            if rest is None:
                self.undone(key, step.id)
            return
        kept = [rest] if rest else []
        self._change(key, lambda steps: [*steps[:-1], *kept] if steps and steps[-1] == step else steps)

    def forget(self, key: RolloutKey, step: UndoStep) -> None:
        """Drop a step of an act that turned out not to have happened, wherever it is."""
        self._change(key, lambda steps: [kept for kept in steps if kept != step])

    def _catch_up(self) -> None:
        if self._file and (news := self._file.news()) is not None:
            self._steps = news

    def _change(self, key: RolloutKey, change: Callable[[list[UndoStep]], list[UndoStep]]) -> None:
        self._catch_up()
        stored = self._file.change(key, change) if self._file else None
        self._steps[key] = change(self._steps.get(key, [])) if stored is None else stored

    def plan(self, key: RolloutKey, rollout: Rollout | None = None, instead: Instead = _nothing) -> Plan | Refused:
        """The plan that undoes the last act on this rollout; `rollout` is its current state (None: gone)."""
        step = self.top(key, rollout)
        if step is None:
            return Refused(Act.UNDO, key, NOTHING_TO_UNDO)
        if not step.requests:
            return Refused(Act.UNDO, key, _why_none(step, instead))
        risks = undo_risks(step.requests, step.restores, rollout)
        undo = Plan(
            act=Act.UNDO,
            rollout=key,
            title=f"undo: {step.title}",
            changes=step.changes,
            requests=step.requests,
            expected=step.expected,
            gone=step.gone,
            undo=no_undo_of(step.title),
            warnings=(*_crashed(step), *risks, *_left(step), *((step.missing,) if step.missing else ())),
            raises=step.raises,
            final=step.final,
            pods=step.pods,
            reaches=step.reaches,
            risky=bool(step.crashing or risks),
        )
        plan = with_outage(undo, rollout)
        nowhere = why_nowhere(step.requests, rollout) if step.nowhere else ""
        danger = nowhere or why_undo_is_unsafe(plan, step.restores, rollout)
        return Refused(Act.UNDO, key, f"{plan.title} in {key}: {danger}") if danger else plan


def _remember(ids: dict[str, None], id_: str) -> None:
    """Add an id, and forget the oldest ones where there are too many."""
    ids[id_] = None
    while len(ids) > _MOST_UNDONE:
        del ids[next(iter(ids))]


def _why_none(step: UndoStep, instead: Instead) -> str:
    """Why no request can undo an act, and what to do instead."""
    if step.missing:
        return f"{step.title}: {step.missing}"
    way = instead(step)
    told = "".join(f"; {words}" for words in _crashed(step))
    return f"{step.title}: this act cannot be undone" + (f"; instead: {way}" if way else "") + told


def step_back(
    plan: Plan,
    before: Rollout | None,
    done: Sequence[SentAct],
    id_: str = "",
    at: float = 0.0,
    hurt: tuple[str, ...] = (),
) -> UndoStep:
    """The inverse of the part of a plan that was done; `before` is the rollout when it was planned.

    `id_` is the act's in the journal, `at` when it was sent (UTC seconds), `hurt` what was wrong then.
    """
    removed = {_uid(d.before) for d in done if d.request.verb is Verb.DELETE and d.before}
    created = [
        replace(recreation(d.request.ref, d.before, removed), context=d.request.context)
        for d in reversed(done)
        if _deleted(d) and d.before and not _made_anew(d.request.ref, d.before)
    ]
    patched = {d.request.ref for d in done if d.request.verb is Verb.PATCH}
    inverse = [r for r in plan.inverse if r.verb is Verb.PATCH and r.ref in patched]
    deletions = [
        replace(deletion(d.request.ref, d.after), context=d.request.context)
        for d in reversed(done)
        if d.request.verb is Verb.CREATE
    ]
    lost = [str(d.request.ref) for d in done if _deleted(d) and not d.before]
    whole = len(done) == len(plan.requests)
    return UndoStep(
        title=plan.title,
        requests=(*created, *inverse, *deletions),
        changes=tuple(replace(c, before=c.after, after=c.before) for c in plan.changes),
        expected=shares_before(plan, before) if whole else (),
        gone=tuple(request.ref for request in deletions),
        raises=not plan.raises,
        missing=f"{', '.join(lost)} cannot be created again, because it was not read before it was deleted"
        if lost
        else "",
        restores=shares_before(plan, before) if any(d.request.verb is not Verb.DELETE for d in done) else (),
        pods=_pods_before(plan, before) if whole else (),
        crashing=_crashing(plan, before),
        id=id_,
        at=at,
        did=as_told(plan, before, _OWN) if before and whole else None,
        final=not plan.raises and took_everybody(plan, before),
        nowhere=led_from_nowhere(plan, before),
        left=left_by(plan, before),
        hurt=hurt,
        reaches=reached_again(plan, before) if whole else None,
    )


def _crashing(plan: Plan, before: Rollout | None) -> tuple[tuple[str, str], ...]:
    """The versions that an undo gives users again and whose pods fail, each with the reason."""
    restored = {share.version for share in shares_before(plan, before) if share.share > CLOSE} | {plan.replaces}
    pairs = ((v.name, why_failing(v.pods, v.ready)) for v in (before.versions if before else ()) if v.name in restored)
    return tuple((name, why) for name, why in pairs if why)


def _left(step: UndoStep) -> tuple[str, ...]:
    """What a plan says of versions that it gives users again and that were rolled back from."""
    crashing = {name for name, _ in step.crashing}
    again = (name for name in step.left if name not in crashing)
    return tuple(map(rolled_back_from, again))


def _crashed(step: UndoStep) -> tuple[str, ...]:
    """What a plan says of versions that it leads to and that failed when the act was sent."""
    return tuple(f"{name} was crashing before this act ({why})" for name, why in step.crashing)


def remaining(step: UndoStep, done: Sequence[SentAct], failed: Request | None) -> UndoStep | None:
    """What is left of a step after a partial undo; None if it is complete."""
    if step.told is not None:
        return step if failed and not done else None
    finished = {id(d.request) for d in done}
    requests = tuple(request for request in step.requests if id(request) not in finished)
    return replace(step, requests=requests) if failed and requests else None


def recreation(ref: Ref, read: Mapping[str, Any], gone_owners: Set[str] = frozenset()) -> Request:
    """The request that creates a deleted object again as it was read, without server-set fields.

    Owners that are gone too are left out, otherwise the garbage collector would delete the object at once.
    """
    body: dict[str, Any] = deepcopy(dict(read))
    body.pop("status", None)
    metadata: dict[str, Any] = body.get("metadata") or {}
    for field in _SERVER_OWNED_METADATA:
        metadata.pop(field, None)
    for annotation in _CONTROLLER_ANNOTATIONS:
        (metadata.get("annotations") or {}).pop(annotation, None)
    _keep(metadata, "finalizers", lambda finalizer: finalizer not in _DELETION_FINALIZERS)
    _keep(metadata, "ownerReferences", lambda owner: owner.get("uid") not in gone_owners)
    body["metadata"] = metadata
    body.setdefault("apiVersion", ref.resource.api_version)
    body.setdefault("kind", ref.resource.kind)
    if ref.resource.kind == "Service":
        _without_addresses(body.get("spec") or {})
    return Request(Verb.CREATE, ref, body)


def deletion(ref: Ref, created: Mapping[str, Any] | None) -> Request:
    """The request that deletes exactly the object that was created."""
    uid = _uid(created)
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
    if uid:
        body["preconditions"] = {"uid": uid}
    return Request(Verb.DELETE, ref, body, guard="it is still the object that was created" if uid else "")


def _without_addresses(spec: dict[str, Any]) -> None:
    """Drop addresses, which another Service may use by then; keep "None", which means headless."""
    if spec.get("clusterIP") != "None":
        spec.pop("clusterIP", None)
        spec.pop("clusterIPs", None)
    spec.pop("healthCheckNodePort", None)


def _keep(metadata: dict[str, Any], field: str, wanted: Callable[[Any], bool]) -> None:
    kept = [item for item in metadata.get(field) or () if wanted(item)]
    if kept:
        metadata[field] = kept
    else:
        metadata.pop(field, None)


def _deleted(done: SentAct) -> bool:
    return done.request.verb is Verb.DELETE


def _made_anew(ref: Ref, read: Mapping[str, Any]) -> bool:
    """Whether a controller recreates this pod, perhaps under the same name."""
    owners = (read.get("metadata") or {}).get("ownerReferences") or ()
    return ref.resource == PODS and any(isinstance(owner, Mapping) and owner.get("controller") for owner in owners)


def _uid(read: Mapping[str, Any] | None) -> str:
    metadata = (read or {}).get("metadata")
    uid = metadata.get("uid") if isinstance(metadata, Mapping) else None
    return uid if isinstance(uid, str) else ""


def _pods_before(plan: Plan, before: Rollout | None) -> tuple[tuple[str, int], ...]:
    """The previous desired pod counts that the plan changes."""
    planned = {name for name, _ in plan.pods}
    return tuple((v.name, v.desired) for v in (before.versions if before else ()) if v.name in planned)
