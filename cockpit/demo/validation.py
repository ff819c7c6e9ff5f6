"""What the API refuses in an object, worded as kube-apiserver words it."""

from __future__ import annotations

from cockpit.demo.history import Object
from cockpit.demo.kinds import Kind


def validate_create(kind: Kind, obj: Object) -> None:
    """Raise Invalid with a cause per broken field."""


def validate_update(kind: Kind, obj: Object, old: Object, subresource: str) -> None:
    """Raise Invalid for what may not change, besides what `validate_create` refuses."""
