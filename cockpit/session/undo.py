"""The way back from what was sent: inverses of patches, and deleted objects made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from cockpit.model.plan import Act, Change, Expected, Plan, Refused, Request, Verb
from cockpit.model.refs import PODS, Ref, RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.session.hazard import undo_hazard
from cockpit.session.undo_file import UndoFile

# Nobody goes back further, and each step may hold whole objects.
_DEEPEST = 20

# The server or a controller sets these; a create that carries them is refused or means something else.
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
# They carry out a deletion that was under way (kubernetes.io garbage collection).
_DELETION_FINALIZERS = ("foregroundDeletion", "orphan")


@dataclass(frozen=True, slots=True)
class Done:
    """One request that took effect. `before` is the object as read just before a deletion, `after` the answer."""

    request: Request
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What undoes one act. `expected` are the written shares from before it, if the act was done in full.

    `restores` are those shares in any case: what has to be ready before they are written.
    """

    title: str
    requests: tuple[Request, ...]
    changes: tuple[Change, ...]
    expected: tuple[Expected, ...]
    gone: tuple[Ref, ...] = ()
    raises: bool = False
    missing: str = ""  # what of the act it cannot take back
    restores: tuple[Expected, ...] = ()
    pods: tuple[tuple[str, int], ...] = ()
    way: str = ""  # the way back that the plan of the act told


class UndoStack:
    """Steps back by rollout, the latest act on top. An undo takes its step off and leaves none of its own.

    With a file they outlive the process, and what another process did on this machine is seen here.
    """

    def __init__(self, file: UndoFile[Step] | None = None) -> None:
        self._steps: dict[RolloutKey, list[Step]] = {}
        self._file = file

    def push(self, key: RolloutKey, step: Step) -> None:
        self._catch_up()
        steps = self._steps.setdefault(key, [])
        steps.append(step)
        del steps[:-_DEEPEST]
        self._keep(key)

    def top(self, key: RolloutKey) -> Step | None:
        self._catch_up()
        steps = self._steps.get(key)
        return steps[-1] if steps else None

    def replace(self, key: RolloutKey, step: Step, rest: Step | None) -> None:
        """Take `step` off, if it is still on top, and put what is left of it in its place."""
        steps = self._steps.get(key, [])
        if steps and steps[-1] == step:
            steps[-1:] = [rest] if rest else []
            self._keep(key)

    def _catch_up(self) -> None:
        if self._file and (news := self._file.news()) is not None:
            self._steps = news

    def _keep(self, key: RolloutKey) -> None:
        if self._file:
            self._file.keep(key, self._steps[key])

    def plan(self, key: RolloutKey, rollout: Rollout | None = None) -> Plan | Refused:
        """The plan that takes back the last act on this rollout, which stands as `rollout` does (None: not there)."""
        step = self.top(key)
        if step is None:
            return Refused(Act.UNDO, key, f"nothing was sent to {key} from here that could be taken back")
        if not step.requests:
            return Refused(Act.UNDO, key, f"{step.title}: {step.missing or _other_way(step)}")
        plan = Plan(
            act=Act.UNDO,
            rollout=key,
            title=f"undo: {step.title}",
            changes=step.changes,
            requests=step.requests,
            expected=step.expected,
            gone=step.gone,
            undo="ask for the act again",
            warnings=(step.missing,) if step.missing else (),
            raises=step.raises,
            final=any(request.verb is Verb.DELETE for request in step.requests),
            pods=step.pods,
        )
        hazard = undo_hazard(plan, step.restores, rollout)
        return Refused(Act.UNDO, key, f"{plan.title} in {key}: {hazard}") if hazard else plan


def _other_way(step: Step) -> str:
    """What to do instead, for an act that no request takes back."""
    way = f"; the way back that its plan told: {step.way}" if step.way else ""
    return f"undo cannot take this act back{way}"


def step_back(plan: Plan, before: Rollout | None, done: Sequence[Done]) -> Step:
    """The inverse of what was done of a plan; `before` is the rollout as it was when it was planned."""
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
    return Step(
        title=plan.title,
        requests=(*created, *inverse, *deletions),
        changes=tuple(replace(c, before=c.after, after=c.before) for c in plan.changes),
        expected=_shares_before(plan, before) if whole else (),
        gone=tuple(request.ref for request in deletions),
        raises=not plan.raises,
        missing=f"{', '.join(lost)} cannot be made again: it was not read before it was deleted" if lost else "",
        restores=_shares_before(plan, before) if any(d.request.verb is not Verb.DELETE for d in done) else (),
        pods=_pods_before(plan, before) if whole else (),
        way=plan.undo,
    )


def remaining(step: Step, done: Sequence[Done], failed: Request | None) -> Step | None:
    """What is left of a step after an undo got this far; None where it is finished."""
    finished = {id(d.request) for d in done}
    requests = tuple(request for request in step.requests if id(request) not in finished)
    return replace(step, requests=requests) if failed and requests else None


def recreation(ref: Ref, read: Mapping[str, Any], gone_owners: Set[str] = frozenset()) -> Request:
    """The request that makes a deleted object again as it was read, without what only the server sets.

    Owners that are gone as well are left out, because the garbage collector would delete it for them at once.
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
    """Addresses may belong to another Service by then; "None" is no address but the wish for none."""
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


def _deleted(done: Done) -> bool:
    return done.request.verb is Verb.DELETE


def _made_anew(ref: Ref, read: Mapping[str, Any]) -> bool:
    """A pod that a controller keeps: it makes another one by itself, which may have the same name."""
    owners = (read.get("metadata") or {}).get("ownerReferences") or ()
    return ref.resource == PODS and any(isinstance(owner, Mapping) and owner.get("controller") for owner in owners)


def _uid(read: Mapping[str, Any] | None) -> str:
    metadata = (read or {}).get("metadata")
    uid = metadata.get("uid") if isinstance(metadata, Mapping) else None
    return uid if isinstance(uid, str) else ""


def _shares_before(plan: Plan, before: Rollout | None) -> tuple[Expected, ...]:
    """The written shares that the plan was going to change, as they were."""
    if before is None:
        return ()
    planned = {(e.lane, e.version) for e in plan.expected}
    return tuple(
        Expected(lane.name, share.version, share.written)
        for lane in before.lanes
        for share in lane.shares
        if (lane.name, share.version) in planned and share.written is not None
    )


def _pods_before(plan: Plan, before: Rollout | None) -> tuple[tuple[str, int], ...]:
    """The numbers of pods that the plan was going to change, as they were asked for."""
    planned = {name for name, _ in plan.pods}
    return tuple((v.name, v.desired) for v in (before.versions if before else ()) if v.name in planned)
