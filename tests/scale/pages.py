"""Lists as bytes, made once: in pages, whole, and compressed as a server compresses them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.scale.objects import PODS_PER_RELEASE, Release

PAGE = 500
REVISION = 1000
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
# What kube-apiserver compresses with (gzip level 1 for responses over 128 kB).
_LEVEL = 1


@dataclass(frozen=True)
class Part:
    """Bytes of a body, as they are and as raw deflate blocks that other blocks may follow."""

    plain: bytes
    packed: bytes

    @staticmethod
    def of(plain: bytes) -> Part:
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
        return Part(plain, packer.compress(plain) + packer.flush(zlib.Z_FULL_FLUSH))


def gzipped(parts: Iterator[Part]) -> Iterator[bytes]:
    """The parts as one gzip stream."""
    crc = size = 0
    yield _GZIP_HEAD
    for part in parts:
        crc, size = zlib.crc32(part.plain, crc), size + len(part.plain)
        yield part.packed
    yield b"\x03\x00" + crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


@dataclass
class Kind:
    """All objects of one kind, 500 in a part."""

    name: str
    count: int = 0
    parts: list[Part] = field(default_factory=list)

    def body(self, limit: int, token: str) -> Iterator[Part]:
        """A list's body: all objects, or with a limit the page that the token asks for. Pages are of 500, whatever the
        limit, save a limit of 1, which is one object."""
        if limit == 1 and self.parts:
            first = next(iter(json.loads(b"[" + self.parts[0].plain + b"]")))
            yield from self._enclosed([Part.of(json.dumps(first).encode())], "1", self.count - 1)
            return
        if not limit:
            yield from self._enclosed(self.parts, "", 0)
            return
        number = int(token or 0)
        left = max(self.count - (number + 1) * PAGE, 0)
        yield from self._enclosed(self.parts[number : number + 1], str(number + 1) if left else "", left)

    def _enclosed(self, parts: list[Part], token: str, left: int) -> Iterator[Part]:
        meta = {"resourceVersion": str(REVISION)} | ({"continue": token, "remainingItemCount": left} if token else {})
        yield Part.of(f'{{"kind":"{self.name}List","apiVersion":"v1","metadata":{json.dumps(meta)},"items":['.encode())
        comma = Part.of(b",")
        for place, part in enumerate(parts):
            if place:
                yield comma
            yield part
        yield Part.of(b"]}\n")


def make_kinds(pods: int) -> dict[str, Kind]:
    """Every kind that such a cluster has objects of, by its plural, for so many pods."""
    releases = [Release(number) for number in range(pods // PODS_PER_RELEASE)]
    kinds = {"pods": _kind("Pod", (r.pod(n, "900") for r in releases for n in range(PODS_PER_RELEASE)))}
    others: dict[str, list[str]] = {}
    for release in releases:
        for plural, document in release.others():
            others.setdefault(plural, []).append(json.dumps(document, separators=(",", ":")))
    return kinds | {plural: _kind(plural, iter(texts)) for plural, texts in others.items()}


def _kind(name: str, texts: Iterator[str]) -> Kind:
    kind = Kind(name)
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        kind.count += 1
        if len(batch) == PAGE:
            kind.parts.append(Part.of(",".join(batch).encode()))
            batch = []
    if batch:
        kind.parts.append(Part.of(",".join(batch).encode()))
    return kind
