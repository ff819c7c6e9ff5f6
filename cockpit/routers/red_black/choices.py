"""Which version a red/black act is about, and why it cannot be."""

from __future__ import annotations

from cockpit.model.plan import Act, Ask
from cockpit.routers.red_black.reading import Member, RedBlack, Stand
from cockpit.workloads.findings import listed


def targets(state: RedBlack) -> dict[Act, Member | str]:
    """The version that each act is about where none is named; as text why it cannot be."""
    newest, back = state.members[-1], state.before
    return {
        act: _checked(state, act, target)
        for act, target in (
            (Act.ENABLE, _only([m for m in state.members if m.stand is not Stand.ENABLED], "enabled already")),
            (
                Act.DISABLE,
                state.taking[0] if len(state.taking) > 1 else "only one version takes traffic: enable another first",
            ),
            (
                Act.FLIP,
                newest if len(state.taking) > 1 else _only([m for m in state.members if m not in state.taking], ""),
            ),
            (Act.PROMOTE, newest),
            (Act.ROLLBACK, back or "there is no older version to go back to"),
        )
    }


def _only(choices: list[Member], why: str) -> Member | str:
    if len(choices) == 1:
        return choices[0]
    return f"say which version: {listed([m.name for m in choices])}" if choices else why or "there is no other version"


def named(state: RedBlack, ask: Ask) -> Member | str:
    if ask.version is None:
        return targets(state)[ask.act]
    found = state.member(ask.version)
    names = listed([m.name for m in state.members])
    return _checked(state, ask.act, found or f"there is no version {ask.version}; there are {names}")


def _checked(state: RedBlack, act: Act, target: Member | str) -> Member | str:
    if isinstance(target, str):
        return target
    if act is Act.DISABLE:
        why = _why_not_disable(state, target)
    elif act is Act.ENABLE:
        why = f"{target.name} is enabled already" if target.stand is Stand.ENABLED else _why_not_ready(target)
    else:
        why = f"{target.name} takes all traffic already" if target is state.active else _why_not_ready(target)
    return why or target


def _why_not_ready(target: Member) -> str:
    if target.candidate.ready:
        return ""
    return f"{target.name} has no ready pods: every request to it would fail; scale it up or wait until it is ready"


def _why_not_disable(state: RedBlack, target: Member) -> str:
    if target.stand is Stand.DISABLED:
        return f"{target.name} is disabled already"
    others = [m for m in state.enabled if m is not target and m.endpoints]
    if others:
        return ""
    why = "no other version is enabled with ready endpoints"
    return f"{why}: without {target.name} every request fails; enable another first"
