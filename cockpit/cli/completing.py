"""Completion of names in a shell: contexts, namespaces, rollouts and scenarios."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import click
from click.shell_completion import CompletionItem

from cockpit.cli.given import options_of
from cockpit.cli.program import Completes, Program

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def completes(what: Completes) -> Completer:
    """The names of this kind that begin as typed; a rollout also by its name alone."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        program = cast("Program | None", ctx.find_root().obj)
        if program is None:
            return []
        names = program.complete(what, options_of(ctx))
        return [CompletionItem(name) for name in names if _begins(name, incomplete)]

    return complete


def _begins(name: str, typed: str) -> bool:
    return name.startswith(typed) or ("/" not in typed and name.rpartition("/")[2].startswith(typed))
