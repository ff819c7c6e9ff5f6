"""Which version a red/black act is about, and why it cannot be."""

from __future__ import annotations

from cockpit.model.advice import telling
from cockpit.model.plan import Act, Ask
from cockpit.model.text import safe_text
from cockpit.planning.edits import ref_to
from cockpit.planning.readiness import without_pods, without_port
from cockpit.planning.wording import no_version, takes_all
from cockpit.routers.red_black.split import LabelState, Member, RedBlack
from cockpit.workloads.findings import listed

_ALONE = "no other version: deploy one first"
_NOBODY = {
    Act.ENABLE: "every version is already enabled",
    Act.DISABLE: telling("only one version takes traffic: enable another first", Act.ENABLE),
    Act.ROLLBACK: "no older version to go back to",
}


def to_choose(state: RedBlack, act: Act) -> tuple[Member, ...]:
    """The versions that an act can be about, oldest first; a single one if the act itself finds it."""
    newest, taking = state.members[-1:], state.taking
    match act:
        case Act.ENABLE:
            return tuple(m for m in state.members if m.label_state is not LabelState.ENABLED)
        case Act.DISABLE:
            return tuple(taking) if len(taking) > 1 else ()
        case Act.FLIP if len(taking) <= 1:
            return tuple(m for m in state.members if m not in taking)
        case Act.ROLLBACK:
            return (state.before,) if state.before else ()
        case _:
            return tuple(newest)


def why_not_one(state: RedBlack, act: Act) -> str:
    """Why an act applies to none of its versions; "" if it applies to one."""
    choices = to_choose(state, act)
    first = _why_not(state, act, choices[0]) if choices else _NOBODY.get(act, _ALONE)
    return "" if any(not _why_not(state, act, member) for member in choices[1:]) else first


def named(state: RedBlack, ask: Ask) -> Member | str:
    """The named version, else the only one that the act can be about; as text, why there is none."""
    if ask.version is not None:
        found = state.member(ask.version)
        return _checked(state, ask.act, found or no_version(ask.version, [m.name for m in state.members]))
    choices = to_choose(state, ask.act)
    if len(choices) > 1 and ask.act is not Act.DISABLE:
        return f"say which version: {listed([m.name for m in choices])}"
    return _checked(state, ask.act, choices[0] if choices else _NOBODY.get(ask.act, _ALONE))


def _checked(state: RedBlack, act: Act, target: Member | str) -> Member | str:
    if isinstance(target, str):
        return target
    return _why_not(state, act, target) or target


def _why_not(state: RedBlack, act: Act, target: Member) -> str:
    if act is Act.DISABLE:
        return _why_not_disable(state, target)
    if act is Act.ENABLE:
        return (
            f"{target.name} is already enabled"
            if target.label_state is LabelState.ENABLED
            else _why_not_ready(state, target)
        )
    return takes_all(target.name) if target is state.active else _why_not_alone(state, target)


def why_held(state: RedBlack, member: Member) -> str:
    """Why this version cannot be disabled by labels."""
    selector = state.service.spec.selector or {}
    pairs = ",".join(f"{safe_text(k, 80)}={safe_text(v, 80)}" for k, v in sorted(selector.items()))
    name = ref_to(member.replica_set)
    return f"{member.name} cannot be disabled: the selector of {name} contains {pairs}, and it is immutable"


def way_out(state: RedBlack, member: Member) -> str:
    """What takes such a version out of the Service instead."""
    others = [m.name for m in state.enabled if m is not member and m.endpoints]
    first = "" if others else "enable another version first, then "
    return f"{first}scale {member.name} to 0, or delete {ref_to(member.replica_set)}"


def _why_not_alone(state: RedBlack, target: Member) -> str:
    """Why this one cannot take all traffic: it is not ready, or another cannot be disabled."""
    held = next((m for m in state.taking if m.held and m is not target), None)
    return _why_not_ready(state, target) or (f"{why_held(state, held)}; {way_out(state, held)}" if held else "")


def _why_not_ready(state: RedBlack, target: Member) -> str:
    if target.candidate.ready:
        return without_port(target.name, state.service, target.replica_set)
    place = f"{state.service.metadata.namespace}/{state.name}"
    return without_pods(target.version, state.readiest, place)


def _why_not_disable(state: RedBlack, target: Member) -> str:
    if target.label_state is LabelState.DISABLED:
        return f"{target.name} is already disabled"
    if target.held:
        return f"{why_held(state, target)}; {way_out(state, target)}"
    others = [m for m in state.enabled if m is not target and m.endpoints]
    if others:
        return ""
    why = "no other enabled version has ready endpoints"
    return telling(f"{why}: without {target.name} every request fails; enable another first", Act.ENABLE)
