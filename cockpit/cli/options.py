"""The flags that kubectl users expect, accepted before and after the name of the command."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from cockpit.cli.program import Options

F = TypeVar("F", bound=Callable[..., Any])
_META = "cockpit.options"
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|)")
_SECONDS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


class Duration(click.ParamType[float]):
    """Seconds, or a number with a unit as kubectl takes them: 30, 30s, 2m, 1h30m."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds, more than none and at most a day."""
        if isinstance(value, int | float):
            return float(value)
        parts = _DURATION.findall(value)
        if not value or "".join(number + unit for number, unit in parts) != value:
            self.fail(f"{value!r} is no duration; write 30s, 2m or a number of seconds", param, ctx)
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
        if not 0 < seconds <= 86_400:
            self.fail(f"{value!r} must be more than 0 and at most a day", param, ctx)
        return seconds


DURATION = Duration()


def _note(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Keep what was given; the same flag after the command wins over the one before it."""
    if value not in (None, (), False) and param.name:
        ctx.meta.setdefault(_META, {})[param.name] = value


def _flag(*names: str, **settings: Any) -> Callable[[F], F]:
    return click.option(*names, expose_value=False, callback=_note, **settings)


_FLAGS: tuple[Callable[[Any], Any], ...] = (
    _flag("--kubeconfig", metavar="FILE", help="Use this kubeconfig and no other."),
    _flag("--context", "contexts", multiple=True, metavar="NAME", help="Context; repeat it to see several clusters."),
    _flag("-n", "--namespace", metavar="NAME", help="Namespace instead of the context's own."),
    _flag("-A", "--all-namespaces", is_flag=True, help="All namespaces."),
    _flag("--as", "as_user", metavar="USER", help="Act as this user."),
    _flag("--as-group", "as_groups", multiple=True, metavar="GROUP", help="Act as a member of this group."),
    _flag("--request-timeout", type=DURATION, metavar="TIME", help="Longest wait for the first facts (30s)."),
    _flag("--read-only", is_flag=True, help="Send nothing that changes a cluster."),
    _flag("--theme", metavar="NAME", help="Theme of the screen."),
    _flag("--plain", is_flag=True, help="Sentences instead of a screen; no colour."),
)


def shared_options(command: F) -> F:
    """Give a command the shared flags; read them with `given`."""
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command


def given() -> Options:
    """The shared flags of the command that runs."""
    return Options(**click.get_current_context().meta.get(_META, {}))


def output_option(*formats: str) -> Callable[[F], F]:
    """`-o`, the first format being the default."""
    return click.option(
        "-o", "--output", type=click.Choice(formats), default=formats[0], show_default=True, help="Form of the facts."
    )
