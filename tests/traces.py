"""Records stories from a real cluster, for the embedded one to tell again.

`python -m tests.traces record STORY...` plays each story (all without a name) on the cluster that
COCKPIT_TEST_KUBECONFIG and COCKPIT_TEST_GATEWAY name, several times, and writes tests/traces/STORY.json.
`python -m tests.traces record --more STORY...` joins further performances to what is written.
`python -m tests.traces check STORY...` plays it once and says where it differs from what is recorded.
`python -m tests.traces list` names the stories.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.places import Place, namespace_in, real_cluster, way_to
from tests.stories import STORIES
from tests.stories.hands import PlaceHand
from tests.stories.story import Obj, Story
from tests.telling import Telling, differences, from_json, telling_of, to_json, together

TRACES = Path(__file__).parent / "traces"
PERFORMANCES = 3


class Watcher:
    """Follows one kind of a namespace; every version of every object is kept."""

    def __init__(self, place: Place, client: httpx.AsyncClient, kind: str, since: str) -> None:
        self._path = place.path(kind)
        self._client = client
        self._since = since
        self._news = asyncio.Event()
        self.kind = kind
        self.seen: list[Obj] = []

    async def run(self) -> None:
        query = {"watch": "1", "resourceVersion": self._since, "timeoutSeconds": "3000"}
        async with self._client.stream("GET", self._path, params=query) as stream:
            async for line in stream.aiter_lines():
                event = json.loads(line)
                assert event["type"] in ("ADDED", "MODIFIED", "DELETED"), event
                if event["type"] != "DELETED":
                    self.seen.append(event["object"])
                    self._news.set()

    async def catch_up(self) -> None:
        """Wait until everything that is stored has come through the watch."""
        items = (await self._client.get(self._path)).raise_for_status().json()["items"]
        wanted = {(i["metadata"]["uid"], i["metadata"]["resourceVersion"]) for i in items}
        async with asyncio.timeout(30):
            while not wanted <= {(o["metadata"]["uid"], o["metadata"]["resourceVersion"]) for o in self.seen}:
                self._news.clear()
                await self._news.wait()


async def perform(story: Story, place: Place) -> Telling:
    """Play a story on a cluster and tell what was seen."""
    listings = {watch.kind: place.client.get(place.path(watch.kind)).raise_for_status() for watch in story.watched}
    async with httpx.AsyncClient(**way_to(place.kubeconfig), timeout=None) as client:
        watchers = [
            Watcher(place, client, kind, listing.json()["metadata"]["resourceVersion"])
            for kind, listing in listings.items()
        ]
        tasks = [asyncio.create_task(watcher.run()) for watcher in watchers]
        try:
            await asyncio.to_thread(story.play, PlaceHand(place))
            for watcher in watchers:
                await watcher.catch_up()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    events = [(watcher.kind, obj) for watcher in watchers for obj in watcher.seen]
    # One counter versions all objects of a cluster, so that the order of writes is told across kinds.
    events.sort(key=lambda event: int(event[1]["metadata"]["resourceVersion"]))
    return telling_of(story.watched, events)


def performed(story: Story) -> Telling:
    """One performance on the real cluster, in a namespace of its own."""
    real = real_cluster()
    if real is None:
        raise SystemExit("COCKPIT_TEST_KUBECONFIG and COCKPIT_TEST_GATEWAY name no cluster")
    kubeconfig, gateway, proxy = real
    with namespace_in("real", kubeconfig, gateway, f"story-{story.name}-{os.getpid()}", proxy) as place:
        return asyncio.run(perform(story, place))


def recorded(name: str) -> Telling:
    """The telling that is on file."""
    return from_json(_document(name)["telling"])


def _document(name: str) -> dict[str, Any]:
    return dict(json.loads((TRACES / f"{name}.json").read_text()))


def record(story: Story, times: int, *, more: bool = False) -> None:
    """Play a story on the real cluster and keep what it told; `more` joins it to what is on file."""
    before = [recorded(story.name)] if more else []
    telling = together([*before, *(performed(story) for _ in range(times))])
    count = times + (_document(story.name)["performances"] if more else 0)
    document = {"story": story.name, "about": story.about, "performances": count, "telling": to_json(telling)}
    TRACES.mkdir(exist_ok=True)
    (TRACES / f"{story.name}.json").write_text(_pretty(document) + "\n")
    print(f"{story.name}: recorded")


def check(story: Story) -> bool:
    """Play a story on the real cluster and tell where it differs from what is on file."""
    found = differences(performed(story), recorded(story.name))
    print("\n".join([f"{story.name}: {'differs' if found else 'the same'}", *found]))
    return not found


def _pretty(value: object, indent: str = "") -> str:
    """JSON with one state of a rail per line."""
    further = indent + " "
    if isinstance(value, dict) and value and len(indent) < 4:
        inner = (f"{further}{json.dumps(key)}: {_pretty(entry, further)}" for key, entry in value.items())
        return "{\n" + ",\n".join(inner) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        if all(isinstance(entry, int) for entry in value):
            return json.dumps(value)
        return "[\n" + ",\n".join(f"{further}{json.dumps(entry)}" for entry in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False)


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.traces", description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("record", "check", "list"))
    parser.add_argument("stories", nargs="*", metavar="STORY")
    parser.add_argument("--times", type=int, default=PERFORMANCES, help="how often a recorded story is played")
    parser.add_argument("--more", action="store_true", help="join what is recorded to what is on file")
    asked = parser.parse_intermixed_args(argv)
    unknown = set(asked.stories) - set(STORIES)
    if unknown:
        parser.error(f"no such story: {', '.join(sorted(unknown))}; there are {', '.join(sorted(STORIES))}")
    stories = [STORIES[name] for name in asked.stories or sorted(STORIES)]
    if asked.what == "list":
        print("\n".join(f"{story.name:30} {story.about}" for story in stories))
        return 0
    if asked.what == "check":
        return 0 if sum(not check(story) for story in stories) == 0 else 1
    for story in stories:
        record(story, asked.times, more=asked.more)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
