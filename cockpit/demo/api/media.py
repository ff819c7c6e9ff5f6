"""Which representation a client wants, from its `Accept` header."""

from __future__ import annotations

from dataclasses import dataclass, field

from cockpit.demo.errors import NotAcceptable

JSON = "application/json"
AVAILABLE = ("application/json", "application/yaml", "application/json;stream=watch")


@dataclass(frozen=True)
class Media:
    """One media range of an Accept header."""

    type: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def as_(self) -> str:
        """The requested transformation (`as=Table`)."""
        return self.parameters.get("as", "")


def parse(accept: str) -> list[Media]:
    """The media ranges in the order a client prefers them."""
    found = []
    for part in filter(None, (p.strip() for p in (accept or "*/*").split(","))):
        type_, *raw = [piece.strip() for piece in part.split(";")]
        pairs = dict(item.split("=", 1) for item in raw if "=" in item)
        found.append((Media(type_.lower(), pairs), _quality(pairs.get("q", "1"))))
    found.sort(key=lambda pair: -pair[1])
    return [media for media, _ in found]


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def choose(accept: str, transformations: tuple[str, ...]) -> Media:
    """The first range that can be served: JSON or YAML, plain or in one of the `transformations`."""
    for media in parse(accept):
        if media.type in ("*/*", "application/*", "application/json"):
            if not media.as_:
                return Media(JSON, media.parameters)
            version_fits = media.parameters.get("v") in ("v1", "v2")
            if media.as_ in transformations and version_fits:
                return media
        elif media.type == "application/yaml" and not media.as_:
            return media
    raise NotAcceptable("406: Not Acceptable\n\nAvailable representations: " + ", ".join(AVAILABLE), details={})
