"""What the fleet says while it has no rows: what is being read, what is in the way, and what to do; pure."""

from __future__ import annotations

from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, Sync
from cockpit.tui.syncing import READING, progress_lines, worst

# What to do about a cluster that is not live.
_ADVICE = {
    Sync.REFUSED: "log in again, or choose another user or context: --context, --as, --kubeconfig",
    Sync.RETRYING: "it is tried again; check the network and the address of the context (cockpit doctor)",
    Sync.FORBIDDEN: "ask for get, list and watch on these kinds, or start with -n and a namespace that you may read",
    Sync.ABSENT: "cockpit doctor lists which systems and routers this cluster serves",
}

# States that are asked about again only now and then, because they wait for people.
_PATIENT = frozenset({Sync.REFUSED, Sync.FORBIDDEN, Sync.ABSENT})
_AGAIN = "it is tried again every minute: nothing has to be started anew"

_BEGUN = {Sync.CONNECTING: "connecting to its API server", Sync.SYNCING: "reading its objects for the first time"}


def empty_lines(view: FleetView, words: str, scope: str = "") -> tuple[str, ...]:
    """The lines to show instead of rows; `words` is the filter, `scope` the part that is shown."""
    if words and view.rollouts:
        return (f"no rollout matches '{safe_text(words, 100)}'", "esc clears the filter")
    cluster = worst(view.clusters)
    if cluster is None:
        return ("no cluster is followed", "start with --context and the name of a context")
    if cluster.state in READING:
        return (f"{safe_text(cluster.context, 60)}: {_BEGUN[cluster.state]}", *progress_lines(view.clusters))
    if cluster.state is not Sync.LIVE:
        why = f": {cluster.message}" if cluster.message else ""
        again = (_AGAIN,) if cluster.state in _PATIENT else ()
        return (f"{safe_text(cluster.context, 60)}: {cluster.state.value}{why}", _ADVICE[cluster.state], *again)
    if scope:
        return (f"no rollouts here: only {scope} is shown", "esc shows everything again")
    return _nothing_here(view)


def _nothing_here(view: FleetView) -> tuple[str, ...]:
    namespaces = dict.fromkeys(cluster.namespace for cluster in view.clusters)
    missing = [f"not read: {cluster.message}" for cluster in view.clusters if cluster.message]
    if None in namespaces:
        return ("no rollouts in any namespace", "cockpit doctor lists what this cluster serves", *missing)
    named = ", ".join(safe_text(name, 63) for name in namespaces)
    return (f"no rollouts in namespace {named}", "start with -A to see all namespaces, or -n and another one", *missing)
