"""What a pod of an embedded cluster answers to an HTTP request."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from cockpit.demo.pods import bookinfo
from cockpit.demo.schemas.objects import Object

PREFIX = "demo.cockpit/"
LONGEST_LATENCY = 60.0
_JSON, _TEXT = "application/json", "text/plain; charset=utf-8"
_VERSIONED = re.compile(r"(?:^|/)http-server:([^/:@]+)(?:@.*)?$")
_PROXY = re.compile(r"(?:^|/)proxyv2(?:[:@].*)?$")
_NAMING = re.compile(r"(?:^|/)bebullish/demo(?:[:@].*)?$")


@dataclass(frozen=True)
class Answer:
    """One answer. `latency` is in seconds; `pod` names the pod if the answer reports it in a header."""

    status: int
    body: bytes
    content_type: str
    latency: float = 0.0
    pod: str = ""


@dataclass(frozen=True)
class Profile:
    """How one pod answers: read once from its image and annotations, then asked per request."""

    pod: str
    status: int
    error_rate: float
    latency: float
    content_type: str
    fixed: bytes | None
    described: dict[str, Any]
    ports: frozenset[int]
    names_itself: bool
    part: bookinfo.Part | None = None
    is_proxy: bool = False  # a gateway's own proxy: it hands requests on

    def calls(self, path: str) -> Mapping[str, str]:
        """The URLs that the pod asks before it answers, by the name of what it asks."""
        return self.part.calls(path) if self.part else {}

    def answer(self, path: str, rng: random.Random, called: Mapping[str, bookinfo.Called] | None = None) -> Answer:
        """The answer to a request for a path; `called` are the answers to what `calls` names."""
        failed = self.error_rate > 0 and rng.random() < self.error_rate
        if self.fixed is not None:
            body = self.fixed
        elif self.part:
            body = self.part.body(self.pod, called or {})
        else:
            body = msgspec.json.encode({**self.described, "path": path})
        status = 500 if failed else self.status
        return Answer(status, body, self.content_type, self.latency, self.pod if self.names_itself else "")


def profile_of(pod: Object) -> Profile:
    """Read a pod's image and `demo.cockpit/` annotations; a value that makes no sense counts as absent.

    An image that a walk-through shows answers as shown there: `http-server:v1` with its version,
    `bebullish/demo` with the name of the pod, `examples-bookinfo-*` as Istio's Bookinfo. Any other image answers
    JSON that describes the pod.
    """
    meta, annotations = pod["metadata"], pod["metadata"].get("annotations") or {}
    containers = [entry for entry in (pod.get("spec") or {}).get("containers") or [] if isinstance(entry, dict)]
    image = str(containers[0].get("image", "")) if containers else ""
    fixed, content_type, names_itself = _shown(image, meta["name"])
    part = bookinfo.part_of(image)
    if part:
        content_type, names_itself = part.content_type, False
    if body := annotations.get(PREFIX + "body"):
        fixed, content_type, names_itself = _bytes(body), _TEXT, True
    variables = {
        str(entry.get("name")): str(entry.get("value") or "")
        for container in containers
        for entry in container.get("env") or []
        if isinstance(entry, dict)
    }
    described = {
        "pod": meta["name"],
        "namespace": meta["namespace"],
        "labels": meta.get("labels") or {},
        "image": image,
        "env": variables,
    }
    ports = {port.get("containerPort") for container in containers for port in container.get("ports") or []}
    return Profile(
        pod=meta["name"],
        status=_status(annotations.get(PREFIX + "status")),
        error_rate=_number(annotations.get(PREFIX + "error-rate"), 1.0),
        latency=_number(annotations.get(PREFIX + "latency"), LONGEST_LATENCY),
        content_type=content_type,
        fixed=fixed,
        described=described,
        ports=frozenset(port for port in ports if isinstance(port, int)),
        names_itself=names_itself,
        part=part,
        is_proxy=_PROXY.search(image) is not None,
    )


def _shown(image: str, name: str) -> tuple[bytes | None, str, bool]:
    if found := _VERSIONED.search(image):
        return _bytes(f'{{"code": 200, "message": "version: {found[1]}"}}'), _JSON, False
    if _NAMING.search(image):
        return _bytes(f"{name}\n"), _TEXT, False
    return None, _JSON, True


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _number(text: object, most: float) -> float:
    """A number from 0 to `most`; 0 for what is none."""
    try:
        number = float(text) if isinstance(text, str) else 0.0
    except ValueError:
        return 0.0
    return min(max(number, 0.0), most) if math.isfinite(number) else 0.0


def _status(text: object) -> int:
    """A final HTTP status; 200 for what is none."""
    return int(text) if isinstance(text, str) and re.fullmatch(r"[2-5][0-9]{2}", text, re.ASCII) else 200
