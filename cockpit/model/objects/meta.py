"""What objects of every kind have: metadata, conditions, index keys."""

from collections.abc import Iterator

from msgspec import Struct, field


class OwnerReference(Struct, frozen=True, gc=False, rename="camel"):
    kind: str
    name: str
    uid: str = ""
    api_version: str = ""
    controller: bool | None = None


class FieldsManager(Struct, frozen=True, gc=False):
    """Who wrote an object last under one name (`metadata.managedFields`), and when (RFC 3339, whole seconds)."""

    manager: str = ""
    operation: str = ""
    time: str = ""
    subresource: str = ""


class CommonMeta(Struct, frozen=True, gc=False, rename="camel"):
    """Metadata that every object has.

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


class PodAnnotations(Struct, frozen=True, gc=False):
    """The annotations of a pod that are read."""

    default_container: str | None = field(default=None, name="kubectl.kubernetes.io/default-container")
    redirection: str | None = field(default=None, name="ambient.istio.io/redirection")


class PodMeta(CommonMeta, frozen=True, rename="camel"):
    """Metadata with few annotations: all of them would take most of the memory for ten thousand pods."""

    annotations: PodAnnotations | None = None


class Meta(CommonMeta, frozen=True, rename="camel"):
    """Metadata of every other kind."""

    annotations: dict[str, str] | None = None
    finalizers: list[str] | None = None
    managed_fields: list[FieldsManager] | None = None


class Obj(Struct, frozen=True, gc=False):
    """One object of a cluster. A kind is a subclass with the fields that the cockpit uses."""

    metadata: CommonMeta

    def index_keys(self) -> Iterator[str]:
        """Keys to look this object up, besides name and owners: by default each label as "k=v"."""
        yield from (f"{k}={v}" for k, v in (self.metadata.labels or {}).items())


class Condition(Struct, frozen=True, gc=False, rename="camel"):
    type: str
    status: str
    reason: str | None = None
    message: str | None = None
