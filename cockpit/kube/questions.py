"""Names of the questions that a store answers: a change lists the questions whose answers it can alter.

Two questions share a topic only if a name is invalid for every API server; the cost is one extra reading.
"""

from __future__ import annotations

from functools import cache

from cockpit.model.refs import Resource


def _kind(resource: Resource) -> str:
    return f"{resource.plural}.{resource.group}"


def object_topic(resource: Resource, namespace: str, name: str) -> str:
    """One object by name."""
    return f"object|{_kind(resource)}|{namespace}|{name}"


def key_topic(resource: Resource, namespace: str, key: str) -> str:
    """Objects with one index key."""
    return f"key|{_kind(resource)}|{namespace}|{key}"


def members_topic(resource: Resource, namespace: str, key: str) -> str:
    """Which objects have one index key, and who owns them; not what else they are."""
    return f"members|{_kind(resource)}|{namespace}|{key}"


def anywhere_topic(resource: Resource, key: str) -> str:
    """Objects of any namespace with one index key."""
    return f"anywhere|{_kind(resource)}|{key}"


def owner_topic(resource: Resource, namespace: str, uid: str) -> str:
    """Objects with one owner."""
    return f"owner|{_kind(resource)}|{namespace}|{uid}"


def every_topic(resource: Resource, namespace: str) -> str:
    """All objects of a kind in a namespace."""
    return f"every|{_kind(resource)}|{namespace}"


@cache  # each reading asks it of a dozen kinds, and all keep what they asked
def sync_topic(resource: Resource) -> str:
    """Whether a kind has been read."""
    return f"sync|{_kind(resource)}"


def progress_topic(resource: Resource) -> str:
    """How far a list is, and how far a kind can be trusted; no answer about objects depends on it."""
    return f"progress|{_kind(resource)}"
