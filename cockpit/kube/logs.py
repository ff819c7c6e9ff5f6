"""The log subresource of pods: its end, or lines as they are written."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from cockpit.kube.api import KubeApi
from cockpit.kube.paths import object_path
from cockpit.kube.transport import Call
from cockpit.model.refs import Ref


async def follow_log(
    api: KubeApi,
    pod: Ref,
    container: str,
    *,
    lines: int | None = None,
    since: str = "",
    previous: bool = False,
) -> AsyncGenerator[list[bytes]]:
    """A container's log in batches of whole lines, until the container ends. Raises KubeError.

    It starts with the last `lines` (None: with the first line), or at `since` (RFC 3339, second exactly or before).
    Each line begins with its time, unless the kubelet does not tell it. The log of the `previous` run has an end.
    """
    query = {"container": container, "timestamps": "true"}
    query |= {"previous": "true"} if previous else {"follow": "true"}
    if since:
        query["sinceTime"] = since
    elif lines is not None:
        query["tailLines"] = str(lines)
    call = Call("GET", object_path(pod, "log"), query, what=f"log of {pod}", accept="*/*")
    async with aclosing(api.transport.lines(call)) as batches:
        async for batch in batches:
            yield batch
