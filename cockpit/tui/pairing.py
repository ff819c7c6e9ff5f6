"""The part of the app that is about the others: tells what they do, and goes where they go."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.model.pairing import NO_PAIRING, PairingView, Presence
from cockpit.model.refs import RolloutKey
from cockpit.model.text import safe_text
from cockpit.model.view import FleetView
from cockpit.tui.app_part import AppPart
from cockpit.tui.app_port import app_port_of
from cockpit.tui.keys import Keymap


class PairingPart(AppPart):
    """Actions of the app about other people. `CockpitApp` inherits them and sets these attributes."""

    view: FleetView
    keymap: Keymap
    following = ""  # the session of somebody who is followed
    _followed_to: RolloutKey | None = None
    _pairing_before: PairingView = NO_PAIRING
    _said_problems: frozenset[str] = frozenset()

    def go_to(self, key: RolloutKey) -> None:
        """Open a rollout from wherever the person is."""
        raise NotImplementedError

    @property
    def is_free(self) -> bool:
        """Whether nothing is being asked or typed, so that another screen may open."""
        raise NotImplementedError

    refuse: Callable[[str], None]

    def show_pairing(self) -> None:
        """Tell what changed among the people, and go where the followed one went."""
        pairing = self.view.pairing
        if pairing is NO_PAIRING:
            return
        from cockpit.pairing.second_words import why_not_read
        from cockpit.tui.people import news, proposal_news

        key = self.keymap["controls"].shown
        told = (*news(self._pairing_before, pairing, key), *proposal_news(self._pairing_before, pairing, key))
        for words, calls in told:
            if calls:
                self.bell()
            self.notify(safe_text(words, 400), severity="warning" if calls else "information", markup=False, timeout=10)
        self._pairing_before = pairing
        problems = [words for each in pairing.contexts for words in (each.problem, each.unseen) if words]
        problems += [words for each in pairing.second.contexts if (words := why_not_read(each))]
        for words in problems:
            if words not in self._said_problems:
                self._said_problems |= {words}
                self.notify(safe_text(words, 500), severity="warning", markup=False, timeout=15)
        self._follow(pairing)

    def _follow(self, pairing: PairingView) -> None:
        if not self.following:
            return
        followed = next((each for each in pairing.others if each.person.session == self.following), None)
        if followed is None:
            self.following = ""
            self.notify("who you followed has left", markup=False, timeout=5)
        elif followed.rollout and followed.rollout != self._followed_to and self.is_free:
            self._followed_to = followed.rollout
            self.go_to(followed.rollout)

    def action_people(self) -> None:
        """List who is where; go there, or follow somebody."""
        pairing = self.view.pairing
        if not pairing.on:
            self.refuse("pairing is off: set pairing.pilot to advisory or strict, or start with --pilot")
        elif not pairing.others:
            words = [each.problem for each in pairing.contexts if each.problem]
            self.refuse(words[0] if words else "nobody else has a cockpit open here")
        else:
            from cockpit.tui.screens.pairing import people_form

            self.push_screen(people_form(app_port_of(self), self.following), self._chose_person)

    def _chose_person(self, chosen: tuple[Presence, bool] | None) -> None:
        if chosen is None:
            return
        presence, follow = chosen
        session = presence.person.session
        if not follow and session == self.following:
            self.following = ""
            self.notify("you follow nobody", markup=False, timeout=3)
            return
        if follow:
            self.following, self._followed_to = session, presence.rollout
            self.notify(safe_text(f"following {presence.person}", 200), markup=False, timeout=3)
        if presence.rollout:
            self.go_to(presence.rollout)
