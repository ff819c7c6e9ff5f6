"""Messages between the session's thread, the app and its screens."""

from __future__ import annotations

from textual.message import Message

from cockpit.model.plan import Act
from cockpit.model.refs import RolloutKey
from cockpit.model.view import FleetView, Outcome


class ViewPublished(Message):
    """The session has a new view. Only the last one in the queue is used."""

    def __init__(self, view: FleetView) -> None:
        super().__init__()
        self.view = view

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, ViewPublished)


class ScopeChanged(Message):
    """Another part of the fleet is to be shown."""


class ActionRequested(Message):
    """The user pressed an act's key for a rollout."""

    def __init__(self, rollout: RolloutKey, act: Act) -> None:
        super().__init__()
        self.rollout = rollout
        self.act = act


class ActionFinished(Message):
    """An act has ended, whether or not its dialog is still open."""

    def __init__(self, rollout: RolloutKey, outcome: Outcome) -> None:
        super().__init__()
        self.rollout = rollout
        self.outcome = outcome
