"""Both versions beside each other: no new pod ever counts as available, so that no old one goes."""

from __future__ import annotations

import json
from typing import Any

from cockpit.demo.controllers.kruise import autoscalers, batchplan, names
from cockpit.demo.controllers.kruise.annotations import kept
from cockpit.demo.controllers.kruise.controls import (
    BadPlanError,
    Goal,
    Held,
    Info,
    NotReadyError,
    control_info,
    current_batch,
    goes_forward,
    is_controlled,
)
from cockpit.demo.controllers.kruise.deployments import info_of, new_set
from cockpit.demo.controllers.kruise.numbered import NumberedSet
from cockpit.demo.controllers.kruise.plan import scaled
from cockpit.demo.controllers.kruise.releasing import all_ready
from cockpit.demo.controllers.kruise.workload import active_sets
from cockpit.demo.controllers.kruise.writes import patch
from cockpit.demo.controllers.replicaset import wanted
from cockpit.demo.schemas.kinds import DEPLOYMENTS, REPLICASETS
from cockpit.demo.schemas.objects import Object


class BlueGreenDeployment(Held):
    """Surge grows batch by batch while nothing may be unavailable; the native controller does the rest."""

    def info(self) -> Info | None:
        """New pods are those of the ReplicaSet of the template."""
        obj = self.stored()
        if obj is None:
            return None
        ready = ((new_set(self, obj) or {}).get("status") or {}).get("readyReplicas", 0)
        return info_of(self, obj, ready)

    def claim(self, batch: Object) -> None:
        """Remember the settings and replace them by ones under which both versions stay."""
        obj = self.there()
        if is_controlled(batch, obj):
            return
        autoscalers.detach(self.world, self.kind, obj)
        for stable in active_sets(self.world, obj)[:1]:
            patch(self.world, REPLICASETS, stable, {"spec": {"minReadySeconds": names.NEVER_AVAILABLE}})
        spec = obj["spec"]
        rolling = (spec.get("strategy") or {}).get("rollingUpdate") or {}
        saved = {
            "maxUnavailable": rolling.get("maxUnavailable", "25%"),
            "maxSurge": rolling.get("maxSurge", "25%"),
            "minReadySeconds": spec.get("minReadySeconds", 0),
            "progressDeadlineSeconds": spec.get("progressDeadlineSeconds", 600),
        }
        change = {
            "metadata": {"annotations": _marks(obj, batch, saved)},
            "spec": {
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "minReadySeconds": names.NEVER_AVAILABLE,
                "progressDeadlineSeconds": names.NO_DEADLINE,
            },
        }
        patch(self.world, DEPLOYMENTS, obj, change)

    def goal(self, batch: Object) -> Goal:
        """New pods beside the old ones."""
        share = batchplan.batch_share(batch, current_batch(batch))
        size = batchplan.new_limit(share, self.there())
        return Goal(size, size, share)

    def upgrade(self, batch: Object, goal: Goal) -> None:
        """Raise the surge; never lower it."""
        obj = self.there()
        spec, size = obj["spec"], wanted(obj)
        rolling = (spec.get("strategy") or {}).get("rollingUpdate")
        if rolling is None or spec.get("minReadySeconds") != names.NEVER_AVAILABLE:
            raise BadPlanError("cannot upgrade batch, because deployment doesn't satisfy conditions")
        # A surge of 1 is what the release began with.
        known = 0 if rolling.get("maxSurge") == 1 else scaled(rolling.get("maxSurge"), size)
        if known < scaled(goal.setting, size):
            strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": goal.setting, "maxUnavailable": 0}}
            patch(self.world, DEPLOYMENTS, obj, {"spec": {"paused": None, "strategy": strategy}})

    def release(self, batch: Object) -> None:
        """Give the settings back and wait until one version is left."""
        obj = self.stored()
        if obj is None or not goes_forward(batch):
            return
        saved = _saved(obj)
        if saved is not None:
            rolling = {key: saved.get(key, "25%") for key in ("maxSurge", "maxUnavailable")}
            change = {
                "metadata": {
                    "annotations": {names.ORIGINAL_STRATEGY: None, names.CONTROL_INFO: None},
                    "labels": {names.STABLE_REVISION: None},
                },
                "spec": {
                    "paused": None,
                    "minReadySeconds": saved.get("minReadySeconds") or None,
                    "progressDeadlineSeconds": saved.get("progressDeadlineSeconds", 600),
                    "strategy": {"rollingUpdate": rolling},
                },
            }
            obj = patch(self.world, DEPLOYMENTS, obj, change)
        if not all_ready(obj):
            raise NotReadyError("all ready replicas should be updated, and all updated replicas should be ready")
        autoscalers.attach(self.world, self.kind, obj)


