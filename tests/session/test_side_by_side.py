"""What a plan asks of a cluster before its dry run does not wait for each other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from cockpit.model.plan import PatchType, Request, Verb
from cockpit.model.refs import INGRESSES, SERVICES, Ref
from cockpit.session.acts.dry_run import read_objects, review

REFS = (Ref(SERVICES, "shop", "web"), Ref(INGRESSES, "shop", "web"))


class Server:
    """Answers in the loop's next turns, and notes how many questions were open at most."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.open = self.most = 0

    async def _answer(self, question: Any) -> None:
        self.asked.append(question)
        self.open += 1
        self.most = max(self.most, self.open)
        for _ in range(3):
            await asyncio.sleep(0)
        self.open -= 1

    async def get(self, ref: Ref) -> dict[str, Any]:
        await self._answer(ref)
        return {"metadata": {"name": ref.name}, "kind": ref.resource.kind}

    async def allowed(self, verb: str, ref: Ref, subresource: str | None = None) -> str:
        await self._answer((verb, ref, subresource))
        return ""


def place(server: Server) -> Any:
    return SimpleNamespace(api=server)


def requests(refs: Sequence[Ref]) -> list[Request]:
    return [Request(Verb.PATCH, ref, {}, PatchType.MERGE) for ref in refs]


async def test_objects_are_read_at_once_and_each_once() -> None:
    server = Server()
    found = await read_objects(place(server), (*REFS, REFS[0]))
    assert (server.most, len(server.asked)) == (2, 2)
    assert [(ref, found[ref] and found[ref]["kind"]) for ref in found] == [(REFS[0], "Service"), (REFS[1], "Ingress")]  # type: ignore[index]


async def test_rights_are_reviewed_at_once_and_each_once() -> None:
    server = Server()
    await review(place(server), requests((*REFS, REFS[0])))
    assert (server.most, server.asked) == (2, [("patch", ref, None) for ref in REFS])
