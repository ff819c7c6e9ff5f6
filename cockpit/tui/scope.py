"""Which part of the fleet is shown: a namespace, a context or what labels choose, of what the session reads; pure."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.label_selector import LabelSelector
from cockpit.model.text import safe_text
from cockpit.model.values import dataclass
from cockpit.model.view import FleetView


@dataclass(frozen=True, slots=True)
class Scope:
    """One namespace and one context, "" for all, and labels of root objects."""

    namespace: str = ""
    context: str = ""
    labels: LabelSelector | None = None

    def of(self, view: FleetView) -> FleetView:
        """The view with only the rollouts and clusters in this scope.

        In one context, the parts of a group are rollouts alone; so are they where labels choose only some of them.
        """
        if self == Scope():
            return view
        rollouts = tuple(
            shown
            for shown in view.rollouts
            if self.namespace in ("", shown.rollout.key.namespace)
            and self.context in ("", shown.rollout.key.context)
            and (self.labels is None or self.labels.matches(dict(shown.rollout.labels)))
        )
        keys = {shown.rollout.key for shown in rollouts}
        groups = () if self.context else tuple(g for g in view.groups if keys.issuperset(g.parts))
        clusters = tuple(
            replace(cluster, namespace=self.namespace or cluster.namespace)
            for cluster in view.clusters
            if self.context in ("", cluster.context)
        )
        return replace(view, rollouts=rollouts, groups=groups, clusters=clusters)

    @property
    def words(self) -> str:
        """The scope in words; "" for all."""
        parts = [("namespace", self.namespace), ("context", self.context), ("labels", self.labels or "")]
        return ", ".join(f"{kind} {safe_text(name, 100)}" for kind, name in parts if name)


def namespaces(view: FleetView) -> list[str]:
    """The namespaces of the rollouts in a view, by name."""
    return sorted({shown.rollout.key.namespace for shown in view.rollouts})


def contexts(view: FleetView) -> list[str]:
    """The contexts that the session was asked to read."""
    return [cluster.context for cluster in view.clusters if not cluster.aside]
