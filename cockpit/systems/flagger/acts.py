"""Acts on a Canary: suspend and resume it, skip its analysis. For everything else the refusal says what to do."""

from __future__ import annotations

from cockpit.model.advice import telling
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Change, Milestone, Plan
from cockpit.model.refs import FLAGGER_CANARIES, Ref
from cockpit.model.rights import rights
from cockpit.model.rollout import Phase, Role, Rollout
from cockpit.model.text import safe_text
from cockpit.planning.act_table import ActEntry, ActTable
from cockpit.planning.edits import Operation, json_patch, op, pointer
from cockpit.planning.ownership import revert_warnings, why_managed
from cockpit.systems.flagger.state import FlaggerState

_ROUTES = "Flagger continues from the weight in the route, so a manual weight changes its analysis unnoticed"


def canary_ref(state: FlaggerState) -> Ref:
    return Ref(FLAGGER_CANARIES, state.canary.metadata.namespace, state.canary.metadata.name)


def _closed(state: FlaggerState, objects: Objects) -> str:
    return why_managed([state.canary], objects)


def _why_not_pause(state: FlaggerState, objects: Objects) -> str:
    return "it is already suspended" if state.suspended else ""


def _why_not_resume(state: FlaggerState, objects: Objects) -> str:
    return "" if state.suspended else "it is not suspended"


def _plan_suspend(state: FlaggerState, rollout: Rollout, ask: Ask, objects: Objects) -> Plan:
    hold = ask.act is Act.PAUSE
    words = {True: "suspended", False: "running"}
    request, inverse = _flag(state, "suspend", hold), _flag(state, "suspend", not hold)[1:]
    tested = [op("test", pointer("spec", "suspend"), hold), *inverse] if hold else inverse
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{'suspend' if hold else 'resume'} Canary {state.canary.metadata.name}",
        changes=(Change("Flagger", words[not hold], words[hold]),),
        requests=(json_patch(canary_ref(state), request, "suspend and generation as shown"),),
        expected=(),
        inverse=(json_patch(canary_ref(state), tested, "suspend as written here"),),
        undo="resume it" if hold else "suspend it again",
        warnings=(
            *(
                ("the split stays unchanged until you resume it; failing checks do not roll it back meanwhile",)
                if hold and state.analysing
                else ()
            ),
            *revert_warnings([state.canary], objects),
        ),
        raises=not hold,
        reaches=Milestone("suspended", (Phase.PAUSED,)) if hold else Milestone("resumed", not_phases=(Phase.PAUSED,)),
    )


def _plan_skip(state: FlaggerState, rollout: Rollout, ask: Ask, objects: Objects) -> Plan:
    ref, canary = canary_ref(state), state.version(Role.CANARY)
    new = canary.name if canary else "the canary"
    path = pointer("spec", "skipAnalysis")
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"promote {new} without the rest of the analysis of Canary {state.canary.metadata.name}",
        changes=(Change("skipAnalysis", "no", "yes"),),
        requests=(json_patch(ref, _flag(state, "skipAnalysis", True), "skipAnalysis and generation as shown"),),
        expected=(),
        inverse=(json_patch(ref, [op("test", path, True), op("remove", path)], "skipAnalysis as written here"),),
        undo=f"removes skipAnalysis again; {new} stays promoted",
        warnings=(
            f"metrics and gates are skipped: {new} becomes the primary at Flagger's next check",
            "skipAnalysis stays set: later releases skip their analysis too until you remove it (undo)",
            *revert_warnings([state.canary], objects),
        ),
        raises=True,
        final=True,
        reaches=Milestone("the canary is promoted", (Phase.AT_REST,)),
    )


def _flag(state: FlaggerState, field: str, value: bool) -> list[Operation]:
    """Set or remove a flag of the spec, guarded by the generation."""
    generation = op("test", pointer("metadata", "generation"), state.canary.metadata.generation)
    path = pointer("spec", field)
    return [generation, op("add", path, True) if value else op("remove", path)]


