"""The last version of every object that a record holds, as texts of JSON, so that what did not change costs little.

An object is a map of its fields. Metadata and status, which change with nearly every event, are maps of their fields
in turn. Each of these is a text as the server sent it, unless something of it has to be hidden: then it is decoded,
looked through and written anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import compress, count
from operator import ne
from typing import Any

import msgspec

from cockpit.model.values import dataclass
from cockpit.record.delta import FIELDS, REPLACE, Patch, text_difference
from cockpit.record.redaction import may_hide, may_hide_field, redacted_object, without_managers

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_json = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode

_IN_PARTS = ("metadata", "status")
# Half of a pod, and never recorded.
_MANAGERS = "managedFields"
# An operation of JSON Patch is looked at as a whole: what its path names can be secret.
_OPERATION = "op"
# Between the texts of one object: no text of JSON holds it.
_END = b"\0"

Path = tuple[str, ...]
# The names of an object's fields, each with those of its own fields if it is in parts.
Outline = tuple[tuple[str, tuple[str, ...] | None], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Which texts an object consists of, in order. Most objects of a kind share one."""

    outline: Outline
    paths: tuple[Path, ...]


class Sent(msgspec.Struct, gc=False):
    """An object as it came."""

    outline: Outline
    texts: list[bytes]
    names: tuple[str, str]  # namespace and name, "" where it has none


