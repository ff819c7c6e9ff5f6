"""Texts that several systems share, so that the same state reads the same everywhere."""

from __future__ import annotations

from cockpit.model.text import safe_text
from cockpit.workloads.findings import listed

NOT_SEEN = "the controller has not seen the last change yet"
ALREADY_PAUSED = "it is already paused"
NOT_PAUSED = "it is not paused"
NO_SERVICE = "no Service selects its pods"
ENDS_PAUSE = "it is paused, and this resumes it: nothing is rolled out while paused"


def is_current(name: str) -> str:
    """Why a rollback to `name` changes nothing."""
    return f"{name} is already the current template"


def no_template(name: str) -> str:
    """Why a version cannot be rolled out again: its template was removed from the revision history."""
    return f"the template of {name} is no longer in the revision history: apply it from your manifests"


def choose_container(names: list[str]) -> str:
    """What to do where an image is given and several containers could take it."""
    return f"say which container, as CONTAINER=IMAGE: {listed(names)}"


def no_container(name: str, names: list[str]) -> str:
    """Why no image can be set for a container that the template does not have."""
    return f"no container {safe_text(name, 60)}; containers: {listed(names)}"


def has_image(container: str, image: str) -> str:
    """Why setting the image changes nothing."""
    return f"{safe_text(container, 80)} already has image {safe_text(image, 200)}"


def one_count(kind: str) -> str:
    """Why a workload of this kind takes one number of pods only."""
    return f"a {kind} has one replica count for all its versions: give one number"
