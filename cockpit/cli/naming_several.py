"""Which rollouts an act is about: one name, several, or those that labels choose; and what stands behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from cockpit.model.label_selector import LabelSelector
from cockpit.planning.act_arguments import ActSpec, Argument, ArgumentKind

# Stands where a name would: labels choose, so that the first word is an argument of the act. No rollout is called so.
CHOSEN = "\0"
SEVERAL = (
    "Several names are one list of plans with one confirmation, sent one after another; the first that fails ends it."
)
LABELS = "-l LABELS in place of the name does the same for each rollout with these labels."
Named = Sequence[str] | LabelSelector


class ActCommand(click.Command):
    """With `-l` no word is a name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put a mark in the place of the name."""
        given, _, _ = self.make_parser(ctx).parse_args(list(args))
        try:
            return super().parse_args(ctx, [CHOSEN, *args] if given.get("selector") else args)
        except click.MissingParameter as missing:
            # Of one word, the last argument takes it; but what was written is the name.
            placed = [param for param in self.params if isinstance(param, click.Argument)]
            if missing.param is not placed[0] or len(placed) != 2:
                raise
            if given.get("selector") or isinstance(given.get(placed[1].name or ""), str):
                raise click.MissingParameter(ctx=ctx, param=placed[1]) from None
            raise


def names_come_first(spec: ActSpec) -> bool:
    """Whether any number of names may stand in front: nothing is behind them, or one word that has to be there."""
    placed = _placed(spec)
    return not placed or (len(placed) == 1 and placed[0].required and not placed[0].many)


def takes_several(spec: ActSpec) -> bool:
    """Whether several names can be told from what stands behind them."""
    return names_come_first(spec) or _assigns(spec) is not None


def named(
    spec: ActSpec, name: str | tuple[str, ...], selector: LabelSelector | None, arguments: Mapping[str, Any]
) -> tuple[Named, Mapping[str, Any]]:
    """The rollouts and the arguments of an act. Raises a usage error for names beside labels."""
    names = [name] if isinstance(name, str) else list(name)
    assigns = _assigns(spec)
    if assigns is not None:
        # No rollout has an equals sign in its name; without any sign the words are what is wrong.
        words = list(arguments[str(assigns.kind)])
        first = next((n for n, word in enumerate(words) if "=" in word), 0)
        names += words[:first]
        arguments = {**arguments, str(assigns.kind): tuple(words[first:])}
    if selector is None:
        return names, arguments
    if names != [CHOSEN]:
        raise click.UsageError(f"-l chooses the rollouts: leave out {names[1]!r}, or leave out -l")
    return selector, arguments


def _placed(spec: ActSpec) -> list[Argument]:
    return [argument for argument in spec.arguments if not argument.option]


def _assigns(spec: ActSpec) -> Argument | None:
    """The argument whose words hold an equals sign, if nothing else stands behind the name."""
    placed = _placed(spec)
    kinds = (ArgumentKind.SHARES, ArgumentKind.COUNTS)
    return placed[0] if len(placed) == 1 and placed[0].kind in kinds else None