class Version(msgspec.Struct, gc=False):
    """What is recorded of an object: its texts, one after the other, so that ten thousand objects take little.

    `digests` are those of the texts of which something is hidden, by their place, as they came: to see whether they
    changed. They are Python's own hashes of bytes, which are keyed by chance; 64 bits are enough for that.
    """

    shape: Shape
    texts: bytes
    digests: dict[int, int] | None


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is left out: `hides` says whether a text may hold something that `clean` leaves out of an object, `names`
    whether that is so of a field in any case, by its name."""

    hides: Callable[[bytes], bool]
    names: Callable[[str], bool]
    clean: Callable[[dict[str, Any]], dict[str, Any]]


REDACTING = Cleaning(may_hide, may_hide_field, redacted_object)
# An object's metadata is not in parts where it looks like an operation of JSON Patch.
NOTHING_HIDDEN = Cleaning(lambda text: b"\\" in text or b"managedFields" in text, lambda name: False, without_managers)


def fields_of(body: bytes | msgspec.Raw) -> dict[str, msgspec.Raw]:
    """The fields of an object, not decoded. Raises msgspec.DecodeError."""
    return _fields(body)


def sent_of(fields: Mapping[str, msgspec.Raw]) -> Sent:
    """An object without managedFields. Raises msgspec.DecodeError."""
    outline: list[tuple[str, tuple[str, ...] | None]] = []
    texts: list[bytes] = []
    names = "", ""
    for name, raw in fields.items():
        if name not in _IN_PARTS or (parts := _parts(raw)) is None:
            outline.append((name, None))
            texts.append(bytes(raw))
            continue
        if name == "metadata":
            names = _name(parts.get("namespace")), _name(parts.get("name"))
        outline.append((name, tuple(parts)))
        texts += map(bytes, parts.values())
    return Sent(tuple(outline), texts, names)


def _parts(raw: msgspec.Raw) -> dict[str, msgspec.Raw] | None:
    """The fields of a field; None if it is to be looked at as a whole."""
    try:
        parts = _fields(raw)
    except msgspec.ValidationError:
        return None
    parts.pop(_MANAGERS, None)
    return None if _OPERATION in parts else parts


def _name(raw: msgspec.Raw | None) -> str:
    return "" if raw is None else str(_json(raw) or "")


@lru_cache(maxsize=4096)
def _shape(outline: Outline) -> Shape:
    paths: list[Path] = []
    for name, parts in outline:
        paths += [(name,)] if parts is None else [(name, part) for part in parts]
    return Shape(outline, tuple(paths))


def next_version(before: Version | None, sent: Sent, cleaning: Cleaning) -> tuple[Version, Patch | None]:
    """The version of what was sent, and the patch that makes it of the one before; None: no difference.

    Raises msgspec.DecodeError, and what cannot be encoded.
    """
    if before is not None and before.shape.outline == sent.outline:
        return _changed(before, sent, cleaning)
    shape = _shape(sent.outline)
    digests = dict(_digests(sent.texts, shape.paths, range(len(sent.texts)), cleaning))
    pairs = enumerate(zip(sent.texts, shape.paths, strict=True))
    texts = [_recorded(text, path, place in digests, cleaning) for place, (text, path) in pairs]
    after = Version(shape, _END.join(texts), digests or None)
    made = dict(zip(shape.paths, texts, strict=True))
    if before is None:
        return after, [REPLACE, {name: _whole(name, parts, made) for name, parts in shape.outline}]
    # Of an object without any field there is one text, an empty one.
    earlier = dict(zip(before.shape.paths, before.texts.split(_END), strict=False))
    return after, _restructured(before.shape.outline, earlier, shape.outline, made)


def _changed(before: Version, sent: Sent, cleaning: Cleaning) -> tuple[Version, Patch | None]:
    """The same of an object that has the fields that it had."""
    shape, texts, digests = before.shape, sent.texts, before.digests
    if not texts:
        return before, None
    earlier = before.texts.split(_END)
    for place in digests or ():
        if digests and digests[place] == hash(texts[place]):
            texts[place] = earlier[place]
    places = list(compress(count(), map(ne, earlier, texts)))
    if not places:
        return before, None
    hidden = dict(_digests(texts, shape.paths, places, cleaning))
    if digests or hidden:
        digests = {place: digest for place, digest in (digests or {}).items() if place not in places} | hidden
    fields: dict[str, Patch] = {}
    for place in places:
        text = texts[place] = _recorded(texts[place], shape.paths[place], place in hidden, cleaning)
        if (patch := text_difference(earlier[place], text)) is None:
            continue
        path = shape.paths[place]
        if len(path) == 1:
            fields[path[0]] = patch
        elif path[0] in fields:
            fields[path[0]][1][path[1]] = patch
        else:
            fields[path[0]] = [FIELDS, {path[1]: patch}, [], None]
    return Version(shape, _END.join(texts), digests or None), [FIELDS, fields, [], None] if fields else None


def _digests(
    texts: list[bytes], paths: tuple[Path, ...], places: Iterable[int], cleaning: Cleaning
) -> Iterator[tuple[int, int]]:
    """The digests of those of the texts in these places of which something may have to be hidden."""
    for place in places:
        if cleaning.hides(texts[place]) or any(map(cleaning.names, paths[place])):
            yield place, hash(texts[place])


def _recorded(text: bytes, path: Path, hides: bool, cleaning: Cleaning) -> bytes:
    """The text at this path of an object as it is recorded: without what has to be hidden, if something of it has."""
    if hides:
        value = _json(text)
        for name in reversed(path):
            value = {name: value}
        value = cleaning.clean(value)
        for name in path:
            value = value[name]
        text = _encode(value)
    if _END in text:
        raise msgspec.DecodeError("a text with a control character")
    return text


def _whole(name: str, parts: tuple[str, ...] | None, texts: Mapping[Path, bytes]) -> Any:
    """A field as it is written."""
    return texts[name,] if parts is None else {part: texts[name, part] for part in parts}


def _restructured(
    before: Outline, earlier: Mapping[Path, bytes], after: Outline, texts: Mapping[Path, bytes]
) -> Patch | None:
    """The patch of an object that has other fields now."""
    known, changed = dict(before), dict[str, Patch]()
    for name, parts in after:
        old = known.get(name)
        if name not in known or (old is None) != (parts is None):
            patch: Patch | None = [REPLACE, _whole(name, parts, texts)]
        elif parts is None or old is None:
            patch = text_difference(earlier[name,], texts[name,])
        else:
            patch = _reordered(old, parts, dict(_inner(name, parts, earlier, texts)))
        if patch:
            changed[name] = patch
    return _reordered([name for name, _ in before], [name for name, _ in after], changed)


def _inner(
    name: str, parts: Iterable[str], earlier: Mapping[Path, bytes], texts: Mapping[Path, bytes]
) -> Iterator[tuple[str, Patch]]:
    for part in parts:
        path = name, part
        patch = text_difference(earlier[path], texts[path]) if path in earlier else [REPLACE, texts[path]]
        if patch:
            yield part, patch


def _reordered(before: Sequence[str], after: Sequence[str], changed: dict[str, Patch]) -> Patch | None:
    """The patch of a map that may have other fields now, from the patches of its fields."""
    gone = [name for name in before if name not in after]
    order = [*(name for name in before if name in after), *(name for name in after if name not in before)]
    moved = list(after) if order != list(after) else None
    return [FIELDS, changed, gone, moved] if changed or gone or moved else None


def object_of(recorded: Any) -> dict[str, Any] | None:
    """The object of what a record holds of it; None if it is none. Version 1 of the format held values, not texts."""
    if not isinstance(recorded, dict):
        return None
    try:
        return {name: _decoded(part) for name, part in recorded.items()}
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _decoded(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _json(each) if isinstance(each, bytes) else each for name, each in part.items()}
    return _json(part) if isinstance(part, bytes) else part
