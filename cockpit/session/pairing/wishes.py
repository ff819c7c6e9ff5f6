"""What a person wants of the controls of a rollout: take, give back, offer, accept, decline."""

from __future__ import annotations

from collections.abc import Callable

from cockpit.kube.errors import Forbidden, KubeError
from cockpit.model.pairing import ControlsAnswer, ControlsOrder, Wish
from cockpit.model.plan import Request
from cockpit.model.refs import RolloutKey
from cockpit.pairing import words
from cockpit.pairing.pilot_lease import PilotLease, asking, declining, offering, taken
from cockpit.session.pairing.controls import Controls, stamp

# Seconds between looks at a Lease while somebody is asked.
_LOOK_SECONDS = 1.0


async def carry_out(controls: Controls, key: RolloutKey, order: ControlsOrder) -> ControlsAnswer:
    """Do it, or say why not. It never raises a KubeError."""
    try:
        match order.wish:
            case Wish.TAKE:
                return await take(controls, key, order.reason, order.wait)
            case Wish.RELEASE:
                why = await controls.release(key)
                return ControlsAnswer(not why, why or f"the controls of {_name(key)} are free")
            case Wish.OFFER:
                return await _offer(controls, key, order.to)
            case Wish.ACCEPT:
                return await _accept(controls, key)
            case Wish.DECLINE:
                return await _decline(controls, key)
    except Forbidden as error:
        return ControlsAnswer(False, words.no_right(error.context, "write leases", controls.ref(key).namespace))
    except KubeError as error:
        return ControlsAnswer(False, str(error))


async def take(controls: Controls, key: RolloutKey, reason: str, wait: float) -> ControlsAnswer:
    """Take what is free, silent or offered; ask a holder who is there, and wait for an answer. Raises KubeError."""
    end, asked = controls.clock.monotonic() + wait, False
    while True:
        lease = await controls.read(key)
        late = controls.clock.monotonic() >= end
        if lease is None or lease.free or lease.holder.session == controls.me.session:
            why = await controls.secure(key)
            if not why or late:
                return ControlsAnswer(not why, why or f"you have the controls of {_name(key)}")
        elif may_take(controls, lease):
            if answer := await _take_over(controls, key, lease, reason):
                return answer
        elif asked and lease.declined == controls.me.session:
            return ControlsAnswer(False, f"{lease.holder} keeps the controls of {_name(key)}")
        elif not reason:
            return ControlsAnswer(False, f"{words.held_by(key, lease.holder)}: say why you ask for them")
        else:
            asked = asked or await _ask(controls, key, lease, reason)
        if late:
            return ControlsAnswer(False, _not_yet(controls, key, lease))
        await controls.clock.sleep(_LOOK_SECONDS)


async def _take_over(controls: Controls, key: RolloutKey, lease: PilotLease, reason: str) -> ControlsAnswer | None:
    """Become the holder; None if the Lease changed meanwhile."""
    if not reason and lease.offered != controls.me.session:
        return ControlsAnswer(False, f"{words.refusal(key, lease.holder, True)}: say why you take them")
    async with controls.lock(key):
        done = await controls.hold_by(key, taken(lease, key, controls.me, stamp(controls.clock), reason))
    return ControlsAnswer(True, f"you have the controls of {_name(key)}, which {lease.holder} had") if done else None


async def _ask(controls: Controls, key: RolloutKey, lease: PilotLease, reason: str) -> bool:
    async with controls.lock(key):
        return await controls.write(key, asking(lease, controls.me, reason)) is not None


def may_take(controls: Controls, lease: PilotLease) -> bool:
    """Whether this session may become the holder of another one's Lease now."""
    if lease.offered == controls.me.session and not lease.acting:
        return True
    return controls.silence(lease) >= lease.patience


def _not_yet(controls: Controls, key: RolloutKey, lease: PilotLease | None) -> str:
    if lease is None:
        return f"the Lease of {_name(key)} changes all the time"
    silent = controls.silence(lease)
    tell = words.still_acting if lease.acting else words.heard_lately
    return f"{lease.holder} is asked for the controls of {_name(key)}; {tell(lease, silent)}"


async def _offer(controls: Controls, key: RolloutKey, to: str) -> ControlsAnswer:
    hold = controls.holds(key)
    if hold is None:
        return ControlsAnswer(False, f"you do not have the controls of {_name(key)}")
    done = await _write(controls, key, lambda lease: offering(lease, to))
    return ControlsAnswer(done, "offered; they have to accept" if done else _CHANGED)


async def _accept(controls: Controls, key: RolloutKey) -> ControlsAnswer:
    lease = await controls.read(key)
    if lease is None or lease.offered != controls.me.session:
        return ControlsAnswer(False, f"the controls of {_name(key)} are not offered to you any more")
    if lease.acting:
        return ControlsAnswer(False, f"{lease.holder} is sending ({lease.acting}); accept when that is done")
    async with controls.lock(key):
        done = await controls.hold_by(key, taken(lease, key, controls.me, stamp(controls.clock)))
    return ControlsAnswer(done, f"you have the controls of {_name(key)}" if done else _CHANGED)


async def _decline(controls: Controls, key: RolloutKey) -> ControlsAnswer:
    """The holder answers no to a question; somebody else leaves an offer alone."""
    done = await _write(controls, key, declining)
    return ControlsAnswer(done, "declined" if done else _CHANGED)


_CHANGED = "the Lease changed meanwhile; try again"


async def _write(controls: Controls, key: RolloutKey, change: Callable[[PilotLease], Request]) -> bool:
    """Change what a Lease says without changing its holder. Raises KubeError."""
    for _ in range(3):
        async with controls.lock(key):
            lease = await controls.read(key)
            if lease is None:
                return False
            written = await controls.write(key, change(lease))
            if written is not None:
                controls.keep(key, written)
                return True
    return False


def _name(key: RolloutKey) -> str:
    return f"{key.namespace}/{key.name}"
