"""What an embedded cluster knows of one kind."""

from __future__ import annotations

from dataclasses import dataclass, field

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Kind:
    """One resource of the API, as discovery shows it. Kinds are equal by group, version and plural.

    `custom` marks kinds that come from a CRD: they take no strategic patch, and an update must name a version.
    `generation` says that `metadata.generation` counts changes of the spec.
    `stored_as` is the kind whose objects this one shows in another form.
    """

    group: str
    version: str
    plural: str
    kind: str = field(compare=False)
    namespaced: bool = field(default=True, compare=False)
    short_names: tuple[str, ...] = field(default=(), compare=False)
    has_status: bool = field(default=False, compare=False)
    has_scale: bool = field(default=False, compare=False)
    verbs: tuple[str, ...] = field(default=ALL_VERBS, compare=False)
    singular: str = field(default="", compare=False)
    categories: tuple[str, ...] = field(default=(), compare=False)
    generation: bool = field(default=False, compare=False)
    custom: bool = field(default=False, compare=False)
    stored_as: Kind | None = field(default=None, compare=False)
    list_name: str = field(default="", compare=False)

    @property
    def api_version(self) -> str:
        """What objects carry as `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """The resource as messages name it: `deployments.apps`, `pods`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def path(self) -> str:
        """The URL path of the group and version."""
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"

    @property
    def singular_name(self) -> str:
        """The resource in the singular: `deployment`."""
        return self.singular or self.kind.lower()

    @property
    def list_kind(self) -> str:
        """The kind of a list of these."""
        return self.list_name or self.kind + "List"
