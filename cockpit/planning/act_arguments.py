"""What each act needs to know, declared once: the command line, the dialogs and their help come from here.

The versions and ways to choose from are not part of it: they differ between rollouts and are in `ActState`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from cockpit.model.plan import Act
from cockpit.model.values import dataclass


class ArgumentKind(StrEnum):
    """What an argument is; the value is the field of `Ask` that it fills."""

    VERSION = "version"
    SHARES = "weights"
    COUNTS = "counts"
    HEADER = "header"
    WAY = "by"
    STEP = "step"
    IMAGE = "image"
    STEPS = "steps"

    @property
    def is_line(self) -> bool:
        """Whether it is entered as a line of text; the others are selected from what the rollout has."""
        return self not in (ArgumentKind.VERSION, ArgumentKind.SHARES, ArgumentKind.WAY, ArgumentKind.STEP)


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an act.

    `form` is how it is typed, `help` what it means, `example` one that can be typed. `option` is the long option that
    it follows on the command line, "" if it is positional. `without` is the flag that runs the act without this
    argument, for example to end a plan; `without_help` says what that does, and `nothing` says it next to the "-" that
    a dialog accepts instead. `question` is what a dialog asks. `revision`: a revision number is accepted as well as
    the name of a version.
    """

    kind: ArgumentKind
    form: str
    help: str
    example: str = ""
    required: bool = False
    option: str = ""
    without: str = ""
    without_help: str = ""
    nothing: str = ""
    question: str = ""
    revision: bool = False

    @property
    def many(self) -> bool:
        """Whether it takes several words."""
        return self.kind in (ArgumentKind.SHARES, ArgumentKind.COUNTS, ArgumentKind.STEPS)


@dataclass(frozen=True, slots=True)
class ActSpec:
    """What an act does, in words, and every argument that it takes on some rollout. `title` heads its dialog."""

    help: str
    arguments: tuple[Argument, ...] = ()
    title: str = ""

    def argument(self, kind: ArgumentKind) -> Argument | None:
        """The argument of this kind."""
        return next((argument for argument in self.arguments if argument.kind is kind), None)


def _version(help: str, *, required: bool = False, option: str = "", question: str = "") -> Argument:
    return Argument(
        ArgumentKind.VERSION, "VERSION", help, "v2", required, option, question=question, revision=option == "--to"
    )


ACT_SPECS: Mapping[Act, ActSpec] = {
    Act.SET_WEIGHT: ActSpec(
        "set the share of a version",
        (
            Argument(
                ArgumentKind.SHARES,
                "VERSION=PERCENT",
                "The share of each named version; the others split the rest in their current proportion.",
                "v2=40",
                required=True,
            ),
        ),
    ),
    Act.HEADER: ActSpec(
        "send requests with a header to a version",
        (
            _version("The version that gets the requests.", required=True),
            Argument(
                ArgumentKind.HEADER,
                "KEY=VALUE",
                "The header and its value.",
                "x-canary=always",
                without="--remove",
                without_help="Remove the header rule of VERSION.",
                nothing="removes the rule",
            ),
        ),
        "header rule",
    ),
    Act.FLIP: ActSpec(
        "point the Service at the other version",
        (_version("The version that gets all traffic, if there are several.", question="flip to which version?"),),
    ),
    Act.PROMOTE: ActSpec(
        "send all traffic to the new version",
        (
            _version("The version to promote, if there are several.", question="promote which version?"),
            Argument(
                ArgumentKind.WAY,
                "WAY",
                "How to promote, if the rollout has several ways; show NAME lists them.",
                "backend",
                option="--by",
                question="promote fully: how?",
            ),
        ),
    ),
    Act.ROLLBACK: ActSpec(
        "send all traffic to the stable version",
        (_version("The version or revision number to go back to.", option="--to"),),
    ),
    Act.UNDO: ActSpec("reverse the last act on this rollout"),
    Act.FINISH: ActSpec(
        "remove what the release no longer needs",
        (_version("The version to remove; without it, those that came before the one that takes all traffic."),),
    ),
    Act.SCALE: ActSpec(
        "set the number of pods of a version",
        (
            Argument(
                ArgumentKind.COUNTS,
                "VERSION=COUNT",
                "The number of pods of each named version.",
                "v2=4",
                required=True,
            ),
        ),
        "number of pods",
    ),
    Act.APPROVE: ActSpec("let the release take its next step"),
    Act.PAUSE: ActSpec("hold the release"),
    Act.RESUME: ActSpec("let a paused release continue"),
    Act.ABORT: ActSpec("stop the release, the way its controller does"),
    Act.RETRY: ActSpec("try an aborted release again"),
    Act.JUMP: ActSpec(
        "continue at another step",
        (
            Argument(
                ArgumentKind.STEP,
                "STEP",
                "The step, counted from 1.",
                "3",
                required=True,
                question="go to which step?",
            ),
        ),
    ),
    Act.SET_IMAGE: ActSpec(
        "start a release with another image",
        (
            Argument(
                ArgumentKind.IMAGE,
                "[CONTAINER=]IMAGE",
                "The image, with its container if the pods have several.",
                "app=registry.example.com/web:v3",
                required=True,
            ),
        ),
        "set image",
    ),
    Act.RESTART: ActSpec("replace every pod with one of the same version"),
    Act.ENABLE: ActSpec(
        "let a version take traffic, or let a controller continue",
        (_version("The version, if several can be enabled.", question="enable which version?"),),
    ),
    Act.DISABLE: ActSpec(
        "take a version out of traffic, or stop a controller",
        (_version("The version, if several can be disabled.", question="disable which version?"),),
    ),
    Act.STEPS: ActSpec(
        "plan the shares of a release step by step, or end the plan",
        (
            _version("The version that gets the shares.", required=True),
            Argument(
                ArgumentKind.STEPS,
                "PERCENT",
                "The share at each step.",
                "20 50 100",
                without="--end",
                without_help="Remove the plan; the shares stay as they are.",
                nothing="ends the plan",
            ),
        ),
        "steps",
    ),
}
