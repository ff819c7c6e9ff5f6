"""Leases: who holds something, and when the holder last said so (coordination.k8s.io/v1)."""

from msgspec import Struct, field

from cockpit.model.objects.meta import Meta, Obj


class LeaseSpec(Struct, frozen=True, gc=False, rename="camel"):
    """Times are RFC 3339 by the holder's clock, so that they are compared for equality only."""

    holder_identity: str | None = None
    lease_duration_seconds: int | None = None
    acquire_time: str | None = None
    renew_time: str | None = None
    lease_transitions: int | None = None


class Lease(Obj, frozen=True):
    metadata: Meta
    spec: LeaseSpec = field(default_factory=LeaseSpec)
