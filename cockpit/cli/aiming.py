"""Where the probe of a rollout sends: remembered, derived from the objects, or as the command line says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cockpit.cli.running import Failed, talk
from cockpit.cli.words import UNKNOWN
from cockpit.model.door import Door
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.view import RolloutView
from cockpit.session.port import Cockpit

if TYPE_CHECKING:
    from cockpit.probe.target import Overrides


@dataclass(frozen=True, slots=True)
class Aim:
    """What was asked about the target: `at` is one line as `door_from_text` reads it, None where not given."""

    overrides: Overrides
    at: str | None = None
    remember: bool = False
    forget: bool = False


async def take_aim(cockpit: Cockpit, shown: RolloutView, aim: Aim) -> Door:
    """The door to send through; forgets and remembers as asked.

    Raises ProbeTargetError for what was typed, Failed where nothing says where to send or nothing could be kept.
    """
    key, current = shown.rollout.key, shown.probe.door
    if aim.forget:
        _not_kept(key, (await cockpit.aim(key, None)).problem)
        talk(f"{key}: the remembered target is forgotten")
        current = None
    elif current and shown.probe.message and not aim.overrides.headers:
        talk(f"{key}: {shown.probe.message}")
    door = _door(shown.rollout, current or shown.rollout.door, aim)
    if aim.remember:
        kept = await cockpit.aim(key, door)
        _not_kept(key, kept.problem)
        talk(f"{key}: {_place(door)} is remembered in {kept.place}")
        if kept.withheld:
            talk(f"not kept, because secret: {', '.join(kept.withheld)}; give it again each time")
    return door


def _door(rollout: Rollout, current: Door | None, aim: Aim) -> Door:
    from cockpit.probe.target import NOTHING, door_from_text, enter, override_door

    if aim.at is not None:
        return override_door(door_from_text(aim.at, current or rollout.entrance), aim.overrides)
    if current:
        return override_door(current, aim.overrides)
    if rollout.entrance and aim.overrides != NOTHING:
        return enter(rollout.entrance, aim.overrides)
    raise Failed(f"{rollout.key}: {why_no_door(rollout)}")


def _not_kept(key: RolloutKey, problem: str) -> None:
    if problem:
        raise Failed(f"{key}: the target cannot be remembered or forgotten: {problem}")


def why_no_door(rollout: Rollout) -> str:
    """Why nothing says where to send requests, and the shortest thing to type."""
    why = rollout.door_missing or "it has no address that requests could be sent to"
    place = "ADDRESS[:PORT]" if rollout.entrance else "URL"
    return f"{why}; say where to send: cockpit probe {rollout.key.namespace}/{rollout.key.name} --at {place}"


def target_words(shown: RolloutView) -> str:
    """The target of the rollout's probe and whether it is remembered, or why there is none and what to type."""
    rollout, door = shown.rollout, shown.probe.door or shown.rollout.door
    if door is None:
        return f"none: {why_no_door(rollout)}" if rollout.door_missing or rollout.entrance else UNKNOWN
    remembered = " (remembered; --forget goes back to the derived one)" if door != rollout.door else ""
    note = f"; {shown.probe.message}" if shown.probe.message and remembered else ""
    return f"{_place(door)}{remembered}{note}"


def _place(door: Door) -> str:
    """The URL, and the address where it differs from the name that is asked for."""
    return door.url if door.address == door.host else f"{door.url} at {door.address}"
