"""State of the small forms and the acts that they ask for, without a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cockpit.model.counts import counted
from cockpit.model.journal import Origin
from cockpit.model.plan import Act, ActState, Ask
from cockpit.model.remedies import FAILED
from cockpit.model.rollout import Role, Rollout, Version
from cockpit.model.shares import percent
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import Entry
from cockpit.planning.act_arguments import ACT_SPECS, Argument, ArgumentKind
from cockpit.planning.argument_text import parsed
from cockpit.tui.text import RELEASED

# The least part of its answers by which a version is said to have failed.
_FAILS = 0.05
PRESETS = (0, 5, 10, 25, 50, 75, 100)


@dataclass(frozen=True, slots=True)
class Weights:
    """Shares by version in percent, which always add up to 100: one version gets the rest."""

    names: tuple[str, ...]
    percents: tuple[float, ...]
    chosen: int
    rest: int
    typed: str = ""

    def set(self, percent: float) -> Weights:
        """Set the chosen version to `percent`, limited by what the rest can give."""
        others = sum(p for i, p in enumerate(self.percents) if i not in {self.chosen, self.rest})
        value = min(max(percent, 0.0), 100 - others)
        percents = list(self.percents)
        percents[self.chosen] = value
        percents[self.rest] = round(100 - others - value, 3)
        return replace(self, percents=tuple(percents), typed="")

    def add(self, points: float) -> Weights:
        """Raise or lower the chosen version."""
        return self.set(self.percents[self.chosen] + points)

    def preset(self, direction: int) -> Weights:
        """Set the next preset percentage up or down."""
        now = self.percents[self.chosen]
        if direction > 0:
            return self.set(next((p for p in PRESETS if p > now), 100))
        return self.set(next((p for p in reversed(PRESETS) if p < now), 0))

    def type(self, character: str) -> Weights:
        """Append a typed digit or point, or remove the last one for "backspace"."""
        typed = self.typed[:-1] if character == "backspace" else self.typed + character
        try:
            value = float(typed or "0")
        except ValueError:
            return self
        return replace(self.set(value), typed=typed) if 0 <= value <= 100 and len(typed) <= 5 else self

    def choose(self, by: int) -> Weights:
        """Choose another version; skips the one that gets the rest if there are others."""
        order = [i for i in range(len(self.names)) if i != self.rest]
        return replace(self, chosen=order[(order.index(self.chosen) + by) % len(order)], typed="")

    @property
    def ask(self) -> Ask:
        """All weights, as fractions of 1."""
        pairs = zip(self.names, self.percents, strict=True)
        return Ask(Act.SET_WEIGHT, weights=tuple((name, percent / 100) for name, percent in pairs))


def weights_of(rollout: Rollout) -> Weights | None:
    """The form with a rollout's written weights; None if there is nothing to split."""
    lane = rollout.default_lane
    written = {share.version: share.written or share.declared or 0.0 for share in lane.shares} if lane else {}
    versions = [version for version in rollout.own_versions if version.name in written] or list(rollout.own_versions)
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
class ActChoice:
    """Options of an act, each with the text to show. `first` is the cursor's position."""

    title: str
    options: tuple[tuple[str, Ask], ...]
    first: int = 0


def choice_of(rollout: Rollout, act: Act, journal: Sequence[Entry] = ()) -> ActChoice | None:
    """What has to be chosen before `act` can be planned; None if nothing has to.

    `journal` is what this machine noted: versions that failed are marked by it.
    """
    spec, state = ACT_SPECS[act], next((state for state in rollout.acts if state.act is act), ActState(act, True))
    if (step := spec.argument(ArgumentKind.STEP)) and (rollout.steps or rollout.step):
        return ActChoice(step.question, tuple(_steps(rollout)), _here(rollout))
    version, way = spec.argument(ArgumentKind.VERSION), spec.argument(ArgumentKind.WAY)
    if version and len(state.versions) > 1:
        named = [found for found in rollout.own_versions if found.name in state.versions]
        return ActChoice(
            version.question, tuple((_described(v, state, rollout, journal), Ask(act, version=v.name)) for v in named)
        )
    ways = [way for way in state.ways if not way.why]
    if way and len(ways) > 1:
        return ActChoice(way.question, tuple((way.words, Ask(act, by=way.id)) for way in ways))
    return None


