"""The acts of one adapter as a table: why an act does not apply, and which function plans it.

The list of acts of a rollout, the refusals and the adapter's card all come from this table, so they cannot differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from typing import Generic, TypeVar

from cockpit.model.advice import acts_told
from cockpit.model.lookup import Objects
from cockpit.model.objects import Service
from cockpit.model.plan import OF_THE_SESSION, Act, ActState, ActWay, Ask, Plan, Refused
from cockpit.model.rights import Right
from cockpit.model.rollout import Rollout
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.planning.mesh_hosts import mesh_warnings
from cockpit.planning.outage import with_outage
from cockpit.planning.refusals import refused

State = TypeVar("State")

# The longest reason that is shown; lists and refusals cut it at the same place.
_LONGEST = 500
_LONGEST_LEADS = 160
ASKED_OF_ADAPTERS: tuple[Act, ...] = tuple(act for act in Act if act not in OF_THE_SESSION)
_PLAIN = {act: Ask(act) for act in ASKED_OF_ADAPTERS}


# Acts that move requests from one version to another.
_MOVING = frozenset(
    {
        *(Act.SET_WEIGHT, Act.HEADER, Act.FLIP, Act.PROMOTE, Act.ROLLBACK, Act.APPROVE, Act.JUMP),
        *(Act.ENABLE, Act.DISABLE, Act.ABORT, Act.RETRY),
    }
)


def applies(state: object, objects: Objects) -> str:
    """The reason of an act that always applies: none."""
    return ""


def _no_ways(state: object, objects: Objects) -> tuple[ActWay, ...]:
    return ()


def _no_versions(state: object, objects: Objects) -> tuple[str, ...]:
    return ()


def _no_notes(state: object, objects: Objects) -> tuple[tuple[str, str], ...]:
    return ()


def nowhere(state: object, objects: Objects) -> str:
    """Where an act leads whose name says it: no words."""
    return ""


def _no_services(state: object, objects: Objects) -> tuple[Service, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class ActEntry(Generic[State]):
    """An act that a system has.

    `why_not` is why it does not apply now, "" if it does; a plan can still be refused for its arguments, as text or as
    `Refused`. `named` is the same for an ask that names a version, which can apply when the act's own choice does not;
    None if the act is about the whole rollout and takes no version. `versions` are the names to choose from if there is
    a choice, `ways` the ways to the same end (`Ask.by`), the usual one first. `leads` is where it leads without any
    argument, in words that follow its key, `undoable` whether its plan has an inverse. `notes` are what a choice says
    of some of the `versions`.
    """

    plan: Callable[[State, Rollout, Ask, Objects], Plan | Refused | str]
    why_not: Callable[[State, Objects], str] = applies
    named: Callable[[State, Objects], str] | None = None
    versions: Callable[[State, Objects], tuple[str, ...]] = _no_versions
    ways: Callable[[State, Objects], tuple[ActWay, ...]] = _no_ways
    leads: Callable[[State, Objects], str] = nowhere
    undoable: bool = True
    notes: Callable[[State, Objects], tuple[tuple[str, str], ...]] = _no_notes


def by_state(why: Callable[[State], str]) -> Callable[[State, Objects], str]:
    """A reason that the state alone gives, as an entry needs it."""
    return lambda state, objects: why(state)


def state_entry(
    why_not: Callable[[State], str],
    plan: Callable[[State, Rollout, Ask], Plan | Refused | str],
    named: Callable[[State], str] | None = None,
    leads: Callable[[State], str] | None = None,
    *,
    undoable: bool = True,
) -> ActEntry[State]:
    """An entry for functions that need only the state."""
    return ActEntry(
        lambda state, rollout, ask, objects: plan(state, rollout, ask),
        by_state(why_not),
        named=by_state(named) if named else None,
        leads=by_state(leads) if leads else nowhere,
        undoable=undoable,
    )


@dataclass(frozen=True, slots=True)
class ActTable(Generic[State]):
    """Every act of an adapter.

    `absent` says for some acts why the system does not have them and what to use instead, `otherwise` for the rest.
    `closed` is why nobody edits anything here by hand, such as a controller that manages the object; "" if people can.
    `writes` is what each act may write, `own` the same for the acts that differ. Roles are made of it, and a plan that
    writes anything else is a bug.
    `services` are those whose requests the acts move, by a selector or by a route in front of them: a plan says which
    clients inside a mesh do not follow.
    """

    entries: Mapping[Act, ActEntry[State]]
    otherwise: str
    absent: Mapping[Act, str | Callable[[State], str]] = field(default_factory=dict)
    closed: Callable[[State, Objects], str] = applies
    services: Callable[[State, Objects], Sequence[Service]] = _no_services
    writes: tuple[Right, ...] = ()
    own: Mapping[Act, tuple[Right, ...]] = field(default_factory=dict)

    @property
    def acts(self) -> tuple[Act, ...]:
        """The acts that can be planned, in the order of the entries."""
        return tuple(self.entries)

    @property
    def writes_by_act(self) -> Mapping[Act, tuple[Right, ...]]:
        """What each act may write."""
        return {act: self.own.get(act, self.writes) for act in self.entries}

    def states(self, state: State, objects: Objects) -> tuple[ActState, ...]:
        """Every act that adapters can be asked for, with the reason if it does not apply."""
        closed = self.closed(state, objects)
        return tuple(self._state(act, closed, state, objects) for act in ASKED_OF_ADAPTERS)

    def plan(self, state: State, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        """The act's plan, or a refusal with the reason that is listed."""
        entry = self.entries.get(ask.act)
        why = self.closed(state, objects) or self._why_not(ask, state, objects)
        if why or entry is None:
            return refused(rollout, ask.act, safe_text(why, _LONGEST), acts_told(why))
        found = entry.plan(state, rollout, ask, objects)
        if isinstance(found, str):
            return refused(rollout, ask.act, found)
        if isinstance(found, Refused):
            return found
        self._check(found)
        found = with_outage(found, rollout)
        return self._with_mesh(found, state, objects) if ask.act in _MOVING else found

    def _check(self, plan: Plan) -> None:
        """Raises ValueError for a plan that writes what the table does not say: no role would allow it."""
        declared = self.own.get(plan.act, self.writes)
        if strays := [r for r in (*plan.requests, *plan.inverse) if r.right not in declared]:
            raise ValueError(f"{plan.act} must not {', '.join(str(request.right) for request in strays)}")

    def _with_mesh(self, plan: Plan, state: State, objects: Objects) -> Plan:
        found = [text for service in self.services(state, objects) for text in mesh_warnings(service, objects)]
        return replace(plan, warnings=tuple(dict.fromkeys((*plan.warnings, *found)))) if found else plan

    def _state(self, act: Act, closed: str, state: State, objects: Objects) -> ActState:
        why = closed or self._why_not(_PLAIN[act], state, objects)
        entry = self.entries.get(act)
        if why or entry is None:
            return ActState(act, False, safe_text(why, _LONGEST), told=acts_told(why))
        return ActState(
            *(act, True, "", entry.ways(state, objects), entry.versions(state, objects)),
            *(safe_text(entry.leads(state, objects), _LONGEST_LEADS), entry.undoable),
            notes=entry.notes(state, objects),
        )

    def _why_not(self, ask: Ask, state: State, objects: Objects) -> str:
        entry = self.entries.get(ask.act)
        if entry is None:
            absent = self.absent.get(ask.act, self.otherwise)
            return absent if isinstance(absent, str) else absent(state)
        if not ask.version:
            why = entry.why_not(state, objects)
        elif entry.named:
            why = entry.named(state, objects)
        else:
            why = entry.why_not(state, objects) or f"{ask.act} applies to the whole rollout: do not name a version"
        return why or _why_not_by(ask, entry.ways(state, objects) if ask.by else ())


def _why_not_by(ask: Ask, ways: tuple[ActWay, ...]) -> str:
    """Why the act cannot be done in the requested way; "" if it can."""
    if not ask.by:
        return ""
    if not ways:
        return f"there is only one way to {ask.act} here: leave out --by {safe_text(ask.by, 40)}"
    known = " or ".join(way.id for way in ways)
    found = next((way for way in ways if way.id == ask.by), None)
    return found.why if found else f"no way {safe_text(ask.by, 40)!r} to {ask.act}: use {known}"
