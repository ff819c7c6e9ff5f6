"""A small API server on loopback that keeps objects and does on demand what a test needs to go wrong.

Lists, watches, gets, patches (merge, JSON), creates, deletes, dry runs, preconditions, access reviews, events, logs.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import jsonpatch
from aiohttp import web

from tests.objects import merged

Doc = dict[str, Any]
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


COLLECTIONS = frozenset({"services", "pods", "deployments", "replicasets", "events", "ingresses", "jobs"})
GROUPS = ("/api/v1", "/apis/apps/v1", "/apis/networking.k8s.io/v1")


class ApiServer:
    """`docs` by path. `writes` holds method and path of every write that was carried out, without dry runs and Events.

    While `mute`, watches hear of nothing and no connection ends, and lists are as they were then. While it is
    `frozen`, nothing new is answered; then all that still waits is. `forbidden` are plurals that may not be read,
    `broken` plurals that fail to list and watch, `denied` verbs that reviews deny, `reviewed` are the namespaces of
    reviews of all rules, which `vague` answers incompletely, and none while `silent`; `forbidden_writes` plurals that
    may not be written. `users` are more users by token. `lose_answers` is how many coming writes are carried out
    without an answer, `pruned` are fields, by their path in an object, that no object keeps: as if its schema did not
    know them. `lose_requests` how many are dropped before. `fail_reads` makes gets of single objects fail. `on_write`
    is called before a write is carried out, which waits for `gate`, `controller` after it, before the answer. Once it
    is `dead`, every connection ends without an answer.
    """

    def __init__(self, token: str = "good") -> None:
        self.docs: dict[str, Doc] = {}
        self.writes: list[tuple[str, str]] = []
        self.dry_runs: list[tuple[str, str]] = []
        self.forbidden: set[str] = set()
        self.broken: set[str] = set()
        self.denied: set[str] = set()
        self.reviewed: list[str] = []
        self.vague = self.silent = False
        self.pruned: set[tuple[str, ...]] = set()
        self.lose_answers = 0
        self.lose_requests = 0
        self.fail_reads = False
        self.refuse: dict[tuple[str, str], int] = {}
        self.fail_after: dict[tuple[str, str], int] = {}
        self.on_write: Callable[[], None] = lambda: None
        self.controller: Callable[[], None] = lambda: None
        self.dead = False
        self._thawed = asyncio.Event()
        self._thawed.set()
        self.gate = asyncio.Event()
        self.gate.set()
        self._muted: tuple[dict[str, Doc], int] | None = None
        self.token = token
        self.users: dict[str, str] = {}
        self.log = ""
        self.url = ""
        self._version = 100
        self._deleted: list[tuple[str, Doc]] = []  # by collection, as they were told of
        self._uids = 0
        self._watchers: list[tuple[str, asyncio.Queue[bytes | None]]] = []
        self.forbidden_writes: set[str] = set()

    @property
    def mute(self) -> bool:
        return self._muted is not None

    @mute.setter
    def mute(self, mute: bool) -> None:
        self._muted = (copy.deepcopy(self.docs), self._version) if mute else None

    # Objects, as somebody else would change them

    def put(self, path: str, doc: Doc) -> Doc:
        """Create or replace an object and tell the watches."""
        old = self.docs.get(path)
        doc = copy.deepcopy(doc)
        metadata = doc.setdefault("metadata", {})
        collection, _, name = path.rpartition("/")
        metadata["name"] = name
        if "/namespaces/" in path:
            metadata["namespace"] = path.split("/namespaces/")[1].split("/")[0]
        if old is None:
            self._uids += 1
            metadata["uid"] = f"uid-{self._uids}"
        else:
            metadata["uid"] = old["metadata"]["uid"]
        self._version += 1
        metadata["resourceVersion"] = str(self._version)
        self.docs[path] = doc
        self._tell("ADDED" if old is None else "MODIFIED", collection, doc)
        return doc

    def change(self, path: str, patch: Doc) -> Doc:
        """A merge patch by somebody else."""
        return self.put(path, merged(self.docs[path], patch))

    def remove(self, path: str) -> None:
        doc = self.docs.pop(path)
        self._version += 1
        doc = merged(doc, {"metadata": {"resourceVersion": str(self._version)}})
        self._deleted.append((path.rpartition("/")[0], doc))
        self._tell("DELETED", path.rpartition("/")[0], doc)

    def _tell(self, kind: str, collection: str, doc: Doc) -> None:
        if self.mute:
            return
        line = json.dumps({"type": kind, "object": doc}).encode() + b"\n"
        for watched, queue in self._watchers:
            if _within(collection, watched):
                queue.put_nowait(line)

    def die(self) -> None:
        """Be gone from now on."""
        self.dead = True
        self.hang_up()

    def hang_up(self) -> None:
        """End every watch that stands."""
        for _, queue in self._watchers:
            queue.put_nowait(None)

    # HTTP

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[ApiServer]:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    @property
    def frozen(self) -> bool:
        return not self._thawed.is_set()

    @frozen.setter
    def frozen(self, frozen: bool) -> None:
        (self._thawed.clear if frozen else self._thawed.set)()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        await self._thawed.wait()
        if self.dead:
            return _lost(request)
        token = request.headers.get("X-Token", "")
        user = "ann" if token == self.token else self.users.get(token)
        if user is None:
            return _status(401, "Unauthorized", "no")
        path = request.path
        if path == WHO:
            return web.json_response({"status": {"userInfo": {"username": user}}}, status=201)
        if path == REVIEWS:
            asked = (await request.json())["spec"]["resourceAttributes"]
            denied = self.denied | ({"get", "list", "watch"} if asked["resource"] in self.forbidden else set())
            allowed = not (self.denied or self.forbidden) if asked["verb"] == "*" else asked["verb"] not in denied
            return web.json_response({"status": {"allowed": allowed, "reason": "by a test"}})
        if path == RULES:
            self.reviewed.append((await request.json())["spec"]["namespace"])
            if self.silent:
                return _status(500, "InternalError", "the authorizer does not answer")
            verbs = sorted({"get", "list", "watch", "create", "patch", "delete"} - self.denied)
            rule = {"verbs": verbs, "apiGroups": ["*"], "resources": ["*"]}
            return web.json_response({"status": {"resourceRules": [rule], "incomplete": self.vague}}, status=201)
        if path.endswith("/log"):
            return web.Response(text=self.log)
        if request.method == "GET":
            return await self._read(request, path)
        return await self._write(request, path)

    async def _read(self, request: web.Request, path: str) -> web.StreamResponse:
        last = path.rpartition("/")[2]
        if path in GROUPS:
            return web.json_response({"resources": [{"name": name} for name in sorted(COLLECTIONS)]})
        if last in self.forbidden:
            return _status(403, "Forbidden", f"{last} is forbidden")
        if last in self.broken:
            return _status(500, "InternalError", "broken")
        if path in self.docs:
            return _status(500, "InternalError", "broken") if self.fail_reads else web.json_response(self.docs[path])
        docs, version = self._muted or (self.docs, self._version)
        found = [doc for place, doc in sorted(docs.items()) if _within(place.rpartition("/")[0], path)]
        found = [doc for doc in found if _has(doc, request.query.get("labelSelector", ""))]
        source = request.query.get("fieldSelector", "").removeprefix("source=")
        found = [doc for doc in found if _from(doc, source)]
        if not found and not _is_collection(path):
            return _status(404, "NotFound", f"{last} not found")
        if request.query.get("watch"):
            return await self._watch(request, path)
        return web.json_response({"kind": "List", "metadata": {"resourceVersion": str(version)}, "items": found})

    async def _watch(self, request: web.Request, path: str) -> web.StreamResponse:
        response = web.StreamResponse()
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        after = int(request.query.get("resourceVersion") or 0)
        standing = [("MODIFIED", place.rpartition("/")[0], doc) for place, doc in self.docs.items()]
        told = [*standing, *(("DELETED", *each) for each in self._deleted)]
        for kind, collection, doc in sorted(told, key=lambda each: int(each[2]["metadata"]["resourceVersion"])):
            if _within(collection, path) and int(doc["metadata"]["resourceVersion"]) > after:
                queue.put_nowait(json.dumps({"type": kind, "object": doc}).encode() + b"\n")
        self._watchers.append((path, queue))
        await response.prepare(request)
        try:
            while (line := await queue.get()) is not None:
                await response.write(line)
        finally:
            self._watchers.remove((path, queue))
        return response

    async def _write(self, request: web.Request, path: str) -> web.StreamResponse:
        body = await request.json()
        dry = request.query.get("dryRun") == "All"
        collection = path.split("/")[-1 if request.method == "POST" else -2]
        if collection in self.forbidden_writes:
            return _status(403, "Forbidden", f"{collection} are forbidden")
        if collection == "events":
            # What acts tell of themselves is neither counted nor troubled by what acts meet.
            return self._carry_out(request, path, body, dry)
        if not dry:
            await self.gate.wait()
            self.on_write()
            if self.lose_requests:
                self.lose_requests -= 1
                return _lost(request)
        if (request.method, path) in self.refuse and not dry:
            return _status(self.refuse[request.method, path], "Failed", "refused by a test")
        before = copy.deepcopy(self.docs)
        answer = self._carry_out(request, path, body, dry)
        if dry:
            self.docs = before
            self.dry_runs.append((request.method, path))
        elif answer.status < 300:
            self.writes.append((request.method, path))
            self.controller()
            if (request.method, path) in self.fail_after:
                return _status(self.fail_after[request.method, path], "InternalError", "etcdserver: leader changed")
            if self.lose_answers or self.dead:
                self.lose_answers = max(self.lose_answers - 1, 0)
                return _lost(request)
        return answer

    def _carry_out(self, request: web.Request, path: str, body: Any, dry: bool) -> web.Response:
        if request.method == "POST":
            place = f"{path}/{body['metadata']['name']}"
            if place in self.docs:
                return _status(409, "AlreadyExists", "it exists")
            return web.json_response(self._stored(place, body, dry), status=201)
        doc = self.docs.get(path)
        if doc is None:
            return _status(404, "NotFound", "not found")
        if request.method == "DELETE":
            wanted = body.get("preconditions") or {}
            if any(doc["metadata"].get(field) != value for field, value in wanted.items()):
                return _status(409, "Conflict", "preconditions failed")
            if not dry:
                self.remove(path)
            return web.json_response({"kind": "Status", "status": "Success"})
        if request.content_type == "application/json-patch+json":
            try:
                patched = jsonpatch.apply_patch(doc, body)
            except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
                return _status(422, "Invalid", str(error))
        else:
            version = (body.get("metadata") or {}).get("resourceVersion")
            if version is not None and version != doc["metadata"]["resourceVersion"]:
                return _status(409, "Conflict", "the object has been modified")
            patched = merged(doc, body)
        return web.json_response(self._stored(path, patched, dry))

    def _stored(self, path: str, doc: Doc, dry: bool) -> Doc:
        for *parents, field in self.pruned:
            holder: Any = doc
            for parent in parents:
                holder = holder.get(parent, {})
            holder.pop(field, None)
        return doc if dry else self.put(path, doc)


def _within(collection: str, asked: str) -> bool:
    """Whether a list over `asked` (of a namespace, or of all) holds a collection."""
    if collection == asked:
        return True
    root, _, rest = collection.partition("/namespaces/")
    return bool(rest) and f"{root}/{rest.partition('/')[2]}" == asked


def _has(doc: Doc, selector: str) -> bool:
    labels = doc["metadata"].get("labels") or {}
    pairs = (pair.partition("=") for pair in selector.split(",") if pair)
    return all(labels.get(key) == value for key, _, value in pairs)


def _from(doc: Doc, source: str) -> bool:
    """Whether an Event is of this reporter; the other selectors of Events are not played here."""
    return "=" in source or not source or doc.get("source", {}).get("component") == source


def _is_collection(path: str) -> bool:
    return path.rpartition("/")[2] in COLLECTIONS


def _lost(request: web.Request) -> web.Response:
    """End the connection without an answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _status(code: int, reason: str, message: str) -> web.Response:
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
    return web.json_response({**body, "message": message}, status=code)
