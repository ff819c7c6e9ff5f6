"""Which clusters belong to those that were asked for, and how this program was told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cockpit.cli.program import Options, StartError
from cockpit.model.redact import HIDDEN

if TYPE_CHECKING:
    from cockpit.kube.connect_target import ConnectOptions, ConnectTarget
    from cockpit.session.probing.choices import SampleChoices
    from cockpit.session.settings import Settings


def behind_one_gateway(contexts: Sequence[str], settings: Settings) -> tuple[str, ...]:
    """The other contexts behind the same gateway: without them a split would be wrong."""
    groups = (group for group in settings.one_gateway if set(group) & set(contexts))
    return tuple(dict.fromkeys(name for group in groups for name in group if name not in contexts))


def targets_of(
    environ: Mapping[str, str], wanted: ConnectOptions, settings: Settings
) -> tuple[tuple[ConnectTarget, ...], tuple[ConnectTarget, ...]]:
    """The requested clusters, and those that share a gateway with them; raises StartError."""
    from cockpit.kube.errors import KubeError
    from cockpit.kube.kubeconfig import resolve_targets

    sharing: tuple[str, ...] = ()
    try:
        asked = resolve_targets(wanted, environ)
        sharing = behind_one_gateway([target.context for target in asked], settings)
        aside = resolve_targets(wanted.beside(sharing), environ) if sharing else ()
    except KubeError as problem:
        why = f" {', '.join(sharing)}: named in `one_gateway` of the settings." if sharing else ""
        raise StartError(f"{problem}{why}") from None
    return asked, aside


def connect_options(options: Options, request_timeout: float) -> ConnectOptions:
    """How to reach the clusters that were asked for, and as whom; `request_timeout` in seconds."""
    from cockpit.kube.connect_target import ConnectOptions

    return ConnectOptions(
        kubeconfig=Path(options.kubeconfig) if options.kubeconfig else None,
        contexts=options.contexts,
        as_user=options.as_user,
        as_groups=options.as_groups,
        request_timeout=request_timeout,
        namespace=options.namespace,
        cluster=options.cluster,
        user=options.user,
        token=options.token,
    )


def started_as(options: Options) -> tuple[str, ...]:
    """The words that start the cockpit on the same clusters as the same user."""
    words = ["cockpit"]
    words += ["--kubeconfig", options.kubeconfig] if options.kubeconfig else []
    return (*words, *_kubectl_flags(connect_options(options, 0.0)))


def printed_flags(
    asked: Sequence[ConnectTarget], aside: Sequence[ConnectTarget], wanted: ConnectOptions
) -> dict[str, tuple[str, ...]]:
    """By context, what a kubectl command needs behind it to reach the same cluster as the same user."""
    flags = {target.context: _kubectl_flags(wanted) for target in asked}
    return flags | {target.context: _kubectl_flags(wanted.beside(())) for target in aside}


def _kubectl_flags(wanted: ConnectOptions) -> tuple[str, ...]:
    words: list[str] = []
    for flag, value in (("--cluster", wanted.cluster), ("--user", wanted.user), ("--as", wanted.as_user)):
        words += [] if value is None else [flag, value]
    for group in wanted.as_groups:
        words += ["--as-group", group]
    return (*words, *(() if wanted.token is None else ("--token", HIDDEN)))


def sample_choices(
    environ: Mapping[str, str], options: Options, settings: Settings, servers: Mapping[str, str], *, asks: bool
) -> SampleChoices:
    """What to sample in each context, by the addresses of their `servers`; with `asks` what was decided earlier too."""
    from cockpit.model.sampling import SampleScope
    from cockpit.session.probing.choices import SampleChoices
    from cockpit.session.settings import user_paths

    if not asks:
        return SampleChoices(given=SampleScope(options.sample or SampleScope.NONE))
    given = settings.probe.sample if settings.probe.sample is not SampleScope.UNDECIDED else None
    return SampleChoices(user_paths(environ).sampling, servers, given)
