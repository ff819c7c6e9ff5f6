"""What objects of every kind have: metadata, conditions, keys to be found by."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct


class OwnerReference(Struct, frozen=True, rename="camel"):
    kind: str
    name: str
    uid: str = ""
    api_version: str = ""
    controller: bool | None = None


class PodMeta(Struct, frozen=True, rename="camel"):
    """Metadata without annotations, which are the bulk of ten thousand pods.

    `resource_version` is opaque: compare it for equality only.
    """

    name: str
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: dict[str, str] | None = None
    owner_references: list[OwnerReference] | None = None


class Meta(PodMeta, frozen=True, rename="camel"):
    """Metadata of every other kind."""

    annotations: dict[str, str] | None = None
    finalizers: list[str] | None = None


class Obj(Struct, frozen=True):
    """One object of a cluster. A kind is a subclass with the fields that the cockpit uses."""

    metadata: PodMeta

    def index_keys(self) -> Iterator[str]:
        """Keys by which others look this object up, beside its name and owners: here each label as "k=v"."""
        yield from (f"{k}={v}" for k, v in (self.metadata.labels or {}).items())


class Condition(Struct, frozen=True, rename="camel"):
    type: str
    status: str
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None
