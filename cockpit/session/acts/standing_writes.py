"""Whether writes that were accepted still stand, asked of the API server."""

from __future__ import annotations

from cockpit.kube.errors import KubeError
from cockpit.model.kubectl import kubectl_words
from cockpit.model.plan import Plan
from cockpit.model.shell_line import shell_line
from cockpit.session.acts.dry_run import read_one
from cockpit.session.acts.effect import took_effect
from cockpit.session.facts.cluster import Cluster


async def written_back(cluster: Cluster, plan: Plan) -> str:
    """Which request lost its effect because something else wrote the object since; "" if none did.

    Skips fields that a controller consumes and clears, and status, which a controller keeps writing in response.
    """
    last = {request.ref: request for request in plan.requests}
    for ref, request in last.items():
        status = request.subresource == "status" or (isinstance(request.body, dict) and "status" in request.body)
        if status or request.consumed:
            continue
        try:
            found = await read_one(cluster, ref)
            there = took_effect(request, found) or (request.fleeting and found is None)
        except KubeError as error:
            return str(error)
        if not there:
            return f"{ref} in {cluster.context} no longer shows it: something reverts it"
    return ""


async def missed(cluster: Cluster, plan: Plan) -> str:
    """What to do about a write that a controller should have consumed and that is still there; "" if there is none.

    A controller that stores its own status at the same moment may miss it until the next write to the object.
    """
    for request in plan.requests:
        if not request.consumed and request.subresource != "status":
            continue
        try:
            stands = took_effect(request, await read_one(cluster, request.ref))
        except KubeError:
            continue
        if stands:
            place = [*kubectl_words(cluster.context, request.ref.namespace), "annotate", "--overwrite"]
            words = shell_line([*place, f"{request.ref.resource.kubectl_name}/{request.ref.name}"])
            return (
                f"; {request.ref} still shows what was written: if nothing happens, its controller does not run or"
                f' missed it; check that it runs, and wake it: {words} woken="$(date)"'
            )
    return ""
