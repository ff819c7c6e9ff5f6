"""Argo Rollouts' own kinds (argoproj.io/v1alpha1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cockpit.model.objects.meta import Meta, Obj


class ArgoRollout(Obj, frozen=True):
    """`spec` and `status` as the API has them: their fields are read where they are used."""

    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None

    def index_keys(self) -> Iterator[str]:
        """ "steers=Kind/name" for each object that it drives: Services, Ingresses, routes, its workload."""
        yield from ()


class AnalysisRun(Obj, frozen=True):
    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None


class Experiment(Obj, frozen=True):
    metadata: Meta
    spec: dict[str, Any] | None = None
    status: dict[str, Any] | None = None
