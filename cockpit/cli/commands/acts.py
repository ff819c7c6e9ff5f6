"""The acts as commands: each is a plan first, then a question, then one sending."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from cockpit.cli.acting import How, act
from cockpit.cli.arguments import container_image, counts, pair, rising_shares, weights
from cockpit.cli.names import version_named
from cockpit.cli.options import DURATION, output_option, shared_options
from cockpit.cli.program import Program
from cockpit.model.plan import Act, Ask
from cockpit.model.rollout import Rollout

F = TypeVar("F", bound=Callable[..., Any])

_HOW: tuple[Callable[[Any], Any], ...] = (
    click.option("--dry-run", is_flag=True, help="Print the plan, let the server check it, and send nothing."),
    click.option("--yes", "-y", is_flag=True, help="Send without asking."),
    click.option("--confirm", metavar="NAME", help="The rollout's name, where production asks for it."),
    click.option("--wait/--no-wait", default=True, show_default=True, help="Wait until objects and traffic agree."),
    click.option("--probe/--no-probe", default=True, show_default=True, help="Sample the traffic while waiting."),
    click.option("--within", type=DURATION, default=60.0, metavar="TIME", help="How long to wait (60s)."),
    output_option("table", "json", "yaml"),
)


def _act(which: Act, text: str) -> Callable[[F], click.Command]:
    """A command for one act: the function gives what is asked, from the rollout and the arguments."""

    def made(ask: F) -> click.Command:
        @click.pass_obj
        def run(
            program: Program,
            /,
            name: str,
            dry_run: bool,
            yes: bool,
            confirm: str | None,
            wait: bool,
            probe: bool,
            within: float,
            output: str,
            **arguments: Any,
        ) -> None:
            how = How(dry_run, yes, confirm, within if wait else 0.0, probe, output)
            # The way back leads to rollouts that an act has removed as well.
            asked = Ask(which) if which is Act.UNDO else lambda rollout: ask(rollout, **arguments)
            act(program, name, asked, how)

        run.__click_params__ = list(getattr(ask, "__click_params__", []))  # type: ignore[attr-defined]
        command: Any = run
        for option in reversed(_HOW):
            command = option(command)
        command = click.argument("name")(shared_options(command))
        return click.command(str(which), help=text)(command)

    return made


def _versions(rollout: Rollout) -> Sequence[str]:
    return [version.name for version in rollout.versions]


def _named(rollout: Rollout, version: str | None) -> str | None:
    return None if version is None else version_named(_versions(rollout), version, str(rollout.key))


@_act(Act.SET_WEIGHT, "Write shares: VERSION=PERCENT for each version; one that is missing gets the rest.")
@click.argument("shares", metavar="VERSION=PERCENT...", nargs=-1, required=True)
def set_weight(rollout: Rollout, shares: tuple[str, ...]) -> Ask:
    return Ask(Act.SET_WEIGHT, weights=weights(rollout, shares))


@_act(Act.SCALE, "Set the number of pods of versions: VERSION=COUNT.")
@click.argument("numbers", metavar="VERSION=COUNT...", nargs=-1, required=True)
def scale(rollout: Rollout, numbers: tuple[str, ...]) -> Ask:
    return Ask(Act.SCALE, counts=counts(rollout, numbers))


@_act(Act.HEADER, "Send requests with the header KEY: VALUE to VERSION, or with --remove no longer.")
@click.argument("version")
@click.argument("header", metavar="KEY=VALUE", required=False)
@click.option("--remove", is_flag=True, help="Take the header rule of VERSION away.")
def header(rollout: Rollout, version: str, header: str | None, remove: bool) -> Ask:
    if remove is (header is not None):
        raise click.UsageError("give either KEY=VALUE or --remove")
    return Ask(
        Act.HEADER, version=_named(rollout, version), header=None if header is None else pair(header, "KEY=VALUE")
    )


@_act(Act.FLIP, "Send all traffic to the other version, or to VERSION.")
@click.argument("version", required=False)
def flip(rollout: Rollout, version: str | None) -> Ask:
    return Ask(Act.FLIP, version=_named(rollout, version))


@_act(Act.ROLLBACK, "Send all traffic to the stable version, by the system's own means.")
@click.option("--to", "version", metavar="VERSION", help="The version or the revision number to go back to.")
def rollback(rollout: Rollout, version: str | None) -> Ask:
    if version and version.isdecimal() and rollout.version(version) is None:
        return Ask(Act.ROLLBACK, version=version)
    return Ask(Act.ROLLBACK, version=_named(rollout, version))


@_act(Act.PROMOTE, "Make the new version the stable one.")
@click.option("--by", type=click.Choice(["selector", "backend"]), help="What to re-target on an Ingress.")
def promote(rollout: Rollout, by: str | None) -> Ask:
    return Ask(Act.PROMOTE, by=by)


@_act(Act.JUMP, "Go to a step of the plan, counted from 1.")
@click.argument("step", type=click.IntRange(min=1))
def jump(rollout: Rollout, step: int) -> Ask:
    return Ask(Act.JUMP, step=step)


@_act(Act.SET_IMAGE, "Release another image: IMAGE, or CONTAINER=IMAGE where the pods have several containers.")
@click.argument("image", metavar="[CONTAINER=]IMAGE")
def set_image(rollout: Rollout, image: str) -> Ask:
    return Ask(Act.SET_IMAGE, image=container_image(image))


@_act(Act.ENABLE, "Let VERSION take traffic, or a controller that was disabled go on.")
@click.argument("version", required=False)
def enable(rollout: Rollout, version: str | None) -> Ask:
    return Ask(Act.ENABLE, version=_named(rollout, version))


@_act(Act.DISABLE, "Take VERSION out of the traffic, or stop a controller.")
@click.argument("version", required=False)
def disable(rollout: Rollout, version: str | None) -> Ask:
    return Ask(Act.DISABLE, version=_named(rollout, version))


@_act(Act.STEPS, "Plan the shares that VERSION is to get step by step, such as 20 50 100, or end the plan.")
@click.argument("version")
@click.argument("percents", metavar="PERCENT...", nargs=-1)
@click.option("--end", is_flag=True, help="Take the plan away; the shares stay as they are.")
def steps(rollout: Rollout, version: str, percents: tuple[str, ...], end: bool) -> Ask:
    if end is bool(percents):
        raise click.UsageError("give either the shares step by step, such as 20 50 100, or --end")
    return Ask(Act.STEPS, version=_named(rollout, version), steps=rising_shares(percents))


def _simple(name: Act, text: str) -> click.Command:
    @_act(name, text)
    def ask(rollout: Rollout) -> Ask:
        return Ask(name)

    return ask


ACT_COMMANDS: tuple[click.Command, ...] = (
    set_weight,
    flip,
    rollback,
    _simple(Act.UNDO, "Undo the last act on the rollout."),
    header,
    scale,
    promote,
    _simple(Act.FINISH, "Clean up what is left of a release that is over."),
    _simple(Act.APPROVE, "Let a rollout that waits go on by one step."),
    _simple(Act.PAUSE, "Hold a rollout where it is."),
    _simple(Act.RESUME, "Let a held rollout go on."),
    _simple(Act.ABORT, "Stop a release and go back to the stable version."),
    _simple(Act.RETRY, "Try an aborted release again."),
    jump,
    steps,
    set_image,
    _simple(Act.RESTART, "Replace every pod by one of the same version."),
    enable,
    disable,
)
