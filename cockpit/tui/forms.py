"""What small forms hold while they are filled in, and what they ask for; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Role, Rollout, Version
from cockpit.tui.text import RELEASED

PRESETS = (0, 5, 10, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares by version in percent, which always add up to 100: one version takes the rest."""

    names: tuple[str, ...]
    percents: tuple[float, ...]
    chosen: int
    rest: int
    typed: str = ""

    def set(self, percent: float) -> Weights:
        """The chosen version at `percent`, as far as the rest has it to give."""
        others = sum(p for i, p in enumerate(self.percents) if i not in {self.chosen, self.rest})
        value = min(max(percent, 0.0), 100 - others)
        percents = list(self.percents)
        percents[self.chosen] = value
        percents[self.rest] = round(100 - others - value, 3)
        return replace(self, percents=tuple(percents), typed="")

    def add(self, points: float) -> Weights:
        """The chosen version raised or lowered."""
        return self.set(self.percents[self.chosen] + points)

    def preset(self, direction: int) -> Weights:
        """The next usual percentage up or down."""
        now = self.percents[self.chosen]
        if direction > 0:
            return self.set(next((p for p in PRESETS if p > now), 100))
        return self.set(next((p for p in reversed(PRESETS) if p < now), 0))

    def type(self, character: str) -> Weights:
        """A digit or point typed after the others, or the last one taken back for "backspace"."""
        typed = self.typed[:-1] if character == "backspace" else self.typed + character
        try:
            value = float(typed or "0")
        except ValueError:
            return self
        return replace(self.set(value), typed=typed) if 0 <= value <= 100 and len(typed) <= 5 else self

    def choose(self, by: int) -> Weights:
        """Another version to set; the one that takes the rest is skipped where there are others."""
        order = [i for i in range(len(self.names)) if i != self.rest]
        return replace(self, chosen=order[(order.index(self.chosen) + by) % len(order)], typed="")

    @property
    def ask(self) -> Ask:
        """All weights, as fractions of 1."""
        pairs = zip(self.names, self.percents, strict=True)
        return Ask(Act.SET_WEIGHT, weights=tuple((name, percent / 100) for name, percent in pairs))


def weights_of(rollout: Rollout) -> Weights | None:
    """The form for a rollout as it is written now; None where there is nothing to share."""
    lane = rollout.default_lane
    written = {share.version: share.written or share.declared or 0.0 for share in lane.shares} if lane else {}
    versions = [version for version in rollout.versions if version.name in written] or list(rollout.versions)
    if len(versions) < 2:
        return None
    rest = _index(versions, (Role.STABLE, Role.ACTIVE, Role.OLD), 0)
    chosen = _index([v for v in versions if v is not versions[rest]], RELEASED, 0)
    chosen += chosen >= rest
    percents = [round(written.get(version.name, 0.0) * 100, 3) for version in versions]
    percents[rest] = 100 - sum(p for i, p in enumerate(percents) if i != rest)
    return Weights(tuple(v.name for v in versions), tuple(percents), chosen, rest)


def _index(versions: list[Version], roles: tuple[Role, ...], otherwise: int) -> int:
    return next((i for role in roles for i, v in enumerate(versions) if v.role is role), otherwise)


@dataclass(frozen=True, slots=True)
class Choice:
    """Ways to do an act, each with the words to show. `first` is the place of the cursor."""

    title: str
    options: tuple[tuple[str, Ask], ...]
    first: int = 0


def choice_of(rollout: Rollout, act: Act) -> Choice | None:
    """What has to be chosen before `act` can be planned; None where nothing has."""
    match act:
        case Act.PROMOTE if rollout.router == "ingress":
            return Choice(
                "promote fully: how?",
                (
                    ("the Ingress sends all requests to the new Service", Ask(act, by="backend")),
                    ("the Service selects the pods of the new version", Ask(act, by="selector")),
                ),
            )
        case Act.FLIP if len(rollout.versions) > 2:
            others = [v for v in rollout.versions if v.role is not Role.ACTIVE]
            return Choice("flip to which version?", tuple((_described(v), Ask(act, version=v.name)) for v in others))
        case Act.JUMP if rollout.steps or rollout.step:
            return Choice("go to which step?", tuple(_steps(rollout)), _here(rollout))
        case Act.ENABLE | Act.DISABLE if len(rollout.versions) > 1:
            choices = tuple((_described(v), Ask(act, version=v.name)) for v in rollout.versions)
            return Choice(f"{act.value} which version?", choices)
        case _:
            return None


