"""Acts that change the pod template of a workload: rollback, set image, restart."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from cockpit.model.lookup import Objects
from cockpit.model.objects import CloneSet, StatefulSet
from cockpit.model.plan import Act, Ask, Change, Milestone, Plan, Refused, Request, Verb
from cockpit.model.refs import PODS, Ref
from cockpit.model.rollout import Phase, PodState, Rollout
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.planning.earlier_version import cautions, passed_over, why_returning
from cockpit.planning.edits import Operation, json_patch, op, pointer, ref_to
from cockpit.planning.ownership import revert_warnings
from cockpit.planning.refusals import refused
from cockpit.planning.way_back import version_warnings
from cockpit.systems.editions import Rolling, Source, number_of, template_of, way_back
from cockpit.systems.phrases import ENDS_PAUSE, choose_container, has_image, is_current
from cockpit.workloads.findings import listed
from cockpit.workloads.images import application_container
from cockpit.workloads.rolling import waits_in_order

# kubectl rollout restart writes it too (kubectl, polymorphichelpers/objectrestarter.go).
RESTARTED = "kubectl.kubernetes.io/restartedAt"
_LONGEST_IMAGE = 1024


@dataclass(frozen=True, slots=True)
class TemplateWriter:
    """How a workload rolls out a new template: texts for the plan, and whether it waits.

    `frees` are written with an older template so that every pod gets it, `holds` by the undo of that.
    """

    warnings: tuple[str, ...] = ("pods are replaced step by step: this takes as long as a rollout",)
    waits: bool = False  # nothing is replaced until someone continues
    frees: tuple[Operation, ...] = ()
    holds: tuple[Operation, ...] = ()


def plan_back(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects, manner: TemplateWriter) -> Plan | Refused:
    """The template of an older revision, as `kubectl rollout undo` writes it."""
    goal = way_back(state, ask.version)
    if isinstance(goal, str):
        return refused(rollout, ask.act, goal)
    path, held = pointer("spec", "template"), pointer("spec", "paused")
    before, after = msgspec.json.decode(state.workload.spec.raw_template), template_of(goal.source)
    now = state.current.version.name if state.current else "?"
    stuck = _stuck_pods(state, goal.source)
    paused = state.workload.spec.paused
    if paused:
        manner = replace(manner, warnings=(*manner.warnings, ENDS_PAUSE))
    present, target = state.present, state.seen(goal.source)
    forward = present is not None and target.came_after(present)
    passed = passed_over(present, state.kept, target) if present and ask.version is None else ()
    manner = replace(manner, warnings=(*cautions(target, present), *manner.warnings, *passed))
    reported = version_warnings(rollout, goal.name, how="they are created during the rollout")
    manner = replace(manner, warnings=(*manner.warnings, *reported))
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
            *manner.frees,
            op("replace", path, after),
        ],
        inverse=[
            op("test", path, after),
            op("replace", path, before),
            *((op("add", held, True),) if paused else ()),
            *manner.holds,
        ],
        undo=f"roll out {now} again",
        raises=forward,
        identity=goal.source.metadata.uid,
        stuck=stuck,
        risky=bool(target.against),
    )


def plan_unblock(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | None:
    """Delete the pods that a roll back to the current template waits for; None if it waits for none, or ask differs.

    The template is that of the roll back already, so nothing else is written.
    """
    goal, pods = state.current, blocking(state)
    asks = ask.version is None or way_back(state, ask.version) == is_current(ask.version)
    if goal is None or not pods or not asks:
        return None
    names, what = listed([pod.name for pod in pods]), state.workload.metadata.name
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{what} back to {goal.version.name}: delete {names}, the template stays",
        changes=_recreated(pods),
        requests=tuple(_deleted(pod, objects) for pod in pods),
        expected=(),
        undo=f"a deleted pod does not come back: {what} creates it again as {goal.version.name}",
        warnings=(
            f"{goal.version.name} is the template already, and {what} waits for {names} before it replaces any pod",
        ),
        reaches=_milestone(state, ask, TemplateWriter(), goal.candidate.uid),
    )


def blocking(state: Rolling) -> tuple[Ref, ...]:
    """Pods of other templates that a roll back waits for that is under way; none if no such pod fails.

    Below a partition a pod is created again as it was.
    """
    present, source = state.present, state.current.source if state.current else None
    if present is None or source is None or state.held or not why_returning(present, state.kept):
        return ()
    if not isinstance(state.workload, StatefulSet) or not waits_in_order(state.workload):
        return ()
    fails = any(cell.state is PodState.FAILING for each in state.before for cell in each.version.pods)
    return _stuck_pods(state, source) if fails else ()


def why_not_image(state: Rolling, image: tuple[str, str] | None) -> str:
    """Why this image cannot be set; "" where it can."""
    if image is None:
        return "say which image, as IMAGE or CONTAINER=IMAGE"
    container, wanted = _container(state, image[0]), image[1]
    names = [c.name for c in state.workload.spec.template.spec.containers]
    if not wanted or len(wanted) > _LONGEST_IMAGE or any(letter.isspace() for letter in wanted):
        return f"{safe_text(wanted, 80)!r} is not a valid image"
    if container not in names:
        return choose_container(names)
    current = next(c for c in state.workload.spec.template.spec.containers if c.name == container)
    return has_image(current.name, wanted) if current.image == wanted else ""


def _container(state: Rolling, asked: str) -> str:
    """The named container, else the application's if it is clear which one that is."""
    template = state.workload.spec.template
    return asked or application_container(template.spec.containers, template.metadata.annotations) or ""


