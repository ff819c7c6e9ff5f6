"""How an act ended that was refused, or of which a request failed."""

from __future__ import annotations

from cockpit.model.plan import Plan
from cockpit.model.view import Outcome, Stage
from cockpit.session.acts.send import Sending


def refused(plan: Plan, why: str) -> Outcome:
    return Outcome(Stage.REFUSED, f"nothing was sent: {why}", plan)


def may_be_overtaken(plan: Plan, passage: Sending) -> bool:
    """Whether a controller may already have moved to where the refused request was meant to send it.

    An earlier request of the plan, such as one that ends a manual pause, can be all that the controller waited for.
    """
    return bool(plan.reaches and passage.done and passage.failed and passage.failed.consumed and not passage.unknown)


def stopped(plan: Plan, passage: Sending, undoable: bool) -> Outcome:
    """The outcome if a request failed: what was done, what was not, and whether an undo reverts that."""
    if passage.unknown:
        stage = Stage.UNKNOWN
        done = passage.done[:-1]
    else:
        stage = Stage.UNVERIFIED
        done = passage.done
    if not done and not passage.unknown:
        return Outcome(Stage.REFUSED, f"nothing was changed: {passage.why}", plan)
    finished = {id(d.request) for d in passage.done}
    open_requests = [request for request in plan.requests if id(request) not in finished]
    words = [passage.why]
    if done:
        words.append("done: " + ", ".join(plan.words(d.request) for d in done))
    if open_requests:
        words.append("not done: " + ", ".join(map(plan.words, open_requests)))
    if done and undoable:
        words.append("undo reverts what was done")
    return Outcome(stage, "; ".join(words), plan, partial=bool(done))
