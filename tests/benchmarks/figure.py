"""One measured figure beside its peer and its budget; each benchmark module gives its own by `figures()`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A figure as a person reads it: values carry their units, and a figure that cannot be measured says why."""

    what: str
    """What was measured, and on what: "memory at 10,000 pods"."""
    ours: str
    """The cockpit's own value: "96 MB"."""
    peer: str
    """The floor or peer of the same run, by name: "curl 1.9 s"; empty where there is none."""
    budget: str
    """What it is held to: "<= 120 MB"."""
    met: bool | None
    """Whether it keeps the budget; None where it has none or could not be measured."""
