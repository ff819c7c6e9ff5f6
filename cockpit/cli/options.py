"""The flags that kubectl users expect, accepted before and after the name of the command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from cockpit.cli.completing import completes, completes_files
from cockpit.cli.given import META, given
from cockpit.cli.program import Completes, Options
from cockpit.model.durations import seconds_of
from cockpit.model.lazy_re import lazy_re
from cockpit.model.pilot_mode import PilotMode
from cockpit.model.sampling import SampleScope
from cockpit.texts.current import use
from cockpit.texts.languages import language_of

F = TypeVar("F", bound=Callable[..., Any])
__all__ = (
    "AGE",
    "DURATION",
    "NAMESPACE",
    "PERCENTAGE",
    "WholeNumber",
    "flags_of",
    "given",
    "output_option",
    "shared_options",
)


class Duration(click.ParamType[float]):
    """Seconds, or a duration as in kubectl: 30, 30s, 2m, 1h30m."""

    name = "duration"

    def __init__(self, most: float = 86_400.0, words: str = "a day") -> None:
        """`most` is the longest one in seconds, also in words."""
        self._most = most
        self._words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds, more than 0 and at most the longest."""
        if isinstance(value, int | float):
            return float(value)
        # An argument with a space in it is more likely two.
        seconds = None if " " in value else seconds_of(value)
        if seconds is None:
            self.fail(f"{value!r} is not a valid duration; write 30s, 2m or a number of seconds", param, ctx)
        if not 0 < seconds <= self._most:
            self.fail(f"{value!r} must be more than 0 and at most {self._words}", param, ctx)
        return seconds


DURATION = Duration()
# How long ago something was.
AGE = Duration(366 * 86_400.0, "a year")


class Percentage(click.ParamType[float]):
    """A fraction of 1, written in percent: 1, 1%, 0.5%."""

    name = "percentage"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """More than 0 and less than 1."""
        if isinstance(value, float):
            return value
        try:
            fraction = float(value.removesuffix("%")) / 100
        except ValueError:
            self.fail(f"{value!r} is not a percentage; write 1% or 0.5%", param, ctx)
        if not 0 < fraction < 1:
            self.fail(f"{value!r} must be more than 0% and less than 100%", param, ctx)
        return fraction


PERCENTAGE = Percentage()


_LABEL = lazy_re(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")


class NamespaceName(click.ParamType[str]):
    """The name of a namespace: a DNS label (RFC 1123), as the API server takes it."""

    name = "namespace"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check it."""
        if not _LABEL.fullmatch(value):
            words = "lower case letters, digits and - inside, at most 63; for every namespace use -A"
            self.fail(f"{value[:100]!r} is not the name of a namespace: {words}", param, ctx)
        return value


NAMESPACE = NamespaceName()


class WholeNumber(click.IntRange):
    """A whole number within limits."""

    name = "whole number"


def _note(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Store the value; a flag after the command overrides the same flag before it."""
    if value not in (None, (), False) and param.name:
        ctx.meta.setdefault(META, {})[param.name] = value


def _speak(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    """Use this language at once, also for help and errors of what follows."""
    if value is None:
        return
    try:
        use(language_of(value))
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from None
    ctx.meta.setdefault(META, {})["lang"] = value


def _flag(*names: str, **settings: Any) -> Callable[[F], F]:
    return click.option(*names, expose_value=False, callback=_note, **settings)


_FLAGS: tuple[Callable[[Any], Any], ...] = (
    _flag("--kubeconfig", metavar="FILE", shell_complete=completes_files, help="Use only this kubeconfig."),
    _flag(
        "--context",
        "contexts",
        multiple=True,
        metavar="NAME",
        shell_complete=completes(Completes.CONTEXT),
        help="Context; repeatable, for several clusters.",
    ),
    _flag(
        "-n",
        "--namespace",
        metavar="NAME",
        type=NAMESPACE,
        shell_complete=completes(Completes.NAMESPACE),
        help="Namespace instead of the context's own.",
    ),
    _flag("-A", "--all-namespaces", is_flag=True, help="All namespaces."),
    _flag(
        "--cluster",
        metavar="NAME",
        shell_complete=completes(Completes.CLUSTER),
        help="Cluster of the kubeconfig instead of the context's own.",
    ),
    _flag(
        "--user",
        metavar="NAME",
        shell_complete=completes(Completes.USER),
        help="User of the kubeconfig instead of the context's own.",
    ),
    _flag("--token", metavar="TOKEN", help="Bearer token instead of the user's credentials; `ps` shows it."),
    _flag("--as", "as_user", metavar="USER", help="Impersonate this user."),
    _flag("--as-group", "as_groups", multiple=True, metavar="GROUP", help="Impersonate this group; repeatable."),
    _flag("--request-timeout", type=DURATION, metavar="TIME", help="Longest wait for the first data (30s)."),
    _flag("--read-only", is_flag=True, help="Never send anything that changes a cluster."),
    _flag(
        "--sample",
        type=click.Choice([str(scope) for scope in SampleScope if scope is not SampleScope.UNDECIDED]),
        help="What to sample: what moves or is hurt, all, or none. Without it the screen asks once per context.",
    ),
    _flag(
        "--probe-budget",
        type=click.FloatRange(0.1, 10_000),
        metavar="N",
        help="Requests per second to all sampled rollouts together (50).",
    ),
    _flag(
        "--prometheus",
        metavar="off|auto|URL",
        help="Read errors and times of real users from a Prometheus: the one at URL, or the one found in the cluster.",
    ),
    _flag(
        "--pilot",
        type=click.Choice([str(mode) for mode in PilotMode]),
        help="Whether acts of somebody who does not have a rollout's controls are warned of or refused (off).",
    ),
    _flag("--theme", metavar="NAME", shell_complete=completes(Completes.THEME), help="Theme of the screen."),
    _flag("--slow", is_flag=True, help="For a slow link: the screen is painted seldom, and nothing moves."),
    click.option(
        "--lang",
        metavar="en|zh",
        is_eager=True,
        expose_value=False,
        callback=_speak,
        help="Language of texts: English or Chinese. Without it, that of the locale.",
    ),
    _flag("--plain", is_flag=True, help="Plain sentences instead of a screen; no colour."),
)


def shared_options(command: F) -> F:
    """Add the shared flags to a command; read them with `given`."""
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command


def flags_of(options: Options) -> list[str]:
    """The shared flags as arguments of the command, so that another process opens the same screen.

    A token is not among them: everybody on the machine can read the arguments of a process.
    """
    flags = ["--all-namespaces"] if options.all_namespaces else []
    flags += ["--read-only"] if options.read_only else []
    flags += ["--slow"] if options.slow else []
    flags += ["--plain"] if options.plain else []
    for flag, value in (
        ("--kubeconfig", options.kubeconfig),
        ("--namespace", options.namespace),
        ("--cluster", options.cluster),
        ("--user", options.user),
        ("--as", options.as_user),
        ("--request-timeout", options.request_timeout),
        ("--sample", options.sample),
        ("--probe-budget", options.probe_budget),
        ("--prometheus", options.prometheus),
        ("--pilot", options.pilot),
        ("--theme", options.theme),
        ("--lang", options.lang),
        ("--selector", options.selector),
        *(("--context", context) for context in options.contexts),
        *(("--as-group", group) for group in options.as_groups),
    ):
        flags += [] if value is None else [f"{flag}={value}"]
    return flags


def output_option(*formats: str) -> Callable[[F], F]:
    """`-o`, the first format being the default."""
    return click.option(
        "-o", "--output", type=click.Choice(formats), default=formats[0], show_default=True, help="Output format."
    )
