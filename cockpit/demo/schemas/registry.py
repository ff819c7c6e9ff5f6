"""The kinds that one cluster serves: the built-in ones, and those of its CustomResourceDefinitions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cockpit.demo.schemas.crds import Schema, kinds_of, schema_of, versions_of
from cockpit.demo.schemas.customkinds import CUSTOM
from cockpit.demo.schemas.kind import Kind
from cockpit.demo.schemas.kinds import BUILT_IN
from cockpit.demo.schemas.objects import Object
from cockpit.demo.schemas.schema import METADATA, Node, root

_NAMED = {kind: kind for kind in CUSTOM}


@dataclass(frozen=True)
class _Served:
    """One definition: its kinds, the preferred one first, with what each version says of itself."""

    crd: Object
    kinds: tuple[Kind, ...]
    versions: dict[Kind, dict[str, Any]] = field(repr=False)


class Registry:
    """Kinds by group, version and plural. `revision` counts the changes."""

    def __init__(self, crds: Iterable[Object]) -> None:
        self.revision = 0
        self._served: dict[str, _Served] = {}
        self._kinds: tuple[Kind, ...] = ()
        self._by_resource: dict[tuple[str, str, str], Kind] = {}
        self._by_kind: dict[tuple[str, str], Kind] = {}
        self._shapes: dict[Kind, Node] = {}
        for crd in crds:
            self._serve(crd)
        self._changed()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Every kind, in the order of discovery: what a word means to kubectl is the first that fits."""
        return self._kinds

    def groups(self) -> dict[str, dict[str, list[Kind]]]:
        """The kinds by group and version."""
        found: dict[str, dict[str, list[Kind]]] = {}
        for kind in self.kinds:
            found.setdefault(kind.group, {}).setdefault(kind.version, []).append(kind)
        return found

    def by_resource(self, group: str, version: str, plural: str) -> Kind | None:
        """The kind behind a URL path, or None."""
        return self._by_resource.get((group, version, plural))

    def by_kind(self, api_version: str, name: str) -> Kind | None:
        """The kind an object or an owner reference names, or None."""
        return self._by_kind.get((api_version, name))

    def take(self, crd: Object) -> None:
        """Serve what a definition defines, instead of what it defined before.

        A kind that has a name in the program stays the one of that name, whatever a later definition calls it.
        """
        self._serve(crd)
        self._changed()

    def _serve(self, crd: Object) -> None:
        kinds = [_NAMED.get(kind, kind) for kind in kinds_of(crd)]
        versions = dict(zip(kinds, versions_of(crd), strict=True))
        self._served[crd["metadata"]["name"]] = _Served(crd, tuple(kinds), versions)

    def drop(self, name: str) -> None:
        """Serve the kinds of a definition no longer."""
        self._served.pop(name, None)
        self._changed()

    def definitions(self, group: str) -> list[Object]:
        """The definitions of a group's kinds, to be read only."""
        return [served.crd for served in self._served.values() if served.crd["spec"]["group"] == group]

    def is_terminating(self, kind: Kind) -> bool:
        """Whether the definition of a custom kind is being deleted."""
        served = self._served.get(kind.resource)
        return served is not None and bool(served.crd["metadata"].get("deletionTimestamp"))

    def schema(self, kind: Kind) -> Schema | None:
        """The schema of a custom kind; None for a built-in one and for one that is not served."""
        served = self._served.get(kind.resource) if kind.custom else None
        version = served.versions.get(kind) if served else None
        return schema_of(version) if version is not None else None

    def printer_columns(self, kind: Kind) -> list[dict[str, Any]]:
        """The columns that the definition of a custom kind asks for."""
        served = self._served.get(kind.resource)
        version = served.versions.get(kind) if served else None
        return list((version or {}).get("additionalPrinterColumns") or [])

    def shape(self, kind: Kind) -> Node | None:
        """The types, merge keys and list keys of a kind."""
        if not kind.custom:
            return root(kind.api_version, kind.kind)
        if kind not in self._shapes and (found := self.schema(kind)) is not None:
            properties = {**(found.get("properties") or {}), "metadata": METADATA}
            self._shapes[kind] = {**found, "properties": properties}
        return self._shapes.get(kind)

    def _changed(self) -> None:
        self.revision += 1
        self._shapes.clear()
        by_group = sorted(self._served.values(), key=lambda served: served.crd["spec"]["group"])
        self._kinds = (*BUILT_IN, *(kind for served in by_group for kind in served.kinds))
        self._by_resource = {(kind.group, kind.version, kind.plural): kind for kind in self._kinds}
        self._by_kind = {(kind.api_version, kind.kind): kind for kind in self._kinds}
