"""How versions answered of late, whatever the split was: a new weight does not make a failing version well."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from cockpit.model.rollout import Version
from cockpit.model.view import Health

# Answers of one version that are remembered: enough to tell 10 % of errors from 1 %, few enough to forget a bad start.
REMEMBERED = 100
MOST_VERSIONS = 50

_Identity = tuple[tuple[str, ...], tuple[str, ...]]


class HealthRecord:
    """The newest answers of each version, by what it is (its pods' workloads and images), not by its name."""

    def __init__(self) -> None:
        self._failed: dict[_Identity, deque[bool]] = {}

    def count(self, version: Version, failed: bool) -> None:
        """Take in one answer that named a version."""
        key = _identity(version)
        kept = self._failed.pop(key, None) or deque(maxlen=REMEMBERED)
        kept.append(failed)
        # Put in again at the end, so that the version that was silent longest goes first.
        self._failed[key] = kept
        while len(self._failed) > MOST_VERSIONS:
            del self._failed[next(iter(self._failed))]

    def of(self, versions: Iterable[Version]) -> tuple[Health, ...]:
        """What is remembered of these versions."""
        known = ((version.name, self._failed.get(_identity(version))) for version in versions)
        return tuple(Health(name, len(kept), sum(kept)) for name, kept in known if kept)

    def forget(self) -> None:
        """Begin afresh, as behind another door."""
        self._failed.clear()


def _identity(version: Version) -> _Identity:
    return version.identity or (version.name,), version.images
