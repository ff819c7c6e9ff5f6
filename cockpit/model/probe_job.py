"""A probe that runs in the cluster: how many pods, of which image, with which labels."""

from __future__ import annotations

from cockpit.model.values import dataclass

DEFAULT_IMAGE = "curlimages/curl:8.10.1"
DEFAULT_PODS = 5
MOST_PODS = 50
# The longest that pods may send, in seconds.
LONGEST = 3600.0
# Answers per second of all pods together.
MOST_RATE = 10_000.0


@dataclass(frozen=True, slots=True)
class JobShape:
    """`image` needs sh, awk and curl 7.84 or newer. `labels` are added to the pods, such as one that gets a sidecar."""

    pods: int = DEFAULT_PODS
    image: str = DEFAULT_IMAGE
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class InsideWish:
    """A probe from inside the cluster as somebody asks for it: all pods together send `rate` requests per second for
    `seconds`."""

    shape: JobShape = JobShape()
    rate: float = 20.0
    seconds: float = 300.0
