"""Notes in the journal when users begin to be hurt, and when they are no more: what a post-mortem asks first."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from cockpit.model.health import Health
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import RolloutView

HEALTH = "health"


class HealthNotes:
    """`news` is called when there is something to `take`."""

    def __init__(self, news: Callable[[], None]) -> None:
        self._news = news
        self._hurt: dict[RolloutKey, bool] = {}
        self._waiting: list[tuple[RolloutView, str]] = []

    def look(self, view: RolloutView) -> None:
        """A rollout as it is shown now. What is doubtful or not measured changes nothing."""
        key, health = view.rollout.key, view.health.health
        if health not in (Health.HURT, Health.FINE):
            return
        hurt = health is Health.HURT
        if hurt is self._hurt.get(key, False):
            return
        self._hurt[key] = hurt
        what = "users are hurt" if hurt else "users are fine again"
        self._waiting.append((view, safe_text(f"{what}: {view.health.reason}", 500)))
        self._news()

    def take(self) -> Iterator[tuple[RolloutView, str]]:
        """What has to be noted since the last call, with the view that shows it."""
        waiting, self._waiting = self._waiting, []
        yield from waiting