def _steps(rollout: Rollout) -> Iterator[tuple[str, Ask]]:
    """Every step by its title, the current one marked."""
    titles = [step.title for step in rollout.steps] or [""] * (rollout.step.count if rollout.step else 0)
    for number, title in enumerate(titles, 1):
        here = "   now" if rollout.step and rollout.step.index == number else ""
        yield f"step {number} of {len(titles)}  {title}{here}", Ask(Act.JUMP, step=number)


def _here(rollout: Rollout) -> int:
    """The place of the step after the current one, where most jumps lead."""
    count = len(rollout.steps) or (rollout.step.count if rollout.step else 0)
    return min(rollout.step.index, count - 1) if rollout.step and count else 0


def _described(version: Version) -> str:
    return f"{version.name}  {version.role.value}  {version.ready}/{version.desired} pods"


def header_ask(rollout: Rollout, text: str) -> Ask | str:
    """The ask for `KEY=VALUE`, or `-` to take the rule away, or either behind a VERSION; else what is wrong."""
    words = text.strip().split(maxsplit=1)
    version = _released(rollout)
    if len(words) == 2 and rollout.version(words[0]):
        version, text = words[0], words[1]
    if text.strip() == "-":
        return Ask(Act.HEADER, version=version)
    key, sign, value = text.strip().partition("=")
    if not sign or not key.strip() or not value.strip():
        return "write it as KEY=VALUE, such as x-canary=always, or - to take the rule away"
    if not key.strip().replace("-", "").replace("_", "").isalnum() or not key.isascii():
        return f"{key.strip()!r} is no name of a header: letters, digits, - and _"
    return Ask(Act.HEADER, version=version, header=(key.strip(), value.strip()))


def count_ask(rollout: Rollout, text: str) -> Ask | str:
    """The ask for `VERSION=COUNT` or `COUNT`, or what is wrong with the text."""
    name, sign, number = text.strip().rpartition("=")
    version = name.strip() if sign else _released(rollout)
    if version is None or rollout.version(version) is None:
        names = ", ".join(v.name for v in rollout.versions)
        return f"which version? write VERSION=COUNT; versions are {names}"
    if not number.strip().isdecimal() or int(number) > 10_000:
        return "the number of pods is a whole number from 0 to 10000"
    return Ask(Act.SCALE, counts=((version, int(number)),))


def image_ask(rollout: Rollout, text: str) -> Ask | str:
    """The ask for `IMAGE` or `CONTAINER=IMAGE`, or what is wrong with the text."""
    container, sign, image = text.strip().rpartition("=")
    if not image or " " in text.strip() or (sign and not container):
        return "write it as IMAGE, or CONTAINER=IMAGE where the pods have several containers"
    if image in image_of(rollout) and not container:
        return "this image is released already; change its tag or digest"
    return Ask(Act.SET_IMAGE, image=(container, image))


def image_of(rollout: Rollout) -> str:
    """The first image of the version that is released, or ""."""
    version = rollout.version(_released(rollout) or "")
    return version.images[0] if version and version.images else ""


def steps_ask(rollout: Rollout, text: str) -> Ask | str:
    """The ask for `[VERSION] 20 50 100`, or `-` to end the plan; else what is wrong with the text."""
    words = text.replace(",", " ").replace("%", " ").split()
    version = words.pop(0) if words and rollout.version(words[0]) else _released(rollout)
    if version is None or not words:
        return "write the shares step by step, such as 20 50 100, or - to end the plan"
    if words == ["-"]:
        return Ask(Act.STEPS, version=version)
    try:
        percents = [float(word) for word in words]
    except ValueError:
        names = ", ".join(v.name for v in rollout.versions)
        return f"shares are numbers from 0 to 100, behind a version if need be; versions are {names}"
    if any(not before < percent <= 100 for before, percent in pairwise((0.0, *percents))):
        return "each step must be more than the one before, and at most 100"
    return Ask(Act.STEPS, version=version, steps=tuple(percent / 100 for percent in percents))


def _released(rollout: Rollout) -> str | None:
    versions = list(rollout.versions)
    return versions[_index(versions, RELEASED, len(versions) - 1)].name if versions else None
