"""Completion of names in a shell: contexts, namespaces, rollouts, versions, scenarios and more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import click
from click.shell_completion import CompletionItem

from cockpit.cli.given import options_of
from cockpit.model.lazy_re import lazy_re

if TYPE_CHECKING:
    from cockpit.cli.program import Completes, Program

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

# What every shell takes for one word as it stands. A kubeconfig or a cluster can name things so that a shell would run
# a part of the name, or take it for an option: such a name is not offered.
_SAFE = lazy_re(r"[A-Za-z0-9_][A-Za-z0-9._:/@+=-]{0,500}")


def completes(what: Completes, ending: str = "") -> Completer:
    """The names of this kind that begin as typed; a rollout also by its name alone. `ending` is added to each.

    Versions are those of the rollout that the command names.
    """

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        program = cast("Program | None", ctx.find_root().obj)
        if program is None or (ending and ending in incomplete):
            return []
        names = program.complete(what, options_of(ctx), incomplete, str(ctx.params.get("name") or ""))
        return [CompletionItem(name + ending) for name in names if _begins(name, incomplete) and _SAFE.fullmatch(name)]

    return complete


def completes_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, as the shell finds them."""
    return [CompletionItem(incomplete, type="file")]


def _begins(name: str, typed: str) -> bool:
    return name.startswith(typed) or ("/" not in typed and name.rpartition("/")[2].startswith(typed))
