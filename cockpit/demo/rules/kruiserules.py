"""What the webhooks of Kruise fill in, beside the defaults of its CRDs."""

from __future__ import annotations

from cockpit.demo.rules.poddefaults import set_template_defaults
from cockpit.demo.schemas.objects import Object


def set_clone_set_defaults(obj: Object) -> None:
    """The defaults of Kruise's webhook for CloneSets (openkruise/kruise pkg/control/clonesets, apis/apps/defaults)."""
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    strategy = spec.setdefault("updateStrategy", {})
    if isinstance(strategy, dict):
        strategy.setdefault("type", "ReCreate")
        strategy.setdefault("partition", 0)
        strategy.setdefault("maxUnavailable", "20%")
        strategy.setdefault("maxSurge", 0)
    set_template_defaults(spec)


def set_advanced_stateful_set_defaults(obj: Object) -> None:
    """The defaults of Kruise's webhook for StatefulSets."""
    spec = obj.get("spec")
    if not isinstance(spec, dict):
        return
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    if isinstance(strategy, dict) and strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        for field, value in (("partition", 0), ("maxUnavailable", 1), ("podUpdatePolicy", "ReCreate")):
            rolling.setdefault(field, value)
    set_template_defaults(spec)
