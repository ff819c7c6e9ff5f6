"""The acts as commands: each plans, asks, then sends.

`planning.act_arguments` declares their arguments.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from cockpit.cli.acting import SendOptions, act
from cockpit.cli.completing import completes
from cockpit.cli.names import version_named
from cockpit.cli.naming_several import LABELS, SEVERAL, ActCommand, named, names_come_first, takes_several
from cockpit.cli.options import DURATION, WholeNumber, output_option, shared_options
from cockpit.cli.program import Completes, Program
from cockpit.cli.selecting import selector_option
from cockpit.model.label_selector import LabelSelector
from cockpit.model.plan import Act, Ask
from cockpit.planning.act_arguments import ACT_SPECS, ActSpec, Argument, ArgumentKind
from cockpit.planning.argument_text import UnknownVersionError, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cockpit.model.rollout import Rollout

_HOW: tuple[Callable[[Any], Any], ...] = (
    click.option("--dry-run", is_flag=True, help="Print the plan and let the server check it; send nothing."),
    click.option("--yes", "-y", is_flag=True, help="Send without asking."),
    click.option("--confirm", metavar="NAME", help="The rollout's name, to confirm acts on production."),
    click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until objects and traffic agree."),
    click.option("--probe/--no-probe", default=True, show_default=True, help="Sample the traffic while waiting."),
    click.option("--within", type=DURATION, default=60.0, metavar="TIME", help="How long to wait (60s)."),
    click.option("--take-over", metavar="REASON", help="Ask for the controls and act once you have them."),
    click.option("--why", metavar="TEXT", help="What a second person reads, where the plan needs one."),
    output_option("table", "json", "yaml"),
)


# What a shell offers for an argument: for a share or a count, the version and the sign behind it.
_COMPLETED = {
    ArgumentKind.VERSION: completes(Completes.VERSION),
    ArgumentKind.SHARES: completes(Completes.VERSION, "="),
    ArgumentKind.COUNTS: completes(Completes.VERSION, "="),
    ArgumentKind.STEP: completes(Completes.STEP),
}


def act_command(name: str) -> click.Command:
    """The command of the act of this name, with its declared arguments."""
    which = Act(name)
    spec = ACT_SPECS[which]

    @click.pass_obj
    def run(
        program: Program,
        /,
        name: str | tuple[str, ...],
        dry_run: bool,
        yes: bool,
        confirm: str | None,
        wait: bool,
        probe: bool,
        within: float,
        output: str,
        take_over: str | None,
        why: str | None,
        selector: LabelSelector | None,
        **given: Any,
    ) -> None:
        how = SendOptions(dry_run, yes, confirm, within if wait else 0.0, probe, output, take_over or "", why or "")
        names, arguments = named(spec, name, selector, given)
        _check_given(spec, arguments)
        # Undo also works for rollouts that an act has removed.
        asked = Ask(which) if which is Act.UNDO else lambda rollout: _ask(which, rollout, arguments)
        if not isinstance(names, LabelSelector) and len(names) == 1:
            act(program, names[0], asked, how)
        else:
            from cockpit.cli.acting_on_several import act_on_several

            act_on_several(program, names, asked, how)

    command: Any = run
    for option in reversed(_HOW):
        command = option(command)
    for argument in reversed(spec.arguments):
        command = _declared(argument)(command)
    placed = click.argument(
        "name",
        shell_complete=completes(Completes.ROLLOUT),
        required=True,
        nargs=-1 if names_come_first(spec) else 1,
        metavar="NAME..." if takes_several(spec) else None,
    )
    command = placed(shared_options(selector_option(command)))
    return click.command(str(which), cls=ActCommand, help=_help(spec))(command)


def _help(spec: ActSpec) -> str:
    words = f"{spec.help[0].upper()}{spec.help[1:]}."
    placed = [f"{argument.form}: {argument.help}" for argument in spec.arguments if not argument.option]
    several = [SEVERAL, LABELS] if takes_several(spec) else [LABELS]
    return "\n\n".join([words, *placed, *several])


def _declared(argument: Argument) -> Callable[[Any], Any]:
    """The argument for click, and the flag that replaces it."""
    field = str(argument.kind)
    completer = _COMPLETED.get(argument.kind)
    if argument.option:
        return click.option(argument.option, field, metavar=argument.form, help=argument.help, shell_complete=completer)
    form = f"{argument.form}..." if argument.many else argument.form
    form = form if argument.required else f"[{form}]"
    if argument.kind is ArgumentKind.STEP:
        placed = click.argument(
            field, metavar=form, type=WholeNumber(min=1), required=argument.required, shell_complete=completer
        )
    else:
        placed = click.argument(
            field,
            metavar=form,
            nargs=-1 if argument.many else 1,
            required=argument.required,
            shell_complete=completer,
        )
    if not argument.without:
        return placed
    flag = click.option(argument.without, _flag(argument), is_flag=True, help=argument.without_help)
    return lambda command: placed(flag(command))


def _flag(argument: Argument) -> str:
    return f"without_{argument.kind}"


def _check_given(spec: ActSpec, given: Mapping[str, Any]) -> None:
    """Raise a usage error if both an argument and the flag that replaces it are given, or neither."""
    for argument in spec.arguments:
        if argument.without and bool(given[_flag(argument)]) is _is_given(given[str(argument.kind)]):
            raise click.UsageError(f"give either {argument.form}, such as {argument.example}, or {argument.without}")


def _is_given(value: Any) -> bool:
    return value is not None and value != ()


def _ask(which: Act, rollout: Rollout, given: Mapping[str, Any]) -> Ask:
    """The ask; raises a usage error for invalid arguments, CommandFailed for an unknown version."""
    values: dict[str, Any] = {}
    versions = [version.name for version in rollout.own_versions]
    for argument in ACT_SPECS[which].arguments:
        value = given[str(argument.kind)]
        if _is_given(value):
            words: Sequence[str] = value if argument.many else (str(value),)
            values[str(argument.kind)] = _parsed(argument, words, versions, str(rollout.key))
    ask = replace(Ask(which), **values)
    _check_way(ask, rollout)
    return ask


def _parsed(argument: Argument, words: Sequence[str], versions: Sequence[str], where: str) -> Any:
    try:
        return parsed(argument, words, versions)
    except UnknownVersionError as error:
        return version_named(versions, error.name, where)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _check_way(ask: Ask, rollout: Rollout) -> None:
    """Raise a usage error for a way that this rollout does not have."""
    ways = next((state.ways for state in rollout.acts if state.act is ask.act), ())
    if ask.by and ways and ask.by not in [way.id for way in ways]:
        known = "; ".join(f"{way.id}: {way.words}" for way in ways)
        raise click.BadParameter(f"{ask.by[:40]!r} is not a way to {ask.act} here. Use one of {known}")
