"""Acts that change the pod template of a workload: the way back, another image, a restart."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from cockpit.model.lookup import Objects
from cockpit.model.objects import StatefulSet
from cockpit.model.plan import Act, Ask, Change, Milestone, Plan, Refused, Request, Verb
from cockpit.model.refs import PODS, Ref
from cockpit.model.rollout import Phase, PodState, Rollout
from cockpit.model.text import safe_text
from cockpit.systems.editions import Goal, Rolling, number_of, template_of, way_back
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import Operation, json_patch, op, pointer, ref_to
from cockpit.workloads.findings import listed
from cockpit.workloads.ownership import revert_warnings

# kubectl rollout restart writes it too (kubectl, polymorphichelpers/objectrestarter.go).
RESTARTED = "kubectl.kubernetes.io/restartedAt"
_LONGEST_IMAGE = 1024


@dataclass(frozen=True, slots=True)
class Manner:
    """How a workload takes a new template: words for the plan, and what shows that it was taken."""

    warnings: tuple[str, ...] = ("pods are replaced one after the other: it takes as long as a rollout",)
    waits: bool = False  # nothing is replaced until somebody goes on


def plan_back(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects, manner: Manner) -> Plan | Refused:
    """The template of an older revision, as `kubectl rollout undo` writes it."""
    goal = way_back(state, ask.version)
    if isinstance(goal, str):
        return refused(rollout, ask.act, goal)
    path, held = pointer("spec", "template"), pointer("spec", "paused")
    before, after = msgspec.json.decode(state.workload.spec.raw_template), template_of(goal.source)
    now = state.current.version.name if state.current else "?"
    stuck = _stuck_pods(state, goal)
    paused, forward = state.workload.spec.paused, _is_younger(state, goal)
    if paused:
        text = "it is paused, which ends with this: a paused one rolls nothing out"
        manner = replace(manner, warnings=(*manner.warnings, text))
    if forward:
        text = f"{goal.name} came after {now}: this rolls it out again; an older one is named by its revision number"
        manner = replace(manner, warnings=(text, *manner.warnings))
    return _plan(
        state,
        rollout,
        ask,
        objects,
        manner,
        title=f"{state.workload.metadata.name} back to {goal.name} (revision {number_of(goal.source)})",
        changes=(Change("pod template", now, goal.name),),
        request=[
            op("test", path, before),
            *((op("test", held, True), op("remove", held)) if paused else ()),
            op("replace", path, after),
        ],
        inverse=[op("test", path, after), op("replace", path, before), *((op("add", held, True),) if paused else ())],
        undo=f"roll {now} out again",
        raises=forward,
        identity=goal.source.metadata.uid,
        stuck=stuck,
    )


def _is_younger(state: Rolling, goal: Goal) -> bool:
    """Whether the template to go back to was made after the present one: after a roll back the numbers say otherwise.

    A template that is rolled out again gets the highest number and keeps the object that holds it.
    """
    present = state.current.source if state.current else None
    made = (present.metadata.creation_timestamp if present else None) or ""
    return bool(made) and (goal.source.metadata.creation_timestamp or "") > made


def why_not_image(state: Rolling, image: tuple[str, str] | None) -> str:
    """Why this image cannot be set; "" where it can."""
    if image is None:
        return "say which image: IMAGE, or CONTAINER=IMAGE"
    container, wanted = image
    names = [c.name for c in state.workload.spec.template.spec.containers]
    if not wanted or len(wanted) > _LONGEST_IMAGE or any(letter.isspace() for letter in wanted):
        return f"{safe_text(wanted, 80)!r} is no image"
    if container not in names and (container or len(names) != 1):
        return f"say which container: {listed(names)}"
    current = next(c for c in state.workload.spec.template.spec.containers if not container or c.name == container)
    return f"{current.name} runs {safe_text(wanted, 200)} already" if current.image == wanted else ""


def plan_image(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects, manner: Manner) -> Plan | Refused:
    """Another image for one container, as `kubectl set image` writes it."""
    why = why_not_image(state, ask.image)
    if why or ask.image is None:
        return refused(rollout, ask.act, why)
    name, image = ask.image
    containers = state.workload.spec.template.spec.containers
    at = next(n for n, c in enumerate(containers) if not name or c.name == name)
    old = containers[at]
    path = pointer("spec", "template", "spec", "containers", at)
    named = op("test", f"{path}/name", old.name)
    return _plan(
        state,
        rollout,
        ask,
        objects,
        manner,
        title=f"{state.workload.metadata.name}: {old.name} runs {safe_text(image, 200)}",
        changes=(Change(f"image of {safe_text(old.name, 80)}", safe_text(old.image, 200), safe_text(image, 200)),),
        request=[named, op("test", f"{path}/image", old.image), op("replace", f"{path}/image", image)],
        inverse=[named, op("test", f"{path}/image", image), op("replace", f"{path}/image", old.image)],
        undo=f"{safe_text(old.image, 200)} again: another rollout",
        raises=True,
    )


def plan_restart(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects, manner: Manner) -> Plan:
    """A mark on the template with the time, as `kubectl rollout restart` writes it: every pod is made anew."""
    raw = msgspec.json.decode(state.workload.spec.raw_template)
    metadata = raw.get("metadata") or {}
    annotations = metadata.get("annotations")
    path = pointer("spec", "template", "metadata", "annotations")
    mark = {**(annotations or {}), RESTARTED: ask.at or "now"}
    # A test for what is absent does not exist: without annotations the generation stands for them.
    generation = op("test", pointer("metadata", "generation"), state.workload.metadata.generation)
    return _plan(
        state,
        rollout,
        ask,
        objects,
        manner,
        title=f"restart {state.workload.metadata.name}: every pod is replaced by one of the same version",
        changes=(Change("pods", f"{state.workload.desired}", f"{state.workload.desired} anew"),),
        request=[op("test", path, annotations) if annotations else generation, op("add", path, mark)],
        inverse=[],
        undo="a restart has no inverse: the pods that it replaced are gone",
    )


def _plan(
    state: Rolling,
    rollout: Rollout,
    ask: Ask,
    objects: Objects,
    manner: Manner,
    *,
    title: str,
    changes: tuple[Change, ...],
    request: list[Operation],
    inverse: list[Operation],
    undo: str,
    identity: str | None = None,
    stuck: tuple[Ref, ...] = (),
    raises: bool = False,
) -> Plan:
    ref = ref_to(state.workload)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=title,
        changes=(*changes, *(Change(str(pod), "not ready", "deleted, made anew") for pod in stuck)),
        requests=(json_patch(ref, request, "the template as shown"), *(_deleted(pod, objects) for pod in stuck)),
        expected=(),
        inverse=(json_patch(ref, inverse, "the template written here"),) if inverse else (),
        undo=undo,
        warnings=(
            *manner.warnings,
            *(
                (f"{listed([p.name for p in stuck])} never got ready and would hold the way back up: deleted as well",)
                if stuck
                else ()
            ),
            *revert_warnings([state.workload], objects),
        ),
        raises=raises,
        reaches=_milestone(state, ask, manner, identity),
    )


def _milestone(state: Rolling, ask: Ask, manner: Manner, identity: str | None) -> Milestone | None:
    """What shows that the controller took the template up; None where it waits for somebody."""
    if manner.waits:
        return None
    replaced = state.current.candidate.uid if state.current else None
    if ask.act is Act.ROLLBACK:
        return Milestone("every pod of the older template", (Phase.AT_REST,), identity=identity, replaced=replaced)
    if not state.held:
        return Milestone("every pod of the changed template", (Phase.AT_REST,), replaced=replaced)
    # Pods that are held back keep their template, so that only a template that was half rolled out has to go.
    return Milestone(
        "the changed template where the partition lets it", (Phase.PAUSED,), replaced=replaced if state.before else None
    )


def _stuck_pods(state: Rolling, goal: Goal) -> tuple[Ref, ...]:
    """Pods of a StatefulSet that its controller would wait for although they never get ready.

    It replaces none of them before they are ready, even when the template is mended (kubernetes.io, StatefulSets,
    "Forced rollback"): a way back has to delete them.
    """
    if not isinstance(state.workload, StatefulSet):
        return ()
    return tuple(
        Ref(PODS, state.workload.metadata.namespace, cell.name)
        for edition in state.editions
        if edition.source is not goal.source
        for cell in edition.version.pods
        if cell.state in (PodState.FAILING, PodState.STARTING)
    )


def _deleted(pod: Ref, objects: Objects) -> Request:
    found = objects.get(PODS, pod.namespace, pod.name)
    uid = found.metadata.uid if found else ""
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
    return Request(Verb.DELETE, pod, options, guard=f"uid {uid}")
