"""ControllerRevisions: the templates that a StatefulSet or DaemonSet has had."""

from __future__ import annotations

from typing import Any

from cockpit.demo.controllers import owners
from cockpit.demo.controllers.template_hash import template_hash
from cockpit.demo.controllers.world import World
from cockpit.demo.schemas.kinds import CONTROLLERREVISIONS, DAEMONSETS, Kind
from cockpit.demo.schemas.objects import Object, copied
from cockpit.demo.store.storage import key_of

HASH = "controller-revision-hash"


def update_revision(world: World, workload: Object, kind: Kind) -> str:
    """The name of the revision of the current template; made, numbered highest and pruned where needed."""
    meta, spec = workload["metadata"], workload["spec"]
    digest = template_hash(spec.get("template") or {})
    name = f"{meta['name']}-{digest}"
    known = sorted(_of(world, workload), key=lambda revision: int(revision["revision"]))
    highest = known[-1]["revision"] if known else 0
    stored = world.storage.peek(CONTROLLERREVISIONS, meta["namespace"], name)
    if stored is None:
        world.storage.create(CONTROLLERREVISIONS, _revision(workload, kind, name, digest, highest + 1))
    elif stored["revision"] < highest:
        world.storage.update(CONTROLLERREVISIONS, {**stored, "revision": highest + 1})
    limit = spec.get("revisionHistoryLimit")
    used = {name, (workload.get("status") or {}).get("currentRevision")}
    old = [revision for revision in known if revision["metadata"]["name"] not in used]
    for revision in old[: max(0, len(old) - (10 if limit is None else limit))]:
        world.storage.delete(CONTROLLERREVISIONS, *key_of(CONTROLLERREVISIONS, revision))
    return name


def template_of(world: World, workload: Object, revision: str) -> dict[str, Any]:
    """The pod template of a revision; the current one when that is not known."""
    stored = world.storage.peek(CONTROLLERREVISIONS, workload["metadata"]["namespace"], revision)
    template = ((stored or {}).get("data") or {}).get("spec", {}).get("template")
    found: dict[str, Any] = copied(template or workload["spec"].get("template") or {})
    found.pop("$patch", None)
    return found


def _of(world: World, workload: Object) -> list[Object]:
    uid = workload["metadata"]["uid"]
    return [
        revision
        for revision in world.storage.scan(CONTROLLERREVISIONS, workload["metadata"]["namespace"])
        if (owners.controller_of(revision) or {}).get("uid") == uid
    ]


def _revision(workload: Object, kind: Kind, name: str, digest: str, number: int) -> Object:
    template = {**copied(workload["spec"].get("template") or {}), "$patch": "replace"}
    labels = dict((workload["spec"].get("template") or {}).get("metadata", {}).get("labels") or {})
    # The two controllers name the label differently.
    mark = HASH if kind is DAEMONSETS else "controller.kubernetes.io/hash"
    return {
        "metadata": {
            "name": name,
            "namespace": workload["metadata"]["namespace"],
            "labels": {**labels, mark: digest},
            "ownerReferences": [owners.reference_to(workload, kind)],
        },
        "data": {"spec": {"template": template}},
        "revision": number,
    }
