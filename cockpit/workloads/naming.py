"""How versions are named: by the first thing that tells them apart.

Order: version labels as Istio reads them, image tag or digest, template hash, workload name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from cockpit.model.text import safe_text

VERSION_LABELS = ("service.istio.io/canonical-revision", "app.kubernetes.io/version", "version")
HASH_LABELS = ("rollouts-pod-template-hash", "pod-template-hash", "controller-revision-hash")
SEQUENCE_LABELS = ("moniker.spinnaker.io/sequence",)

_LONGEST = 40
_DIGEST = 12


class Nameable(Protocol):
    """What a name is taken from."""

    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def images(self) -> tuple[str, ...]: ...
    @property
    def title(self) -> str: ...


def image_tag(image: str) -> str | None:
    """The tag, else the start of the digest; None where the image has neither."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag or digest.rpartition(":")[2][:_DIGEST] or None


def image_repository(image: str) -> str:
    """The image without tag and digest."""
    name = image.partition("@")[0]
    place, slash, last = name.rpartition("/")
    return f"{place}{slash}{last.partition(':')[0]}"


def version_names(candidates: Sequence[Nameable]) -> tuple[str, ...]:
    """One name each, unique and safe to print, in the order of `candidates`; the same input gives the same names."""
    if not candidates:
        return ()
    for key in _keys():
        values = [key(c) for c in candidates]
        named = [text for v in values if v and (text := safe_text(v, _LONGEST))]
        if len(named) == len(candidates) and len(set(named)) == len(named):
            return tuple(named)
    return _numbered([safe_text(c.title, _LONGEST) or "unnamed" for c in candidates])


def _keys() -> list[Callable[[Nameable], str | None]]:
    labels = [_label(key) for key in VERSION_LABELS]
    late = [_label(key) for key in (*HASH_LABELS, *SEQUENCE_LABELS)]
    return [*labels, lambda c: image_tag(c.images[0]) if c.images else None, *late, lambda c: c.title]


def _label(key: str) -> Callable[[Nameable], str | None]:
    return lambda candidate: candidate.labels.get(key)


def _numbered(names: list[str]) -> tuple[str, ...]:
    taken: set[str] = set()
    unique = []
    for name in names:
        number, free = 2, name
        while free in taken:
            free, number = f"{name}-{number}", number + 1
        taken.add(free)
        unique.append(free)
    return tuple(unique)


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key by which v9 comes before v10."""
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+|[0-9]+", name)
    return tuple((0, int(p), "") if p.isascii() and p.isdigit() and len(p) <= 18 else (1, 0, p) for p in parts)