def _steps(rollout: Rollout) -> Iterator[tuple[str, Ask]]:
    """Every step by its title, the current one marked."""
    titles = [step.title for step in rollout.steps] or [""] * (rollout.step.count if rollout.step else 0)
    for number, title in enumerate(titles, 1):
        here = "   now" if rollout.step and rollout.step.index == number else ""
        yield f"step {number} of {len(titles)}  {title}{here}", Ask(Act.JUMP, step=number)


def _here(rollout: Rollout) -> int:
    """The position of the step after the current one, the usual target of a jump."""
    count = len(rollout.steps) or (rollout.step.count if rollout.step else 0)
    return min(rollout.step.index, count - 1) if rollout.step and count else 0


def _described(version: Version, state: ActState, rollout: Rollout, journal: Sequence[Entry]) -> str:
    """A version to choose: its role, its pods, whether it took the traffic before, and how it failed."""
    words = f"{version.name}  {version.role.value}  {version.ready}/{counted(version.desired, 'pod')}"
    said = [state.note(version.name), _failed(version.name, rollout, journal)]
    return "  ".join([words, *(each for each in said if each)])


def _failed(name: str, rollout: Rollout, journal: Sequence[Entry]) -> str:
    """How a version failed, by what is shown now, else by the last figures that this machine's journal has of it."""
    alone = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
    if now := next((f.text for f in rollout.findings if f.id in FAILED and alone.search(f.text)), ""):
        return now
    mine = (e.seen for e in reversed(journal) if e.seen and e.origin is Origin.HERE and e.rollout == rollout.key)
    for share in (share for seen in mine for share in seen.shares if share.version == name and share.errors):
        answers = max(round((share.observed or 0.0) * share.samples), share.errors)
        if share.errors >= _FAILS * answers:
            return f"failed {percent(share.errors / answers)} of {counted(answers, 'answer')} before"
    return ""


def line_ask(rollout: Rollout, act: Act, text: str) -> Ask | str:
    """The ask for an act's argument typed as a line of text, or an error text.

    An argument about one version can start with VERSION; the default is the version being released. If the act works
    without the argument, "-" omits it.
    """
    spec, names = ACT_SPECS[act], [v.name for v in rollout.own_versions]
    argument = line_argument(act)
    if argument is None:
        return Ask(act)
    words, version = text.replace(",", " ").split() if argument.many else text.split(" "), _released(rollout)
    words = [word for word in words if word]
    if spec.argument(ArgumentKind.VERSION) and len(words) > 1 and words[0] in names:
        version = words.pop(0)
    about = version if spec.argument(ArgumentKind.VERSION) else None
    if not words:
        return f"write it as {argument.form}, such as {argument.example}" + _or_without(argument)
    if argument.without and words == ["-"]:
        return Ask(act, version=about)
    if argument.kind is ArgumentKind.IMAGE and words == [image_of(rollout)]:
        return "this image is already released; change its tag or digest"
    if argument.kind is ArgumentKind.COUNTS and len(words) == 1 and "=" not in words[0]:
        words = [f"{version}={words[0]}"]
    try:
        value = parsed(argument, words, names)
    except ValueError as error:
        known = f"; versions are {', '.join(names)}" if argument.kind is ArgumentKind.STEPS else ""
        return f"{error}{known}{_or_without(argument)}"
    return replace(Ask(act, version=about), **{str(argument.kind): value})


def line_argument(act: Act) -> Argument | None:
    """The argument that is typed as a line of text; None if the act has none."""
    return next((a for a in ACT_SPECS[act].arguments if a.kind.is_line), None)


def line_hint(act: Act) -> str:
    """The hint for an empty line."""
    argument = line_argument(act)
    if argument is None:
        return ""
    shown = argument.example if argument.kind is ArgumentKind.STEPS else argument.form
    more = f", or VERSION {shown}" if ACT_SPECS[act].argument(ArgumentKind.VERSION) else ""
    return f"{shown}{more}" + (f"; - {argument.nothing}" if argument.without else "")


def _or_without(argument: Argument) -> str:
    return f"; - {argument.nothing}" if argument.without else ""


def image_of(rollout: Rollout) -> str:
    """The first image of the version being released, or ""."""
    version = rollout.version(_released(rollout) or "")
    return safe_text(version.images[0], 1000) if version and version.images else ""


def _released(rollout: Rollout) -> str | None:
    versions = list(rollout.own_versions)
    return versions[_index(versions, RELEASED, len(versions) - 1)].name if versions else None
