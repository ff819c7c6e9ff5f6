"""Names of rollouts as people type them: `[[context:]namespace/]name[@system]`."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import click

from cockpit.cli.program import Options
from cockpit.cli.running import Failed
from cockpit.model.refs import RolloutKey
from cockpit.model.view import FleetView, RolloutView, Sync


@dataclass(frozen=True, slots=True)
class Name:
    """What was typed; None for the parts that were left out."""

    name: str
    namespace: str | None = None
    context: str | None = None
    system: str | None = None

    def fits(self, key: RolloutKey) -> bool:
        """True where nothing that was typed speaks against this rollout."""
        return (
            self.name == key.name
            and self.namespace in (None, key.namespace)
            and self.context in (None, key.context)
            and self.system in (None, key.system)
        )


def parse_name(text: str) -> Name:
    """Read from the right, because names of contexts may hold slashes, colons and at signs."""
    place, slash, last = text.rpartition("/")
    if not slash:
        # Without a namespace a colon can only end the name of a context.
        context, _, last = text.rpartition(":")
        name, _, system = last.partition("@")
        namespace = None
    else:
        name, _, system = last.partition("@")
        context, _, namespace = place.rpartition(":")
    if not name or namespace == "" or len(text) > 1000:
        raise click.BadParameter(f"{text[:100]!r} is no name; write [context:]namespace/name")
    return Name(name, namespace, context or None, system or None)


def where_it_is(options: Options, text: str) -> Options:
    """The options with the context and namespace that a name states, where no flag says otherwise."""
    name = parse_name(text)
    contexts = options.contexts or ((name.context,) if name.context else ())
    stated = options.namespace or options.all_namespaces
    return replace(options, contexts=contexts, namespace=options.namespace if stated else name.namespace)


def short_name(key: RolloutKey, keys: Sequence[RolloutKey]) -> str:
    """The shortest text that names this one of `keys`: namespace always, context and system where needed."""
    alike = [other for other in keys if (other.namespace, other.name) == (key.namespace, key.name)]
    many = len({other.context for other in keys}) > 1
    context = f"{key.context}:" if many else ""
    system = f"@{key.system}" if sum(other.context == key.context for other in alike) > 1 else ""
    return f"{context}{key.namespace}/{key.name}{system}"


def find(view: FleetView, text: str) -> RolloutView:
    """The one rollout that is meant; raises Failed with the nearest names, or with all that fit."""
    name = parse_name(text)
    keys = [shown.rollout.key for shown in view.rollouts]
    fitting = [shown for shown in view.rollouts if name.fits(shown.rollout.key)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        exact = ", ".join(short_name(shown.rollout.key, keys) for shown in fitting[:10])
        raise Failed(f"{text!r} fits {len(fitting)} rollouts: {exact}. Write one of them.")
    raise Failed(f"no rollout {text!r} in {_looked_at(view)}. {_nearest(name, keys)}{_not_looked_at(view)}")


def find_acted_on(view: FleetView, text: str) -> RolloutKey:
    """As `find`, but also a rollout that is gone and was acted on: undo can bring it back."""
    try:
        return find(view, text).rollout.key
    except Failed:
        name, contexts = parse_name(text), {cluster.context for cluster in view.clusters if not cluster.aside}
        for entry in reversed(view.journal):
            if name.fits(entry.rollout) and entry.rollout.context in contexts:
                return entry.rollout
        raise


def _looked_at(view: FleetView) -> str:
    """Each context with the namespaces that were read."""
    places = (
        f"{cluster.context}, " + (f"namespace {cluster.namespace}" if cluster.namespace else "any namespace")
        for cluster in view.clusters
        if not cluster.aside
    )
    return "; ".join(places) or "no cluster"


def _not_looked_at(view: FleetView) -> str:
    """What the rollout may be in that was not read, and how to read it."""
    asked = [cluster for cluster in view.clusters if not cluster.aside]
    hints = []
    if any(cluster.namespace for cluster in asked):
        hints.append("Other namespaces were not looked at: -n NAME looks at one, -A at all.")
    if any(kind.state is Sync.FORBIDDEN for cluster in asked for kind in cluster.kinds):
        hints.append("Some kinds may not be read there: cockpit doctor tells which.")
    return "".join(f" {hint}" for hint in hints)


def _nearest(name: Name, keys: Sequence[RolloutKey]) -> str:
    if not keys:
        return "There are no rollouts there."
    texts = {short_name(key, keys): key for key in keys}
    near = difflib.get_close_matches(name.name[:200], [key.name for key in keys], n=3, cutoff=0.5)
    likely = [text for text, key in texts.items() if key.name in near]
    if likely:
        return f"Did you mean {' or '.join(likely[:3])}?"
    return f"There are: {', '.join(list(texts)[:10])}{' ...' if len(texts) > 10 else ''}"


def version_named(names: Sequence[str], text: str, where: str) -> str:
    """`text` if it is one of the versions; raises Failed with the versions there are."""
    if text in names:
        return text
    raise Failed(f"{where} has no version {text!r}. It has {', '.join(names[:10]) or 'none'}.")
