"""`-l`: labels that choose rollouts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cockpit.model.label_selector import LabelSelector, label_selector

if TYPE_CHECKING:
    from cockpit.model.view import FleetView

F = TypeVar("F", bound=Callable[..., Any])


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
    words = "Only rollouts whose root object has these labels: a=b, a!=b, 'a in (b,c)', a, !a; commas between them."
    return click.option("-l", "--selector", type=SelectorType(), metavar="LABELS", help=words)(command)


def labelled(view: FleetView, selector: LabelSelector | None) -> FleetView:
    """`view` with only the rollouts whose root object a selector matches; None leaves it as it is."""
    if selector is None:
        return view
    kept = tuple(shown for shown in view.rollouts if selector.matches(dict(shown.rollout.labels)))
    keys = {shown.rollout.key for shown in kept}
    groups = tuple(group for group in view.groups if keys.issuperset(group.parts))
    return replace(view, rollouts=kept, groups=groups)
