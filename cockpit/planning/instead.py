"""What leads back where no request can undo an act, as the objects are now: acts that apply, never a stored advice."""

from __future__ import annotations

from dataclasses import replace

from cockpit.model.adapter import Adapter
from cockpit.model.lookup import Objects
from cockpit.model.plan import Act, Ask, Plan
from cockpit.model.reasons import WAIT
from cockpit.model.rollout import Rollout
from cockpit.planning.undo_of_others import OthersAct, way_to_undo, ways_to_before


def instead_of_undo(did: OthersAct | None, rollout: Rollout, adapter: Adapter, objects: Objects, at: str) -> str:
    """The act that amounts to the undo if it can be planned now, else the ways back that apply, else an image."""
    found = way_to_undo(did, rollout, adapter, objects, at) if did else ""
    if not isinstance(found, str):
        ask, plan = found
        risk = next(iter(plan.warnings), "") if plan.risky else ""
        return spoken(ask) + (f" ({risk})" if risk else "")
    return ways_back(rollout) or (_image_again(did, rollout, adapter, objects, at) if did else "")


def _image_again(did: OthersAct, rollout: Rollout, adapter: Adapter, objects: Objects, at: str) -> str:
    """The image of the version that a roll back replaced, where no template of it is kept; "" if it cannot be set."""
    image = dict(did.before.images).get(did.replaces, "") if did.act is Act.ROLLBACK else ""
    ask = Ask(Act.SET_IMAGE, image=("", image), at=at)
    return f"{ask.act} {image}" if image and isinstance(adapter.plan(rollout, ask, objects), Plan) else ""


def all_the_same(did: OthersAct, rollout: Rollout, adapter: Adapter, objects: Objects, at: str) -> str:
    """The act that leads to how it was before, whatever was changed since, if one can be planned; "" if none."""
    for ask in ways_to_before(did, rollout):
        timed = replace(ask, at=at)
        if isinstance(adapter.plan(rollout, timed, objects), Plan):
            return spoken(ask)
    return ""


def or_undo(why: str, ask: Ask, title: str) -> str:
    """Why a way back has to wait for a controller, with the undo of the last act (`title`), which need not."""
    if ask.act not in (Act.ROLLBACK, Act.ABORT) or not title or not why.endswith(WAIT):
        return why
    return f"{why}, or undo, which takes back {title}, whether the controller runs or not"


def ways_back(rollout: Rollout) -> str:
    """The acts that go back from here, each with where it leads; "" for none."""
    states = (state for act in (Act.ABORT, Act.ROLLBACK) for state in rollout.acts if state.act is act)
    found = (
        f"{state.act}, which {state.leads}" if state.leads else str(state.act) for state in states if state.enabled
    )
    return " or ".join(found)


def spoken(ask: Ask) -> str:
    """An ask as it is typed, such as "rollback --to v2"."""
    if ask.step is not None:
        return f"{ask.act} {ask.step}"
    if ask.weights:
        return " ".join([str(ask.act), *(f"{version}={share * 100:g}" for version, share in ask.weights)])
    if ask.version and ask.act is Act.FLIP:
        return f"{ask.act} {ask.version}"
    return f"{ask.act} --to {ask.version}" if ask.version and ask.act is Act.ROLLBACK else str(ask.act)
