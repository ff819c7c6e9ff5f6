"""Whether a plan that writes a pod template changes more of it than images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from cockpit.model.lookup import Objects
from cockpit.model.plan import Plan, Request
from cockpit.model.refs import Ref

_TEMPLATE = "/spec/template"


def more_than_images(plan: Plan, objects: Objects) -> bool:
    """Whether a template is written that differs from the present one in more than the images of its containers.

    True where it cannot be told.
    """
    written = [(request.ref, value) for request in plan.requests for value in _templates(request)]
    return not written or any(_bare(now_at(ref, objects)) != _bare(value) for ref, value in written)


def _templates(request: Request) -> list[Any]:
    body = request.body if isinstance(request.body, list) else []
    return [each.get("value") for each in body if each.get("op") == "replace" and each.get("path") == _TEMPLATE]


def now_at(ref: Ref, objects: Objects) -> Any:
    """The pod template of a workload, or of a controller's object that has one; None if there is none."""
    found = objects.get(ref.resource, ref.namespace, ref.name)
    spec: Any = getattr(found, "spec", None)
    raw = getattr(spec, "raw_template", None)
    if raw is not None:
        return msgspec.json.decode(raw)
    return spec.get("template") if isinstance(spec, Mapping) else None


def _bare(value: Any) -> Any:
    """A template without the images of its containers."""
    spec = value.get("spec") if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping) or not isinstance(spec, Mapping):
        return value
    lists = {name: spec[name] for name in ("containers", "initContainers") if isinstance(spec.get(name), list)}
    bare = {name: [_without_image(each) for each in entries] for name, entries in lists.items()}
    return {**value, "spec": {**spec, **bare}}


def _without_image(container: Any) -> Any:
    return {k: v for k, v in container.items() if k != "image"} if isinstance(container, Mapping) else container
