"""Scenarios: the initial objects of a demo and the story that it plays, read from YAML."""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

from cockpit.demo.api.versions import stored, to_stored
from cockpit.demo.errors import AlreadyExists
from cockpit.demo.scenarios import many
from cockpit.demo.schemas.kinds import Kind, by_kind
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.storage import Storage, ensure_namespace

GENERATED = {"big": many.objects}


class ScenarioError(Exception):
    """A scenario that does not exist or cannot be read; the message names it and what is wrong."""


@dataclass(frozen=True)
class Step:
    """One step of a story.

    It waits `after` seconds, then until the Deployment `ready` is fully available. `apply` creates objects or merges
    into existing ones, `patch` names an object and `merge` the patch for it, `delete` names objects. `say` is the
    message of an Event on the first object that the step changes.
    """

    after: float = 0.0
    ready: str = ""
    say: str = ""
    apply: tuple[Object, ...] = ()
    patch: Object | None = None
    merge: Object | None = None
    delete: tuple[Object, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """The initial state and story of a demo. If it `repeats`, `steps` start over with the next pair of versions.

    A scenario of several clusters behind one gateway names their `contexts`, and has objects `elsewhere` for every
    cluster but the first.
    """

    name: str
    about: str
    namespaces: tuple[str, ...]
    objects: tuple[Object, ...]
    steps: tuple[Object, ...] = ()
    repeats: bool = False
    contexts: tuple[str, ...] = ()
    elsewhere: tuple[Object, ...] = ()

    @property
    def namespace(self) -> str:
        """Where objects without a namespace go."""
        return self.namespaces[0] if self.namespaces else "default"

    def round(self, number: int) -> list[Step]:
        """The steps of one round, from 0; in round 0 `$old` is v1 and `$new` is v2."""
        words = {"old": f"v{number + 1}", "new": f"v{number + 2}"}
        return [self._step(substituted(step, words)) for step in self.steps]

    def install(self, storage: Storage, number: int = 0) -> None:
        """Create the namespaces and objects for the cluster with this number; existing ones stay unchanged."""
        for namespace in self.namespaces:
            ensure_namespace(storage, namespace)
        for obj in self.elsewhere if number and self.elsewhere else self.objects:
            kind = kind_of(obj)
            try:
                storage.create(stored(kind), to_stored(kind, obj), manager="demo", asked=kind)
            except AlreadyExists:
                continue
            tell_status(storage, kind, obj, manager="demo")

    def _step(self, raw: Object) -> Step:
        def placed(value: Any) -> tuple[Object, ...]:
            found = value if isinstance(value, list) else [value] if value else []
            return tuple(in_namespace(obj, self.namespace) for obj in found)

        unknown = set(raw) - {"after", "ready", "say", "apply", "patch", "merge", "delete"}
        if unknown:
            raise ScenarioError(f"scenario {self.name}: a step has unknown fields: {', '.join(sorted(unknown))}")
        return Step(
            after=float(raw.get("after", 0)),
            ready=raw.get("ready", ""),
            say=raw.get("say", ""),
            apply=placed(raw.get("apply")),
            patch=next(iter(placed(raw.get("patch"))), None),
            merge=raw.get("merge"),
            delete=placed(raw.get("delete")),
        )


def names() -> list[tuple[str, str]]:
    """Every scenario with a description of one line."""
    files = (entry for entry in resources.files(__package__).iterdir() if entry.name.endswith(".yaml"))
    found = sorted(entry.name.removesuffix(".yaml") for entry in files)
    return [(name, str(_read(name)["about"])) for name in found]


def load(name: str) -> Scenario:
    """A scenario by name. Raises ScenarioError if there is none."""
    raw = _read(name)
    story = raw.get("story") or {}
    namespaces = tuple(raw.get("namespaces") or ())
    written = (in_namespace(obj, namespaces[0] if namespaces else "default") for obj in raw.get("objects") or ())
    objects = tuple(GENERATED[name](namespaces)) if name in GENERATED else tuple(written)
    first = namespaces[0] if namespaces else "default"
    scenario = Scenario(
        name,
        raw["about"],
        namespaces,
        objects,
        tuple(story.get("steps") or ()),
        bool(story.get("repeat")),
        tuple(raw.get("contexts") or ()),
        tuple(in_namespace(obj, first) for obj in raw.get("elsewhere") or ()),
    )
    scenario.round(0)
    return scenario


def _read(name: str) -> dict[str, Any]:
    path = resources.files(__package__) / f"{name}.yaml"
    if not name.replace("-", "").isalnum() or not path.is_file():
        raise ScenarioError(f"no scenario {name!r}")
    raw: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    return raw


def kind_of(obj: Object) -> Kind:
    """The kind of an object in a scenario. Raises ScenarioError if the embedded cluster does not serve it."""
    kind = by_kind(obj.get("apiVersion", ""), obj.get("kind", ""))
    if kind is None:
        raise ScenarioError(f"the embedded cluster does not serve {obj.get('apiVersion')} {obj.get('kind')}")
    return kind


def tell_status(storage: Storage, kind: Kind, change: Object, manager: str) -> None:
    """Write the status of a custom object that has no controller in the embedded cluster."""
    if kind.custom and kind.has_status and kind.stored_as is None and change.get("status"):
        there = storage.get(kind, change["metadata"].get("namespace"), change["metadata"]["name"])
        storage.update(kind, {**there, "status": copied(change["status"])}, subresource="status", manager=manager)


def in_namespace(obj: Object, namespace: str) -> Object:
    """A copy with the namespace set, unless the kind is cluster-scoped."""
    placed: Object = copied(obj)
    if kind_of(obj).namespaced:
        placed["metadata"] = {"namespace": namespace, **placed.get("metadata", {})}
    return placed


def substituted(value: Any, words: dict[str, str]) -> Any:
    """A copy of plain YAML with `$old` and `$new` replaced in every string, field names included."""
    if isinstance(value, str):
        return string.Template(value).safe_substitute(words)
    if isinstance(value, list):
        return [substituted(entry, words) for entry in value]
    if isinstance(value, dict):
        return {substituted(key, words): substituted(entry, words) for key, entry in value.items()}
    return value


def mentioned(steps: list[Step]) -> Iterator[Object]:
    """Every object that the steps write."""
    for step in steps:
        yield from step.apply
        yield from step.delete
        if step.patch:
            yield step.patch


class _Loader(yaml.SafeLoader):
    """YAML without dates: annotations and labels are strings."""


_Loader.yaml_implicit_resolvers = {
    letter: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
