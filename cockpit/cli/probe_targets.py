"""The probe target of a rollout: remembered, derived from the objects, or from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cockpit.cli.running import CommandFailed, talk
from cockpit.cli.words import UNKNOWN
from cockpit.model.probe_target import ProbeTarget
from cockpit.model.reasons import no_target
from cockpit.model.refs import RolloutKey
from cockpit.model.rollout import Rollout
from cockpit.model.values import dataclass
from cockpit.model.view import RolloutView
from cockpit.session.port import Cockpit
from cockpit.workloads.probe_targets import FoundTarget

if TYPE_CHECKING:
    from cockpit.probe.target import Overrides


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """The target options: `at` is one line in the syntax of `target_from_text`, None if not given."""

    overrides: Overrides
    at: str | None = None
    remember: bool = False
    forget: bool = False


async def choose_target(cockpit: Cockpit, shown: RolloutView, choice: TargetChoice) -> ProbeTarget:
    """The probe target to use; forgets the remembered one if that is requested.

    Raises ProbeTargetError for an invalid `at`, CommandFailed if there is no target or it could not be stored.
    """
    key, current = shown.rollout.key, shown.probe.probe_target
    if choice.forget:
        await forget_target(cockpit, key)
        current = None
    elif current and shown.probe.message and not choice.overrides.headers:
        talk(f"{key}: {shown.probe.message}")
    return _probe_target(shown.rollout, current or shown.rollout.probe_target, choice)


async def forget_target(cockpit: Cockpit, key: RolloutKey) -> None:
    """Forget the remembered target. Raises CommandFailed if that could not be written."""
    _not_kept(key, (await cockpit.set_target(key, None)).problem)
    talk(f"{key}: remembered target removed")


async def remember_target(cockpit: Cockpit, key: RolloutKey, probe_target: ProbeTarget) -> None:
    """Remember a target that was tried. Raises CommandFailed if it could not be stored."""
    kept = await cockpit.set_target(key, probe_target)
    _not_kept(key, kept.problem)
    talk(f"{key}: {_place(probe_target)} is remembered in {kept.place}")
    if kept.withheld:
        talk(f"not remembered, because secret: {', '.join(kept.withheld)}; enter it again each time")


def why_not_remembered(key: RolloutKey, probe_target: ProbeTarget) -> str:
    """Said of a target of which no answer names a version: on it no split could ever be judged."""
    where = f"{_place(probe_target)} is not remembered: no answer there names a version"
    return f"{key}: {where}; give the path, --host NAME or --version-from SPEC and try again"


def choose_inside(rollout: Rollout, found: FoundTarget, choice: TargetChoice) -> ProbeTarget:
    """The probe target for pods of the cluster; raises as `choose_target`."""
    if found.probe_target is None and choice.at is None:
        raise CommandFailed(f"{rollout.key}: {found.missing}; give a URL that pods can reach with --at URL")
    return _probe_target(rollout, found.probe_target, choice)


def _probe_target(rollout: Rollout, current: ProbeTarget | None, choice: TargetChoice) -> ProbeTarget:
    from cockpit.probe.target import NOTHING, enter, override_target, target_from_text

    if choice.at is not None:
        named = target_from_text(choice.at, rollout.completed_by(current), rollout.key)
        return override_target(named, choice.overrides)
    if current:
        return override_target(current, choice.overrides)
    if rollout.incomplete_target and choice.overrides != NOTHING:
        return enter(rollout.incomplete_target, choice.overrides)
    raise CommandFailed(f"{rollout.key}: {why_no_target(rollout)}")


def _not_kept(key: RolloutKey, problem: str) -> None:
    if problem:
        raise CommandFailed(f"{key}: the remembered target cannot be changed: {problem}")


def why_no_target(rollout: Rollout) -> str:
    """Why there is no probe target, and the shortest command that sets one."""
    why = no_target(rollout)
    place = "ADDRESS[:PORT]" if rollout.incomplete_target else "URL"
    return f"{why}; set one: cockpit probe {rollout.key.namespace}/{rollout.key.name} --at {place}"


def target_words(shown: RolloutView) -> str:
    """The rollout's probe target and whether it is remembered, or why there is none and how to set one."""
    rollout, probe_target = shown.rollout, shown.probe.probe_target or shown.rollout.probe_target
    if probe_target is None:
        return (
            f"none: {why_no_target(rollout)}" if rollout.probe_target_missing or rollout.incomplete_target else UNKNOWN
        )
    remembered = (
        " (remembered; use --forget to go back to the derived one)" if probe_target != rollout.probe_target else ""
    )
    note = f"; {shown.probe.message}" if shown.probe.message and remembered else ""
    return f"{_place(probe_target)}{remembered}{note}"


def _place(probe_target: ProbeTarget) -> str:
    """The URL, the address if it differs from the host name, and how requests are sent."""
    elsewhere = probe_target.address != probe_target.host
    where = f"{probe_target.url} at {probe_target.address}" if elsewhere else probe_target.place
    ways = {
        "over HTTP/2": probe_target.http2,
        "with a client certificate": bool(probe_target.cert_file),
        "accepting any certificate": probe_target.insecure,
        "keeping cookies on every other request": probe_target.cookies,
    }
    return ", ".join([where, *(words for words, asked in ways.items() if asked)])
