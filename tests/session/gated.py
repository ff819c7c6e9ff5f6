"""A system made for these tests: a release in four steps of which each waits for an approval that is taken up at once.

All of it stands in annotations of a Service: `step`, `phase`, `held`, which an approval takes away first, and
`approved`, which whoever drives it clears.
"""

from __future__ import annotations

from cockpit.model.lookup import Objects
from cockpit.model.objects import Obj, Service
from cockpit.model.plan import Act, ActState, Ask, Milestone, PatchType, Plan, Refused, Request, Verb
from cockpit.model.refs import SERVICES, Ref, Resource, RolloutKey
from cockpit.model.rights import rights
from cockpit.model.rollout import Phase, Rollout, Step
from tests.session.apiserver import ApiServer
from tests.session.conftest import SHOP

STEPS = 4
WRITES = {Act.APPROVE: rights("patch", (SERVICES,))}


class Gated:
    """Approve asks for one step more; nothing else is planned."""

    id = "gated"
    roots: tuple[Resource, ...] = (SERVICES,)
    needs: tuple[Resource, ...] = (SERVICES,)
    writes = WRITES
    cards = ()

    def read(self, root: Obj, objects: Objects) -> tuple[Rollout, ...]:
        assert isinstance(root, Service)
        notes = root.metadata.annotations or {}
        if "step" not in notes:
            return ()
        key = RolloutKey(objects.context, root.metadata.namespace, root.metadata.name, "manual")
        phase, at = Phase(notes["phase"]), int(notes["step"])
        return (
            Rollout(
                key=key,
                router="none",
                phase=phase,
                message=notes.get("why", ""),
                versions=(),
                lanes=(),
                objects=(Ref(SERVICES, key.namespace, key.name),),
                epoch="1",
                step=Step(at, STEPS, None, asks=True) if at <= STEPS else None,
                acts=(ActState(Act.APPROVE, True),),
            ),
        )

    def plan(self, rollout: Rollout, ask: Ask, objects: Objects) -> Plan | Refused:
        if rollout.step is None:
            return Refused(ask.act, rollout.key, "nothing waits")
        at, requests = rollout.step.index, []
        root = objects.get(SERVICES, rollout.key.namespace, rollout.key.name)
        if root and "held" in (getattr(root.metadata, "annotations", None) or {}):
            go = [{"op": "remove", "path": "/metadata/annotations/held"}]
            requests.append(Request(Verb.PATCH, rollout.objects[0], go, PatchType.JSON))
        body = [
            {"op": "test", "path": "/metadata/annotations/step", "value": str(at)},
            {"op": "add", "path": "/metadata/annotations/approved", "value": str(at)},
        ]
        requests.append(Request(Verb.PATCH, rollout.objects[0], body, PatchType.JSON, consumed=True))
        reaches = Milestone(f"step {at} is left", left_step=at)
        return Plan(ask.act, rollout.key, f"approve step {at}", (), tuple(requests), (), reaches=reaches)


def release(server: ApiServer, step: int = 2, **notes: str) -> None:
    """A release that waits at a step."""
    server.change(SHOP, {"metadata": {"annotations": {"step": str(step), "phase": "waiting", **notes}}})


def steps_taken(server: ApiServer) -> int:
    """The step that it stands at; one more than there are once it is over."""
    return int(server.docs[SHOP]["metadata"]["annotations"]["step"])


def taking_up(server: ApiServer, *, by: int = 1, **notes: str) -> None:
    """Take up an approval, as a controller does: clear it and go on by so many steps, or as `notes` say."""

    def controller() -> None:
        if "approved" in server.docs[SHOP]["metadata"]["annotations"]:
            step = steps_taken(server) + by
            phase = "at rest" if step > STEPS else "waiting"
            found = {"approved": None, "step": str(step), "phase": phase, **notes}
            server.change(SHOP, {"metadata": {"annotations": found}})

    server.controller = controller


def going_on_when_let(server: ApiServer, by: int) -> None:
    """Go on by so many steps as soon as nobody holds it, without waiting for the approval."""

    def controller() -> None:
        if "held" not in server.docs[SHOP]["metadata"]["annotations"]:
            server.controller = lambda: None
            server.change(SHOP, {"metadata": {"annotations": {"step": str(steps_taken(server) + by)}}})

    server.controller = controller
