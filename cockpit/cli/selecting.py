"""`-l`: labels that choose rollouts, of a command or of the screen, and what a screen may keep."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cockpit.cli.given import META
from cockpit.model.label_selector import LabelSelector, label_selector

if TYPE_CHECKING:
    from cockpit.model.view import FleetView

F = TypeVar("F", bound=Callable[..., Any])
_WORDS = "Only rollouts whose root object has these labels: a=b, a!=b, 'a in (b,c)', a, !a; commas between them."


class SelectorType(click.ParamType[LabelSelector]):
    """A label selector as kubectl takes it."""

    name = "selector"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> LabelSelector:
        """The selector of the words."""
        if isinstance(value, LabelSelector):
            return value
        try:
            return label_selector(value)
        except ValueError as problem:
            self.fail(f"the selector {problem}", param, ctx)


def selector_option(command: F) -> F:
    """`-l`, a LabelSelector or None."""
    return click.option("-l", "--selector", type=SelectorType(), metavar="LABELS", help=_WORDS)(command)


def screen_selector_option(command: F) -> F:
    """`-l` of a screen, read with `given`."""
    option = click.option(
        "-l", "--selector", type=SelectorType(), metavar="LABELS", help=_WORDS, expose_value=False, callback=_note
    )
    return option(command)


def view_only_option(command: F) -> F:
    """`--view-only` of the screen, read with `given`."""
    words = "The screen keeps nothing on this machine, runs no commands of its settings and takes no probe targets."
    return click.option("--view-only", is_flag=True, help=words, expose_value=False, callback=_note)(command)


def _note(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value and param.name:
        ctx.meta.setdefault(META, {})[param.name] = value


def labelled(view: FleetView, selector: LabelSelector | None) -> FleetView:
    """`view` with only the rollouts whose root object a selector matches; None leaves it as it is."""
    if selector is None:
        return view
    kept = tuple(shown for shown in view.rollouts if selector.matches(dict(shown.rollout.labels)))
    keys = {shown.rollout.key for shown in kept}
    groups = tuple(group for group in view.groups if keys.issuperset(group.parts))
    return replace(view, rollouts=kept, groups=groups)
