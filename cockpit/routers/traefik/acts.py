"""Acts on a TraefikService: its weights are only shown; the workloads behind it can be scaled."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.plan import Act
from cockpit.planning.act_table import ActEntry, ActTable
from cockpit.planning.ownership import why_managed
from cockpit.planning.writes import SCALING
from cockpit.routers.traefik.split import TraefikSplit
from cockpit.routers.version_lookup import plan_scale_of, services_of


def _closed(split: TraefikSplit, objects: Objects) -> str:
    """Why nobody edits here by hand: a controller drives the TraefikService or its Services."""
    return why_managed([split.service, *services_of(split)], objects)


TABLE: ActTable[TraefikSplit] = ActTable(
    {Act.SCALE: ActEntry(plan_scale_of)},
    otherwise="TraefikServices are only shown: edit the weights under spec.weighted with kubectl",
    closed=_closed,
    writes=SCALING,
)
