"""Names for versions: the first of several properties that differs between all of them.

Order: version labels as Istio reads them, tag or digest of the application image, template hash, workload name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from cockpit.model.text import safe_text
from cockpit.workloads.images import image_repository, image_tag, is_sidecar

VERSION_LABELS = ("service.istio.io/canonical-revision", "app.kubernetes.io/version", "version")
HASH_LABELS = ("rollouts-pod-template-hash", "pod-template-hash", "controller-revision-hash")
SEQUENCE_LABELS = ("moniker.spinnaker.io/sequence",)

_LONGEST = 40
_LONGEST_RAW = 500


class Nameable(Protocol):
    """What a name is taken from."""

    @property
    def labels(self) -> Mapping[str, str]: ...
    @property
    def images(self) -> tuple[str, ...]: ...
    @property
    def title(self) -> str: ...


def version_names(candidates: Sequence[Nameable], keys: Sequence[str] = ()) -> tuple[str, ...]:
    """One name each, unique and safe to print, in the order of `candidates`; the same input gives the same names.

    `keys` are labels by which a router tells versions apart; they come first.
    """
    if not candidates:
        return ()
    for key in (*map(_label, keys), *_keys(candidates)):
        values = [key(c) for c in candidates]
        named = _cut([text for v in values if v and (text := safe_text(v, _LONGEST_RAW))])
        if len(named) == len(candidates) and len(set(named)) == len(named):
            return tuple(named)
    return _numbered([safe_text(c.title, _LONGEST) or "unnamed" for c in candidates])


def telling_repository(images: Sequence[Sequence[str]]) -> str | None:
    """The repository whose image differs between all versions; None if there is none.

    `images` are those of each version, the application's first. A sidecar image never names a version.
    """
    for repository in dict.fromkeys(map(image_repository, images[0] if images else ())):
        found = [_image_of(repository, of) for of in images]
        if not is_sidecar(repository) and None not in found and len(set(found)) == len(found) > 1:
            return repository
    return None


def _image_of(repository: str, images: Sequence[str]) -> str | None:
    return next((image for image in images if image_repository(image) == repository), None)


def _keys(candidates: Sequence[Nameable]) -> list[Callable[[Nameable], str | None]]:
    telling = telling_repository([c.images for c in candidates]) or ""
    labels = [_label(key) for key in VERSION_LABELS]
    late = [_label(key) for key in (*HASH_LABELS, *SEQUENCE_LABELS)]
    return [
        *labels,
        lambda c: image_tag(_image_of(telling, c.images) or ""),
        lambda c: image_tag(c.images[0]) if c.images else None,
        *late,
        lambda c: c.title,
    ]


def _cut(texts: list[str]) -> list[str]:
    """The texts cut to the longest allowed name, in a way that keeps different texts different, if there is one.

    Tried in order: the beginning; beginning and end; the part that starts just before the first difference.
    """
    first = next((n for n, letters in enumerate(zip(*texts, strict=False)) if len(set(letters)) > 1), 0)
    start = max(first - _LONGEST // 4, 0)
    ways: tuple[Callable[[str], str], ...] = (
        lambda text: safe_text(text, _LONGEST),
        lambda text: text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2 - 1]}…{text[-_LONGEST // 2 :]}",
        lambda text: text if len(text) <= _LONGEST else f"…{safe_text(text[start:], _LONGEST - 1)}",
    )
    tried = [[way(text) for text in texts] for way in ways]
    return next((cut for cut in tried if len(set(cut)) == len(set(texts))), tried[0])


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
    """Sort key that puts v9 before v10."""
    parts = re.findall(r"[0-9]{1,18}|[^0-9]+|[0-9]+", name)
    return tuple((0, int(p), "") if p.isascii() and p.isdigit() and len(p) <= 18 else (1, 0, p) for p in parts)
