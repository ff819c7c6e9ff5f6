"""What steering a Canary would do: suspend and resume it, skip its analysis; everything else is said, not done."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Change, Milestone, Plan, Refused
from cockpit.model.refs import FLAGGER_CANARIES, Ref
from cockpit.model.rollout import Phase, Role, Rollout
from cockpit.model.text import safe_text
from cockpit.systems.flagger.reading import Flight
from cockpit.workloads.answers import refused
from cockpit.workloads.edits import Operation, json_patch, op, pointer
from cockpit.workloads.ownership import controller_ownership, revert_warnings

OTHERWISE = "Flagger steers this by itself: suspend or resume it; edits of what it writes shift its plan unseen"


def canary_ref(flight: Flight) -> Ref:
    return Ref(FLAGGER_CANARIES, flight.canary.metadata.namespace, flight.canary.metadata.name)


def whys(flight: Flight, objects: Objects) -> dict[Act, str]:
    """Why each act does not apply, with what would do it; "" where it does."""
    owner = controller_ownership([flight.canary], objects)
    if owner:
        return dict.fromkeys(Act, owner.text)
    kind, name = (safe_text(word, 80) for word in flight.canary.target)
    back = f"set {kind} {name} back to the image of {name}-primary"
    routes = "Flagger reads the weight from the route and goes on from there: a weight by hand shifts its plan unseen"
    return {
        Act.PAUSE: "it is suspended already" if flight.suspended else "",
        Act.RESUME: "" if flight.suspended else "it is not suspended",
        Act.PROMOTE: _why_not_promote(flight),
        Act.APPROVE: _approval(flight),
        Act.ROLLBACK: _rollback(flight, back),
        Act.ABORT: _rollback(flight, back),
        Act.RETRY: f"Flagger tries again once the template of {kind} {name} or a tracked config changes",
        Act.SET_WEIGHT: f"{routes}; suspend it instead",
        Act.JUMP: f"{routes}; suspend it instead",
        Act.HEADER: f"{routes}; its rules are spec.analysis.match",
        Act.SET_IMAGE: f"a release begins with another image in {kind} {name}: kubectl set image there",
        Act.RESTART: f"a restart of {kind} {name} is a release to Flagger; restart {name}-primary with kubectl",
        Act.SCALE: f"Flagger scales {name} and keeps {name}-primary as {name} was: scale {kind} {name} with kubectl",
    }


def plan(flight: Flight, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
    why = whys(flight, objects).get(ask.act, OTHERWISE)
    if why:
        return refused(rollout, ask.act, why)
    if ask.act is Act.PROMOTE:
        return _plan_skip(flight, rollout, ask, objects)
    return _plan_suspend(flight, rollout, ask, objects)


def _plan_suspend(flight: Flight, rollout: Rollout, ask: Ask, objects: Objects) -> Plan:
    hold = ask.act is Act.PAUSE
    words = {True: "suspended", False: "running"}
    request, inverse = _flag(flight, "suspend", hold), _flag(flight, "suspend", not hold)[1:]
    tested = [op("test", pointer("spec", "suspend"), hold), *inverse] if hold else inverse
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"{'suspend' if hold else 'resume'} Canary {flight.canary.metadata.name}",
        changes=(Change("Flagger's work on it", words[not hold], words[hold]),),
        requests=(json_patch(canary_ref(flight), request, "suspend and generation as shown"),),
        expected=(),
        inverse=(json_patch(canary_ref(flight), tested, "suspend as written here"),),
        undo="resume it" if hold else "suspend it again",
        warnings=(
            *(
                ("the split stays as it is until it is resumed; failing checks do not roll it back meanwhile",)
                if hold and flight.analysing
                else ()
            ),
            *revert_warnings([flight.canary], objects),
        ),
        raises=not hold,
        reaches=Milestone("suspended", (Phase.PAUSED,)) if hold else Milestone("resumed", not_phases=(Phase.PAUSED,)),
    )


def _plan_skip(flight: Flight, rollout: Rollout, ask: Ask, objects: Objects) -> Plan:
    ref, canary = canary_ref(flight), flight.version(Role.CANARY)
    new = canary.name if canary else "the canary"
    path = pointer("spec", "skipAnalysis")
    return Plan(
        act=ask.act,
        rollout=rollout.key,
        title=f"promote {new} without the rest of the analysis of Canary {flight.canary.metadata.name}",
        changes=(Change("skipAnalysis", "no", "yes"),),
        requests=(json_patch(ref, _flag(flight, "skipAnalysis", True), "skipAnalysis and generation as shown"),),
        expected=(),
        inverse=(json_patch(ref, [op("test", path, True), op("remove", path)], "skipAnalysis as written here"),),
        undo=f"takes skipAnalysis out again; {new} stays promoted",
        warnings=(
            f"metrics and gates are passed over: {new} becomes the primary with Flagger's next look",
            "skipAnalysis stays set: every later release skips its analysis too until it is taken out (undo)",
            *revert_warnings([flight.canary], objects),
        ),
        raises=True,
        final=True,
        reaches=Milestone("the canary is promoted", (Phase.AT_REST,)),
    )


def _flag(flight: Flight, field: str, value: bool) -> list[Operation]:
    """Set or take out a flag of the spec, against the spec as it was read."""
    generation = op("test", pointer("metadata", "generation"), flight.canary.metadata.generation)
    path = pointer("spec", field)
    return [generation, op("add", path, True) if value else op("remove", path)]


def _why_not_promote(flight: Flight) -> str:
    if flight.skips:
        return "it skips the analysis already"
    if flight.suspended:
        return "it is suspended: resume it first"
    if flight.phase != "Progressing":
        return "only a release whose analysis is under way can skip the rest of it"
    return ""


def _approval(flight: Flight) -> str:
    """Gates are asked by Flagger: what answers them opens them."""
    kind = {
        "Waiting": "confirm-rollout",
        "Progressing": "confirm-traffic-increase",
        "WaitingPromotion": "confirm-promotion",
    }.get(flight.phase)
    gate = next((g for g in flight.gates if g.kind == kind), None)
    if gate is None:
        return "no gate holds it: it goes on by itself" if flight.analysing else "no release is under way"
    where = flight.canary.metadata
    body = f'{{"name":"{safe_text(where.name, 80)}","namespace":"{safe_text(where.namespace, 80)}"}}'
    # While it progresses nothing tells whether Flagger asked this gate yet.
    holds = "may hold" if flight.phase == "Progressing" else "holds"
    return (
        f"gate {gate.name} ({gate.kind}) {holds} it: open it at {gate.place}; with Flagger's load tester that is"
        f" POST /gate/open with {body}"
    )


def _rollback(flight: Flight, back: str) -> str:
    gate = next((g for g in flight.gates if g.kind == "rollback"), None)
    if not flight.analysing:
        return f"no release is under way; {back}, which Flagger then analyses like a release"
    if gate:
        return f"open the rollback gate {gate.name} at {gate.place} (with the load tester POST /rollback/open)"
    return (
        f"Flagger rolls back when its checks fail and has no field that asks for it; {back}: a change during the"
        " analysis starts it anew with all traffic at the primary"
    )
