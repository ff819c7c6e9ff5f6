"""The rollout of one TraefikService: phase, message, lanes, probe target."""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.refs import SERVICES, TRAEFIKSERVICES, Ref, RolloutKey
from cockpit.model.rollout import Phase, Rollout
from cockpit.planning.ownership import owners_and_findings
from cockpit.planning.refusals import epoch_of
from cockpit.routers.backends import outside_sides
from cockpit.routers.degraded import degraded_by
from cockpit.routers.traefik.acts import TABLE
from cockpit.routers.traefik.findings import findings_of, unserved_shares
from cockpit.routers.traefik.probe_targets import traefik_target
from cockpit.routers.traefik.split import TraefikSplit, lanes_of
from cockpit.routers.version_lookup import owned_by
from cockpit.workloads.findings import percent
from cockpit.workloads.others import with_others

ID = "traefik"


def rollout_of(split: TraefikSplit, objects: Objects) -> Rollout:
    metadata, lanes = split.service.metadata, lanes_of(split)
    owners, owned = owners_and_findings(owned_by(split, split.service), objects)
    way = traefik_target(split.service, objects)
    taking = [share for share in lanes[0].shares if share.written]
    message = ", ".join(f"{share.version} {percent(share.written or 0.0)}" for share in taking)
    phase, message = degraded_by(
        Phase.CANARY if len(taking) > 1 else Phase.AT_REST, message, unserved_shares(split), objects
    )
    uids = {v.name: c.uid for v, c in split.named}
    found = Rollout(
        key=RolloutKey(objects.context, metadata.namespace, metadata.name, ID),
        router=ID,
        phase=phase,
        message=message,
        versions=split.versions,
        lanes=lanes,
        objects=_objects(split),
        epoch=epoch_of(
            metadata.uid,
            [(str(side.upstream), side.service.spec.selector if side.service else None) for side in split.sides],
            [(uids[share.version], round(share.written or 0.0, 9)) for share in lanes[0].shares],
        ),
        findings=(*findings_of(split, objects), *owned),
        acts=TABLE.states(split, objects),
        owners=owners,
        incomplete_target=way.incomplete_target,
        probe_target_missing=way.missing,
        created=metadata.creation_timestamp,
    )
    return with_others(found, outside_sides(split.sides, objects), planned=False)


def _objects(split: TraefikSplit) -> tuple[Ref, ...]:
    metadata = split.service.metadata
    refs = [Ref(TRAEFIKSERVICES, metadata.namespace, metadata.name)]
    refs += [Ref(SERVICES, s.service.metadata.namespace, s.service.metadata.name) for s in split.sides if s.service]
    refs += [c.ref for c in split.candidates if c.ref]
    return tuple(dict.fromkeys(refs))
