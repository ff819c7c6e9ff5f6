"""Names of rollouts as typed: `[[context:]namespace/]name[@system]`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from cockpit.cli.exit_codes import ExitCode
from cockpit.cli.running import CommandFailed
from cockpit.cli.waiting import unread, withheld, words_of
from cockpit.model.lazy_re import lazy_re
from cockpit.model.shell_line import shell_word
from cockpit.model.values import dataclass
from cockpit.model.view import FleetView, RolloutView, Sync

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cockpit.cli.program import Options
    from cockpit.model.refs import RolloutKey
    from cockpit.model.rollout import Rollout

_MOST_LISTED = 30
# What the API server takes as a name in a path (apimachinery, IsValidPathSegmentName).
_SEGMENT = lazy_re(r"(?!\.{1,2}$)[^/%]+")


class AmbiguousNameError(CommandFailed):
    """A name that matches several rollouts; the message lists their full names."""


@dataclass(frozen=True, slots=True)
class Name:
    """The parts of a name; None if omitted."""

    name: str
    namespace: str | None = None
    context: str | None = None
    system: str | None = None

    def means(self, rollout: Rollout) -> bool:
        """True if it is another name of this rollout: of one of its objects, or of one that routes to it."""
        place = rollout.key.namespace, rollout.key.context
        return self.namespace in (None, place[0]) and self.context in (None, place[1]) and rollout.is_called(self.name)

    def fits(self, key: RolloutKey) -> bool:
        """True if every given part matches this rollout."""
        return (
            self.name == key.name
            and self.namespace in (None, key.namespace)
            and self.context in (None, key.context)
            and self.system in (None, key.system)
        )


def parse_name(text: str) -> Name:
    """Parse from the right, because context names can contain slashes, colons and at signs."""
    place, slash, last = text.rpartition("/")
    if not slash:
        # Without a namespace, a colon can only end a context name.
        context, _, last = text.rpartition(":")
        name, _, system = last.partition("@")
        namespace = None
    else:
        name, _, system = last.partition("@")
        context, _, namespace = place.rpartition(":")
    unfit = any(part is not None and not _SEGMENT.fullmatch(part) for part in (name, namespace))
    if unfit or len(text) > 1000:
        raise click.BadParameter(f"{text[:100]!r} is not a valid name; write it as [context:]namespace/name")
    return Name(name, namespace, context or None, system or None)


def where_it_is(options: Options, text: str) -> Options:
    """The options with the context and namespace from a name, unless a flag sets them."""
    name = parse_name(text)
    contexts = options.contexts or ((name.context,) if name.context else ())
    stated = options.namespace or options.all_namespaces
    return replace(options, contexts=contexts, namespace=options.namespace if stated else name.namespace)


def short_name(key: RolloutKey, keys: Sequence[RolloutKey]) -> str:
    """The shortest unambiguous name of a rollout in `keys`: always the namespace, context and system if needed."""
    alike = [other for other in keys if (other.namespace, other.name) == (key.namespace, key.name)]
    many = len({other.context for other in keys}) > 1
    context = f"{key.context}:" if many else ""
    system = f"@{key.system}" if sum(other.context == key.context for other in alike) > 1 else ""
    return f"{context}{key.namespace}/{key.name}{system}"


def find(view: FleetView, text: str) -> RolloutView:
    """The rollout of that name; raises CommandFailed with similar names, or with all matches.

    Where something was not read, a name that is not found may be there all the same: that has its own exit code.
    """
    name = parse_name(text)
    keys = [shown.rollout.key for shown in view.rollouts]
    fitting = [shown for shown in view.rollouts if name.fits(shown.rollout.key)]
    # Names from before a version was added or removed also work; an exact match comes first.
    fitting = fitting or [shown for shown in view.rollouts if name.means(shown.rollout)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        exact = [shell_word(short_name(shown.rollout.key, keys)) for shown in fitting]
        more = f" and {len(exact) - _MOST_LISTED} more" if len(exact) > _MOST_LISTED else ""
        listed = ", ".join(exact[:_MOST_LISTED])
        raise AmbiguousNameError(f"{text!r} matches {len(fitting)} rollouts: {listed}{more}. Use one of these names.")
    if missing := unread(view):
        why = f"whether there is a rollout {text!r} in {_looked_at(view)} is not known"
        raise CommandFailed(f"{why}: not everything could be read: {words_of(missing)}", ExitCode.UNREAD)
    hidden = withheld(view) or any(kind.dropped for cluster in view.clusters for kind in cluster.kinds)
    raise CommandFailed(
        f"no rollout {text!r} in {_looked_at(view)}. {_nearest(name, keys)}{_not_looked_at(view)}",
        ExitCode.UNREAD if hidden else ExitCode.ERROR,
    )


def find_acted_on(view: FleetView, text: str) -> RolloutKey:
    """Like `find`, but also a deleted rollout with acts in the journal: undo can bring it back."""
    try:
        return find(view, text).rollout.key
    except AmbiguousNameError:
        raise
    except CommandFailed:
        # A rollout that was deleted is in the journal, and undo says itself when it cannot read the cluster.
        name, contexts = parse_name(text), {cluster.context for cluster in view.clusters if not cluster.aside}
        for entry in reversed(view.journal):
            if name.fits(entry.rollout) and entry.rollout.context in contexts:
                return entry.rollout
        raise


def _looked_at(view: FleetView) -> str:
    """Each context and the namespaces that were read."""
    places = (
        f"{cluster.context}, " + (f"namespace {cluster.namespace}" if cluster.namespace else "any namespace")
        for cluster in view.clusters
        if not cluster.aside
    )
    return "; ".join(places) or "no cluster"


def _not_looked_at(view: FleetView) -> str:
    """What was not read and may contain the rollout, and how to read it."""
    asked = [cluster for cluster in view.clusters if not cluster.aside]
    hints = []
    if any(cluster.namespace for cluster in asked):
        hints.append("Other namespaces were not read: use -n NAME for one, -A for all.")
    if any(kind.state is Sync.FORBIDDEN for cluster in asked for kind in cluster.kinds):
        hints.append("Some kinds cannot be read there: run cockpit doctor.")
    return "".join(f" {hint}" for hint in hints)


def _nearest(name: Name, keys: Sequence[RolloutKey]) -> str:
    if not keys:
        return "No rollouts found there."
    texts = {short_name(key, keys): key for key in keys}
    import difflib

    near = difflib.get_close_matches(name.name[:200], [key.name for key in keys], n=3, cutoff=0.5)
    likely = [text for text, key in texts.items() if key.name in near]
    if likely:
        return f"Did you mean {' or '.join(likely[:3])}?"
    return f"Available: {', '.join(list(texts)[:10])}{' ...' if len(texts) > 10 else '.'}"


def version_named(names: Sequence[str], text: str, where: str) -> str:
    """`text` if it is one of the versions; raises CommandFailed with the existing versions."""
    if text in names:
        return text
    raise CommandFailed(f"{where} has no version {text!r}. It has {', '.join(names[:10]) or 'none'}.")
