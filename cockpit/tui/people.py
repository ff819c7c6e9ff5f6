"""Who is here and who has the controls, in words; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from cockpit.model.pairing import PairingView, Person, Pilot, Presence
from cockpit.model.refs import RolloutKey
from cockpit.model.second import ProposalState
from cockpit.model.text import safe_text
from cockpit.pairing.second_words import news as changed_proposals
from cockpit.pairing.second_words import state_words
from cockpit.tui.text import clock_time

MOST_NAMES, NAME = 3, 24


def people_words(pairing: PairingView, key: RolloutKey | None) -> str:
    """Everybody for the first line, with the part that each plays in `key`; "" if nobody else plays any.

    Without a key the parts are those in any rollout.
    """
    pilots = list(pairing.pilots) if key is None else [pilot for pilot in (pairing.pilot(key),) if pilot]
    others = {each.person.session: each.person for each in pairing.others}
    for pilot in pilots:
        if not pilot.mine:
            others.setdefault(pilot.person.session, pilot.person)
    mine = any(pilot.mine for pilot in pilots)
    if not others and not mine:
        return ""
    flying = {pilot.person.session: pilot for pilot in pilots if not pilot.mine}
    names = [f"{safe_text(person.user, NAME)}{_part(flying.get(id), pilots)}" for id, person in others.items()]
    you = "you (pilot)" if mine else "you (watching)" if flying else "you"
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join([you, *names[:MOST_NAMES]]) + more


def _part(flies: Pilot | None, pilots: list[Pilot]) -> str:
    if flies is not None:
        return " (pilot, silent)" if flies.silent else " (pilot)"
    return " (watching)" if pilots else ""


def proposal_words(pairing: PairingView, key: RolloutKey | None) -> str:
    """What is proposed, for the first line: of `key`, or of every rollout; "" if nothing is."""
    if key is None:
        waiting = [each for each in pairing.second.proposals if not each.over]
        return f"{len(waiting)} proposed" if waiting else ""
    proposal = pairing.proposal(key)
    if proposal is None:
        return ""
    act = proposal.ask.act.value if proposal.ask else "something"
    if proposal.state is ProposalState.CONFIRMED:
        return f"{act} confirmed by {safe_text(proposal.confirmer, NAME)}"
    return f"you propose {act}" if proposal.mine else f"{safe_text(proposal.proposer, NAME)} proposes {act}"


def proposal_news(before: PairingView, after: PairingView, key_name: str) -> Iterator[tuple[str, bool]]:
    """What a person wants told of proposals that changed, and whether it calls for them."""
    for proposal in changed_proposals(before.second.proposals, after.second.proposals):
        words = f"{proposal.rollout.namespace}/{proposal.rollout.name}: {state_words(proposal)}"
        calls = {
            ProposalState.OPEN: not proposal.mine,
            ProposalState.CONFIRMED: proposal.mine,
            ProposalState.WITHDRAWN: proposal.mine,
            ProposalState.EXPIRED: proposal.mine,
        }.get(proposal.state, False)
        yield words if proposal.over else f"{words}; {key_name} looks", calls


def place_words(presence: Presence, pairing: PairingView, zone: tzinfo | None) -> str:
    """Where somebody is, and since when they have their cockpit open."""
    rollout = presence.rollout
    looks = f"looks at {rollout.namespace}/{rollout.name}" if rollout else "looks at no rollout"
    pilot = pairing.pilot(rollout) if rollout else None
    flies = ", has its controls" if pilot and pilot.person.session == presence.person.session else ""
    since = f", here since {clock_time(presence.since, zone)}" if presence.since is not None else ""
    return safe_text(f"{presence.person} {looks}{flies}{since}", 200)


def news(before: PairingView, after: PairingView, key_name: str) -> Iterator[tuple[str, bool]]:
    """What a person wants told of what changed, and whether it calls for them."""
    earlier = {pilot.rollout: pilot for pilot in before.pilots}
    for pilot in after.pilots:
        was = earlier.get(pilot.rollout)
        what = f"{pilot.rollout.namespace}/{pilot.rollout.name}"
        if pilot.mine and pilot.asked and (was is None or was.asked != pilot.asked):
            reason = f": {pilot.asked.reason}" if pilot.asked.reason else ""
            yield f"{pilot.asked.person} asks for the controls of {what}{reason}; {key_name} answers", True
        if not pilot.mine and _is_for_me(pilot, after) and (was is None or was.offered != pilot.offered):
            yield f"{pilot.person} offers you the controls of {what}; {key_name} accepts", True
        if (was is None or was.person.session != pilot.person.session) and not pilot.mine:
            reason = f" ({pilot.reason})" if pilot.reason else ""
            yield f"{pilot.person} has the controls of {what}{reason}", was is not None and was.mine
        if not pilot.mine and pilot.silent and was is not None and not was.silent:
            yield f"{pilot.person}, who has the controls of {what}, is silent; {key_name} takes them over", False
    now = {pilot.rollout for pilot in after.pilots}
    for pilot in before.pilots:
        if pilot.rollout not in now and not pilot.mine:
            yield f"the controls of {pilot.rollout.namespace}/{pilot.rollout.name} are free", False


def my_session(pairing: PairingView, context: str) -> Person | None:
    """This session as the others of a context see it."""
    return next((each.person for each in pairing.here if each.mine and each.context == context), None)


def _is_for_me(pilot: Pilot, pairing: PairingView) -> bool:
    me = my_session(pairing, pilot.rollout.context)
    return bool(pilot.offered) and me is not None and pilot.offered == me.session