def _why_not_promote(state: FlaggerState, objects: Objects) -> str:
    if state.skips:
        return "it already skips the analysis"
    if state.suspended:
        return telling("it is suspended: resume it first", Act.RESUME)
    if state.phase != "Progressing":
        return "no analysis in progress: promote works only during one"
    return ""


def _approval(state: FlaggerState) -> str:
    """Flagger asks the gates; a gate is opened where Flagger asks."""
    kind = {
        "Waiting": "confirm-rollout",
        "Progressing": "confirm-traffic-increase",
        "WaitingPromotion": "confirm-promotion",
    }.get(state.phase)
    gate = next((g for g in state.gates if g.kind == kind), None)
    if gate is None:
        return "no gate blocks it: it continues by itself" if state.analysing else "no release in progress"
    where = state.canary.metadata
    body = f'{{"name":"{safe_text(where.name, 80)}","namespace":"{safe_text(where.namespace, 80)}"}}'
    # In phase Progressing the status does not tell whether Flagger has asked this gate yet.
    holds = "may block" if state.phase == "Progressing" else "blocks"
    return (
        f"gate {gate.name} ({gate.kind}) {holds} it: open it at {gate.place} (Flagger's load tester:"
        f" POST /gate/open with {body})"
    )


def _target(state: FlaggerState) -> tuple[str, str]:
    """Kind and name of the workload that it releases."""
    kind, name = state.canary.target
    return safe_text(kind, 80), safe_text(name, 80)


def _no_retry(state: FlaggerState) -> str:
    kind, name = _target(state)
    return f"Flagger retries only after a change: change the template of {kind} {name} or a tracked config"


def _no_image(state: FlaggerState) -> str:
    kind, name = _target(state)
    return f"Flagger starts a release when {kind} {name} changes: set the image there with kubectl set image"


def _no_restart(state: FlaggerState) -> str:
    kind, name = _target(state)
    return f"a restart of {kind} {name} starts a release in Flagger: restart {name}-primary with kubectl"


def _no_scale(state: FlaggerState) -> str:
    kind, name = _target(state)
    return f"Flagger scales {name} and sizes {name}-primary like {name}: scale {kind} {name} with kubectl"


def _no_rollback(state: FlaggerState) -> str:
    kind, name = _target(state)
    back = f"set {kind} {name} back to the image of {name}-primary"
    gate = next((g for g in state.gates if g.kind == "rollback"), None)
    if not state.analysing:
        return f"no release in progress: {back}, which Flagger analyses as a release"
    if gate:
        return (
            f"Flagger rolls back by its gate: open rollback gate {gate.name} at {gate.place}"
            " (load tester: POST /rollback/open)"
        )
    return (
        f"Flagger rolls back only when its checks fail: {back}; a change during the analysis restarts it with all"
        " traffic on the primary"
    )


TABLE: ActTable[FlaggerState] = ActTable(
    {
        Act.PAUSE: ActEntry(_plan_suspend, _why_not_pause),
        Act.RESUME: ActEntry(_plan_suspend, _why_not_resume),
        Act.PROMOTE: ActEntry(_plan_skip, _why_not_promote),
    },
    otherwise=telling(
        "Flagger controls this Canary, and manual edits change its analysis unnoticed: suspend or resume it",
        Act.PAUSE,
        Act.RESUME,
    ),
    absent={
        Act.APPROVE: _approval,
        Act.ROLLBACK: _no_rollback,
        Act.ABORT: _no_rollback,
        Act.RETRY: _no_retry,
        Act.SET_WEIGHT: f"{_ROUTES}: suspend it instead",
        Act.JUMP: f"{_ROUTES}: suspend it instead",
        Act.HEADER: f"{_ROUTES}: change spec.analysis.match instead",
        Act.SET_IMAGE: _no_image,
        Act.RESTART: _no_restart,
        Act.SCALE: _no_scale,
    },
    closed=_closed,
    writes=rights("patch", (FLAGGER_CANARIES,)),
)
