"""When to redraw: facts at once, the probe's numbers once a second; on a slow link all of it, seldom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cockpit.model.refs import RolloutKey
from cockpit.model.view import ClusterView, RolloutView

# Numbers that change faster cannot be read, and would take up most of a slow link.
SECONDS = 1.0
# Seconds between two paints on a slow link, whatever changed; what a person does there is drawn at once.
SLOW_SECONDS = 5.0


def facts(view: RolloutView) -> tuple[object, ...]:
    """Everything that must be shown at once when it changes: all but the figures that a running probe moves."""
    rollout, probe = view.rollout, view.probe
    lanes = tuple(
        (
            lane.name,
            lane.match,
            lane.verdict,
            lane.followed,
            tuple((s.version, s.declared, s.written) for s in lane.rows),
        )
        for lane in rollout.lanes
    )
    findings: tuple[object, ...] = rollout.findings
    health: object = view.health
    if probe.running:
        findings = tuple((found.subject, found.severity) for found in rollout.findings)
        health = view.health.health
    fixed = replace(rollout, lanes=(), findings=())
    return (
        fixed,
        lanes,
        findings,
        health,
        view.acting,
        probe.running,
        probe.probe_target,
        # What the probe says of its own load has figures that move.
        "" if probe.message == probe.too_slow else probe.message,
        bool(probe.too_slow),
        probe.source,
        view.denied,
        view.undoing,
    )


def _states(clusters: Sequence[ClusterView]) -> list[tuple[object, ...]]:
    return [(cluster.context, cluster.state, cluster.message, cluster.stale_since) for cluster in clusters]


class Pace:
    """Remembers what was drawn last, and at which view time."""

    def __init__(self) -> None:
        self._drawn: dict[RolloutKey, tuple[RolloutView, tuple[object, ...]]] = {}
        self._clusters: Sequence[ClusterView] = ()
        self._at: float | None = None

    def due(self, at: float, views: Sequence[RolloutView], clusters: Sequence[ClusterView] = ()) -> bool:
        """Whether these views should be drawn; unchanged ones are recognised by identity."""
        drawn: dict[RolloutKey, tuple[RolloutView, tuple[object, ...]]] = {}
        changed = len(views) != len(self._drawn) or _states(clusters) != _states(self._clusters)
        for view in views:
            before = self._drawn.get(view.rollout.key)
            same = before is not None and before[0] is view
            entry = before if same and before is not None else (view, facts(view))
            changed = changed or before is None or before[1] != entry[1]
            drawn[view.rollout.key] = entry
        if not changed and self._at is not None and 0 <= at - self._at < SECONDS:
            return False
        self._drawn, self._at, self._clusters = drawn, at, clusters
        return True

    def reset(self) -> None:
        """Draw with the next view, changed or not."""
        self._at = None


class Spacing:
    """Lets a view through every `seconds` of view time at most; 0: every one."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._at: float | None = None

    def lets_through(self, at: float) -> bool:
        """Whether the view of this time is drawn now; if not, a newer one will be."""
        if self._at is not None and 0 <= at - self._at < self.seconds:
            return False
        self._at = at
        return True

    def reset(self) -> None:
        """Let the next view through."""
        self._at = None
