"""One cluster's API: reads objects, events and logs, and checks permissions."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import msgspec

from cockpit.kube.access import Access
from cockpit.kube.connect_target import ConnectTarget
from cockpit.kube.containers import containers_of
from cockpit.kube.errors import BadAnswer
from cockpit.kube.identity import Identity
from cockpit.kube.paths import object_path
from cockpit.kube.rules import NamespaceRules, ask_rules
from cockpit.kube.server_time import ServerTime
from cockpit.kube.transport import Call, Transport
from cockpit.model.clock import Clock
from cockpit.model.refs import EVENTS, Ref

# An object is at most 1.5 MiB in etcd; as JSON with escapes it stays far below this.
OBJECT_BYTES = 16 << 20
LOG_BYTES = 1 << 20
LIST_BYTES = 2 << 30
EVENTS_SHOWN = 200


class KubeApi:
    """All reads. Writes go only through `sender.Sender`.

    Every method raises ApiError when the request is refused and Unreachable when there is no response.
    """

    def __init__(self, target: ConnectTarget, transport: Transport, clock: Clock) -> None:
        self.context = target.context
        self.server = target.server
        self.user = target.user
        self.namespace = target.namespace
        self.cluster_name = target.cluster_name
        self.transport = transport
        self.time = transport.server_time = ServerTime(clock)
        self._access = Access(transport, target.context, clock)
        self._identity = Identity(transport, target.user)

    async def get(self, ref: Ref) -> dict[str, Any]:
        """The whole object as JSON."""
        body = await self.transport.fetch(Call("GET", object_path(ref), what=str(ref)), limit=OBJECT_BYTES)
        return self._json_object(body, str(ref))

    async def get_path(self, path: str, query: Mapping[str, str] | None = None, *, what: str = "") -> bytes:
        """The body of a GET; `path` starts with a slash and is already quoted, `what` names it in errors."""
        return bytes(await self.transport.fetch(Call("GET", path, query or {}, what=what or path), limit=LIST_BYTES))

    async def batches(
        self, path: str, query: Mapping[str, str] | None = None, *, what: str = "", silence: float | None = None
    ) -> AsyncGenerator[list[bytes]]:
        """Complete lines of a stream, in batches as they arrive; the first batch, possibly empty, means it is open.

        Ends when the server ends it. Close it (`contextlib.aclosing`) to stop early. `silence` is for how many seconds
        nothing may come, if that is longer than bookmarks take.
        """
        call = Call("GET", path, query or {}, what=what or path)
        async with aclosing(self.transport.lines(call, silence)) as batches:
            async for batch in batches:
                yield batch

    async def stream(self, path: str, query: Mapping[str, str] | None = None) -> AsyncGenerator[bytes]:
        """The lines of a stream one by one; otherwise like `batches`."""
        async with aclosing(self.batches(path, query)) as batches:
            async for batch in batches:
                for line in batch:
                    yield line

    async def allowed(self, verb: str, ref: Ref, subresource: str | None = None) -> str:
        """Whether this user is allowed to do it: "" or why not. The answer is cached for a minute.

        Also "" when the cluster does not let the user ask: the server checks again anyway.
        """
        return await self._access.allowed(verb, ref, subresource)

    async def rules(self, namespace: str) -> NamespaceRules:
        """What this user may do in a namespace. Raises KubeError if the server does not say."""
        return await ask_rules(self.transport, self.context, namespace)

    async def who_am_i(self) -> str:
        """The user's name as the API server knows it, safe and short; the answer is kept.

        Where the server cannot be asked it is `user`, the name for display from the kubeconfig. It never raises.
        """
        return await self._identity.name()

    async def events(self, ref: Ref) -> list[dict[str, Any]]:
        """Events about an object as JSON, in the server's order, at most EVENTS_SHOWN."""
        fields = {"involvedObject.kind": ref.resource.kind, "involvedObject.name": ref.name}
        query = {"fieldSelector": ",".join(f"{k}={v}" for k, v in fields.items()), "limit": str(EVENTS_SHOWN)}
        what = f"events of {ref}"
        path = EVENTS.path(ref.namespace or None)
        body = await self.transport.fetch(Call("GET", path, query, what=what), limit=OBJECT_BYTES)
        items = self._json_object(body, what).get("items") or []
        return [item for item in items if isinstance(item, dict)][:EVENTS_SHOWN]

    async def logs(self, ref: Ref, lines: int = 200) -> str:
        """The last lines of a pod's log (default container, else the first), at most 1 MiB.

        Invalid UTF-8 is replaced. The text comes from the pod, so pass it through `safe_text` before showing it.
        """
        pod = await self.get(ref)
        query = {"tailLines": str(max(1, min(lines, 5000))), "limitBytes": str(LOG_BYTES)}
        if names := containers_of(pod):
            query["container"] = names[0]
        call = Call("GET", object_path(ref, "log"), query, what=f"log of {ref}", accept="*/*")
        return bytes(await self.transport.fetch(call, limit=LOG_BYTES * 2)).decode(errors="replace")

    async def close(self) -> None:
        await self.transport.close()

    def _json_object(self, body: bytes | bytearray, what: str) -> dict[str, Any]:
        try:
            decoded = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadAnswer(f"not valid JSON ({error})", context=self.context, what=what) from None
        if not isinstance(decoded, dict):
            raise BadAnswer("JSON, but not an object", context=self.context, what=what)
        return decoded
