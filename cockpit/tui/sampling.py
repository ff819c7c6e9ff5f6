"""Texts of the question what to sample in a context; pure."""

from __future__ import annotations

from collections.abc import Collection

from cockpit.model.probe_target import THROUGH_API_SERVER, USER_AGENT
from cockpit.model.sampling import DOUBT_FACTOR, SampleScope
from cockpit.model.secret_parameters import shown_path
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView, RolloutView, Sync

# What can be sampled, in one word and in a sentence, in the order of the question.
SCOPES = {
    SampleScope.MOVING: "moving: releases under way, and what is hurt or doubtful",
    SampleScope.ALL: "all: the same first, then the others by turns",
    SampleScope.NONE: "none: only rollouts that o starts",
}
LATER = "decide later: nothing is sent until then"
# Examples of requests in the question.
_EXAMPLES = 2
_STARTING = frozenset({Sync.CONNECTING, Sync.SYNCING})


def undecided(view: FleetView) -> tuple[str, ...]:
    """The contexts with something to sample where nobody decided yet; none while a cluster is still being read."""
    asked = [cluster for cluster in view.clusters if not cluster.aside]
    if any(cluster.state in _STARTING or cluster.unfinished for cluster in asked):
        return ()
    reachable = {shown.rollout.key.context for shown in _reachable(view)}
    return tuple(
        cluster.context
        for cluster in asked
        if cluster.sampling.scope is SampleScope.UNDECIDED and cluster.context in reachable
    )


def question_lines(view: FleetView, contexts: Collection[str]) -> list[str]:
    """What would be sent, how often and where, in these contexts."""
    sampling = next(cluster.sampling for cluster in view.clusters if cluster.context in contexts)
    targets = [shown for shown in _reachable(view) if shown.rollout.key.context in contexts]
    moving = sum(1 for shown in targets if shown.urgent)
    often = (
        f"{sampling.rate:g} a second to one rollout, up to {min(sampling.rate * DOUBT_FACTOR, sampling.budget):g} while"
        f" something is doubtful, at most {sampling.budget:g} a second together"
    )
    lines = [
        f"Nobody decided yet what to sample in {safe_text(', '.join(contexts), 200)}; until then nothing is sent.",
        f"Requests: GET, each on a new connection, User-Agent {USER_AGENT}; {often}.",
    ]
    for shown in targets[:_EXAMPLES]:
        if target := shown.probe.probe_target:
            to = f" (to {target.address}:{target.port})" if target.address != target.host else ""
            to = f" ({THROUGH_API_SERVER})" if target.service else to
            lines.append(safe_text(f"GET {shown_path(target.path)}  host {target.host}{to}", 200))
    count = f"{len(targets)} rollouts" if len(targets) != 1 else "1 rollout"
    lines.append(f"{count} can be sampled; moving, hurt or doubtful now: {moving}.")
    return lines


def _reachable(view: FleetView) -> list[RolloutView]:
    """The rollouts that can be sampled; of one that is not up to date it is not known whether it is still there."""
    return [shown for shown in view.rollouts if shown.probe.probe_target is not None and not shown.stale]