def plan_image(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects, manner: TemplateWriter) -> Plan | Refused:
    """A new image for one container, as `kubectl set image` writes it."""
    why = why_not_image(state, ask.image)
    if why or ask.image is None:
        return refused(rollout, ask.act, why)
    name, image = _container(state, ask.image[0]), ask.image[1]
    containers = state.workload.spec.template.spec.containers
    at = next(n for n, c in enumerate(containers) if c.name == name)
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


def plan_restart(state: Rolling, rollout: Rollout, ask: Ask, objects: Objects, manner: TemplateWriter) -> Plan:
    """A timestamp on the template, as `kubectl rollout restart` writes it: every pod is replaced."""
    raw = msgspec.json.decode(state.workload.spec.raw_template)
    metadata = raw.get("metadata") or {}
    annotations = metadata.get("annotations")
    path = pointer("spec", "template", "metadata", "annotations")
    mark = {**(annotations or {}), RESTARTED: ask.at or "now"}
    # A JSON patch cannot test that a field is absent: without annotations the generation is tested instead.
    generation = op("test", pointer("metadata", "generation"), state.workload.metadata.generation)
    return _plan(
        state,
        rollout,
        ask,
        objects,
        manner,
        title=f"restart {state.workload.metadata.name}: every pod is replaced by one of the same version",
        changes=(Change("pods", f"{state.workload.desired}", f"{state.workload.desired}, restarted"),),
        request=[op("test", path, annotations) if annotations else generation, op("add", path, mark)],
        inverse=[],
        undo="a restart cannot be undone: the replaced pods are gone",
    )


def _plan(
    state: Rolling,
    rollout: Rollout,
    ask: Ask,
    objects: Objects,
    manner: TemplateWriter,
    *,
    title: str,
    changes: tuple[Change, ...],
    request: list[Operation],
    inverse: list[Operation],
    undo: str,
    identity: str | None = None,
    stuck: tuple[Ref, ...] = (),
    raises: bool = False,
    risky: bool = False,
) -> Plan:
    ref = ref_to(state.workload)
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=title,
        changes=(*changes, *_recreated(stuck)),
        requests=(json_patch(ref, request, "the template as shown"), *(_deleted(pod, objects) for pod in stuck)),
        expected=(),
        inverse=(json_patch(ref, inverse, "the template written here"),) if inverse else (),
        undo=undo,
        warnings=(
            *manner.warnings,
            *(
                (f"{listed([p.name for p in stuck])} never got ready and would block the rollback: deleted as well",)
                if stuck
                else ()
            ),
            *revert_warnings([state.workload], objects),
        ),
        raises=raises,
        risky=risky,
        reaches=_milestone(state, ask, manner, identity),
        replaces=state.current.version.name if state.current and ask.act is not Act.RESTART else "",
    )


def _milestone(state: Rolling, ask: Ask, manner: TemplateWriter, identity: str | None) -> Milestone | None:
    """What shows that the controller rolled out the template; None if nothing is replaced yet."""
    if manner.waits:
        return None
    replaced = state.current.candidate.uid if state.current else None
    if ask.act is Act.ROLLBACK:
        return Milestone("every pod has the older template", (Phase.AT_REST,), identity=identity, replaced=replaced)
    if not state.held:
        return Milestone("every pod has the changed template", (Phase.AT_REST,), replaced=replaced)
    # Held pods keep their template, so only a partly rolled out template has to disappear; in a CloneSet it may be
    # among the held pods.
    return Milestone(
        "pods outside the partition have the changed template",
        (Phase.PAUSED,),
        replaced=replaced if state.before and not isinstance(state.workload, CloneSet) else None,
    )


def _stuck_pods(state: Rolling, goal: Source) -> tuple[Ref, ...]:
    """Pods of a StatefulSet that never get ready and that its controller would wait for.

    It does not replace them before they are ready, even after the template is fixed (kubernetes.io, StatefulSets,
    "Forced rollback"): a rollback has to delete them.
    """
    if not isinstance(state.workload, StatefulSet) or isinstance(state.workload, CloneSet):
        return ()  # a CloneSet does not wait for pods in order
    return tuple(
        Ref(PODS, state.workload.metadata.namespace, cell.name)
        for edition in state.editions
        if edition.source is not goal
        for cell in edition.version.pods
        if cell.state in (PodState.FAILING, PodState.STARTING)
    )


def _recreated(pods: tuple[Ref, ...]) -> tuple[Change, ...]:
    return tuple(Change(str(pod), "not ready", "deleted, recreated") for pod in pods)


def _deleted(pod: Ref, objects: Objects) -> Request:
    found = objects.get(PODS, pod.namespace, pod.name)
    uid = found.metadata.uid if found else ""
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
    return Request(Verb.DELETE, pod, options, guard=f"uid {uid}")
