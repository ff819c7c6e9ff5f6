"""Which part of the fleet is shown: one namespace or one context of what the session reads; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cockpit.model.text import safe_text
from cockpit.model.view import FleetView


@dataclass(frozen=True, slots=True)
class Scope:
    """One namespace and one context; "" for all."""

    namespace: str = ""
    context: str = ""

    def of(self, view: FleetView) -> FleetView:
        """The view with only the rollouts and clusters in this scope.

        In one context, the parts of a group are rollouts alone.
        """
        if not self.namespace and not self.context:
            return view
        rollouts = tuple(
            shown
            for shown in view.rollouts
            if self.namespace in ("", shown.rollout.key.namespace) and self.context in ("", shown.rollout.key.context)
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
        parts = [("namespace", self.namespace), ("context", self.context)]
        return ", ".join(f"{kind} {safe_text(name, 63)}" for kind, name in parts if name)


def namespaces(view: FleetView) -> list[str]:
    """The namespaces of the rollouts in a view, by name."""
    return sorted({shown.rollout.key.namespace for shown in view.rollouts})


def contexts(view: FleetView) -> list[str]:
    """The contexts that the session was asked to read."""
    return [cluster.context for cluster in view.clusters if not cluster.aside]
