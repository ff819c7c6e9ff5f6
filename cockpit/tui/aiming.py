"""What the form for a probe's target starts with, tells and gives; pure."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.model.door import Door
from cockpit.model.text import safe_text
from cockpit.model.view import Kept, RolloutView

EXAMPLES = (
    "10.0.0.9:8080   an address: host, path and TLS stay as they are",
    "https://shop.example/path proxy=http://10.0.0.9:3128   a URL",
    "then: proxy= host= version-from= header=KEY=VALUE insecure",
    "empty: as derived from the objects",
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a probe is to send; None: as derived from the objects."""

    door: Door | None


def target_of(view: RolloutView, text: str) -> Target | str:
    """What the text asks for, or what is wrong with it. What is derived anyway is not remembered."""
    # The screen shows without it, and most people never change a target.
    from cockpit.probe.target import ProbeTargetError, door_from_text

    if not text.strip():
        return Target(None)
    rollout = view.rollout
    try:
        door = door_from_text(text, view.probe.door or rollout.door or rollout.entrance)
    except ProbeTargetError as problem:
        return safe_text(str(problem))
    return Target(None if door == rollout.door else door)


def address_of(view: RolloutView) -> str:
    """Where the probe sends as things are, as it can be typed; "" where nothing says."""
    door = view.probe.door or view.rollout.door
    if door is None:
        return ""
    return f"[{door.address}]:{door.port}" if ":" in door.address else f"{door.address}:{door.port}"


def asked_for(view: RolloutView) -> str:
    """What requests ask for, or why nothing says where to send them."""
    rollout = view.rollout
    door = view.probe.door or rollout.door
    if door:
        chosen = "" if door == rollout.door else "   (remembered)"
        return f"asks for {safe_text(door.url, 200)}{chosen}"
    why = safe_text(rollout.door_missing or view.probe.message or "nothing says where to send requests")
    named = rollout.entrance and rollout.entrance.host
    return f"{why}; requests ask for {safe_text(rollout.entrance.url, 200)}" if rollout.entrance and named else why


def told(view: RolloutView, target: Target, kept: Kept) -> str:
    """What a person has to know after a target was given; "" where all went as asked."""
    name = view.rollout.key.name
    if kept.problem:
        return f"{name}: sent there for now, but not remembered: {kept.problem}"
    if kept.withheld:
        return f"{name}: not remembered, because secret: {', '.join(kept.withheld)}"
    if target.door is None and view.rollout.door is None:
        return f"{name}: {view.rollout.door_missing or 'nothing says where to send requests'}"
    return ""