class BlueGreenCloneSet(NumberedSet):
    """The same for a CloneSet, whose partition gives way to a surge."""

    def claim(self, batch: Object) -> None:
        """Remember the settings and replace them by ones under which both versions stay."""
        obj = self.there()
        if is_controlled(batch, obj):
            return
        autoscalers.detach(self.world, self.kind, obj)
        strategy = obj["spec"].get("updateStrategy") or {}
        saved = {
            "maxUnavailable": strategy.get("maxUnavailable", "20%"),
            "maxSurge": strategy.get("maxSurge", "0%"),
            "minReadySeconds": obj["spec"].get("minReadySeconds", 0),
        }
        change = {
            "metadata": {"annotations": _marks(obj, batch, saved)},
            "spec": {
                "minReadySeconds": names.NEVER_AVAILABLE,
                "updateStrategy": {"paused": False, "maxSurge": 1, "maxUnavailable": 0},
            },
        }
        patch(self.world, self.kind, obj, change)

    def goal(self, batch: Object) -> Goal:
        """New pods beside the old ones."""
        share = batchplan.batch_share(batch, current_batch(batch))
        size = scaled(share, wanted(self.there()))
        return Goal(size, size, share)

    def upgrade(self, batch: Object, goal: Goal) -> None:
        """Raise the surge; never lower it."""
        obj = self.there()
        strategy, size = obj["spec"].get("updateStrategy") or {}, wanted(obj)
        if obj["spec"].get("minReadySeconds") != names.NEVER_AVAILABLE:
            raise BadPlanError("cannot upgrade batch, because cloneset doesn't satisfy conditions")
        known = 0 if strategy.get("maxSurge") == 1 else scaled(strategy.get("maxSurge"), size)
        if known < scaled(goal.setting, size):
            self._set({"partition": None, "maxSurge": goal.setting})

    def release(self, batch: Object) -> None:
        """Give the settings back and wait until one version is left."""
        obj = self.stored()
        if obj is None or not goes_forward(batch):
            return
        saved = _saved(obj)
        if saved is not None:
            change = {
                "metadata": {"annotations": {names.ORIGINAL_STRATEGY: None, names.CONTROL_INFO: None}},
                "spec": {
                    "minReadySeconds": saved.get("minReadySeconds") or None,
                    "updateStrategy": {key: saved.get(key) for key in ("maxSurge", "maxUnavailable")},
                },
            }
            obj = patch(self.world, self.kind, obj, change)
        status = obj.get("status") or {}
        if status.get("readyReplicas", 0) != status.get("updatedReadyReplicas", 0):
            raise NotReadyError("readyReplicas != updatedReadyReplicas")
        autoscalers.attach(self.world, self.kind, obj)


def _marks(obj: Object, batch: Object, saved: dict[str, Any]) -> dict[str, str]:
    known = (obj["metadata"].get("annotations") or {}).get(names.ORIGINAL_STRATEGY)
    text = known or json.dumps(saved, separators=(",", ":"))
    return {names.ORIGINAL_STRATEGY: text, names.CONTROL_INFO: control_info(batch)}


def _saved(obj: Object) -> dict[str, Any] | None:
    """The settings from before the release; None when they have been given back."""
    return kept(obj, names.ORIGINAL_STRATEGY)
