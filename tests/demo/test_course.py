"""A course is played as it was until somebody acts; from there on the controllers go on, and it is called a guess."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.demo.clock import DemoClock, stamp
from cockpit.demo.pods.answers import profile_of
from cockpit.demo.scenarios.course import GUESS, CourseError, CoursePlayer, read_course
from cockpit.demo.schemas.kinds import DEPLOYMENTS, EVENTS, LEASES, PODS, REPLICASETS
from cockpit.demo.schemas.objects import Object
from cockpit.demo.store.storage import Storage

BEGAN = 1_600_000_000.0


def owned(name: str, kind: str, owner: str = "") -> dict[str, Any]:
    meta: dict[str, Any] = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "labels": {"app": "web"}}
    if owner:
        reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner, "uid": f"uid-{owner}"}
        meta["ownerReferences"] = [{**reference, "controller": True}]
    spec: dict[str, Any] = {"containers": [{"name": "web", "image": "web:v1"}]}
    if kind != "Pod":
        selector = {"matchLabels": {"app": "web"}}
        spec = {"replicas": 1, "selector": selector, "template": {"metadata": {"labels": {"app": "web"}}, "spec": spec}}
    return {"apiVersion": "v1" if kind == "Pod" else "apps/v1", "kind": kind, "metadata": meta, "spec": spec}


LINES: list[dict[str, Any]] = [
    {"course": 1, "began": BEGAN, "seconds": 60},
    {"after": 0, "put": owned("web", "Deployment")},
    {"after": 0, "put": owned("web-1", "ReplicaSet", "nobody-recorded-this")},
    {"after": 0, "put": owned("web-1-a", "Pod", "web-1")},
    {"after": 4, "answers": {"namespace": "shop", "pods": ["web-1-a"], "error_rate": 0.2, "latency": 0.25}},
    {"after": 10, "put": {**owned("web-1-b", "Pod", "web-1"), "status": {"startTime": stamp(BEGAN + 10)}}},
    {"after": 20, "gone": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "web-1-b"}},
]


def written(folder: Path, lines: list[dict[str, Any]] | None = None) -> Path:
    path = folder / "course.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines or LINES))
    return path


class Playing:
    """A course on a clock that stands still."""

    def __init__(self, path: Path) -> None:
        self.clock = DemoClock()
        self.clock.hold()
        self.storage = Storage(self.clock, random.Random(1))
        self.guesses: list[Object] = []
        self.player = CoursePlayer(read_course(path), self.storage, self.clock, self.guesses.append)

    async def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds)):
            self.clock.advance(1)
            for _ in range(8):
                await asyncio.sleep(0)

    def pods(self) -> list[str]:
        return [pod["metadata"]["name"] for pod in self.storage.scan(PODS, "shop")]


@asynccontextmanager
async def playing(path: Path) -> AsyncIterator[Playing]:
    made = Playing(path)
    task = asyncio.ensure_future(made.player.run())
    await made.pass_time(0)
    for _ in range(8):
        await asyncio.sleep(0)
    try:
        yield made
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_objects_come_and_go_at_their_times_as_if_it_began_now(tmp_path: Path) -> None:
    async with playing(written(tmp_path)) as made:
        began = made.clock.now()
        assert made.pods() == ["web-1-a"]
        assert made.storage.get(PODS, "shop", "web-1-a")["metadata"]["uid"] == "uid-web-1-a"
        await made.pass_time(9)
        assert made.pods() == ["web-1-a"]
        await made.pass_time(2)
        assert made.pods() == ["web-1-a", "web-1-b"]
        assert made.storage.get(PODS, "shop", "web-1-b")["status"]["startTime"] == stamp(began + 10)
        await made.pass_time(10)
        assert made.pods() == ["web-1-a"]
        assert made.guesses == []


async def test_pods_answer_as_they_did(tmp_path: Path) -> None:
    async with playing(written(tmp_path)) as made:
        before = profile_of(made.storage.get(PODS, "shop", "web-1-a"))
        assert (before.error_rate, before.latency) == (0.0, 0.0)
        await made.pass_time(5)
        after = profile_of(made.storage.get(PODS, "shop", "web-1-a"))
        assert (after.error_rate, after.latency) == (0.2, 0.25)


async def test_an_owner_that_was_not_recorded_takes_nothing_with_it(tmp_path: Path) -> None:
    async with playing(written(tmp_path)) as made:
        assert made.storage.get(REPLICASETS, "shop", "web-1")["metadata"]["ownerReferences"] == []
        owners = made.storage.get(PODS, "shop", "web-1-a")["metadata"]["ownerReferences"]
        assert [owner["uid"] for owner in owners] == ["uid-web-1"]


async def test_an_act_ends_the_recording_and_is_called_a_guess(tmp_path: Path) -> None:
    async with playing(written(tmp_path)) as made:
        await made.pass_time(5)
        deployment = made.storage.get(DEPLOYMENTS, "shop", "web")
        deployment["spec"]["replicas"] = 3
        made.storage.update(DEPLOYMENTS, deployment)
        assert [each["metadata"]["name"] for each in made.guesses] == ["web"]
        (note,) = made.storage.list(EVENTS, "shop")
        assert note["message"] == GUESS
        assert note["involvedObject"]["uid"] == "uid-web"
        await made.pass_time(30)
        assert made.pods() == ["web-1-a"], "what came later in the recording does not come"
        made.storage.delete(DEPLOYMENTS, "shop", "web")
        assert len(made.guesses) == 1


async def test_new_pods_answer_like_their_siblings(tmp_path: Path) -> None:
    """A bad version that somebody scales up stays bad."""
    async with playing(written(tmp_path)) as made:
        await made.pass_time(5)
        made.storage.delete(DEPLOYMENTS, "shop", "web")
        for name, owner in (("web-1-c", "web-1"), ("other-1", "other")):
            made.storage.create(PODS, owned(name, "Pod", owner))
        assert profile_of(made.storage.get(PODS, "shop", "web-1-c")).error_rate == 0.2
        assert profile_of(made.storage.get(PODS, "shop", "other-1")).error_rate == 0.0


async def test_who_looks_on_does_not_act(tmp_path: Path) -> None:
    """Leases of cockpits, Events, and what a gateway writes into a status."""
    async with playing(written(tmp_path)) as made:
        made.storage.create(LEASES, {"metadata": {"name": "cockpit-presence", "namespace": "shop"}, "spec": {}})
        deployment = made.storage.get(DEPLOYMENTS, "shop", "web")
        made.storage.update(DEPLOYMENTS, {**deployment, "status": {"replicas": 1}}, subresource="status")
        await made.pass_time(11)
        assert made.guesses == []
        assert made.pods() == ["web-1-a", "web-1-b"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("{}\n", "line 1: not a course of version 1"),
        ('{"course": 7, "began": 1}\n', "line 1: not a course of version 1"),
        ('{"course": 1, "began": 1}\n[]\n', "line 2: not an object of JSON"),
        ('{"course": 1, "began": 1}\n{"after"', "line 2: not an object of JSON"),
    ],
)
def test_what_is_no_course_is_named_with_file_and_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "other"
    path.write_text(text)
    with pytest.raises(CourseError, match=why) as caught:
        read_course(path)
    assert str(path) in str(caught.value)


def test_what_the_cluster_does_not_serve_is_counted(tmp_path: Path) -> None:
    strange = {"apiVersion": "example.com/v1", "kind": "Unheard", "metadata": {"name": "of"}}
    lines = [*LINES, {"after": 1, "put": strange}, {"after": -1, "put": LINES[1]["put"]}, {"after": 1}]
    course = read_course(written(tmp_path, lines))
    assert course.left_out == 3
    assert len(course.changes) == len(LINES) - 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "web-1-a", "shop", stamp(BEGAN)]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "namespace", "uid", "labels", "ownerReferences", "loadBalancer", "controller"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
OBJECTS = st.fixed_dictionaries(
    {
        "apiVersion": st.sampled_from(["v1", "apps/v1"]),
        "kind": st.sampled_from(["Pod", "Service", "Deployment", "Namespace", "Event"]),
        "metadata": VALUES
        | st.fixed_dictionaries({"name": st.just("web-1-a"), "namespace": st.just("shop"), "ownerReferences": VALUES}),
    },
    optional={"spec": VALUES, "status": VALUES},
)
CHANGES = st.fixed_dictionaries(
    {"after": st.integers(0, 3)}, optional={"put": OBJECTS, "gone": OBJECTS | VALUES, "answers": VALUES}
)


@settings(max_examples=60, deadline=None)
@given(strange=st.lists(CHANGES | VALUES.filter(lambda value: isinstance(value, dict)), max_size=6))
async def test_a_strangers_record_never_ends_the_others(
    tmp_path_factory: pytest.TempPathFactory, strange: list[dict[str, Any]]
) -> None:
    path = written(tmp_path_factory.mktemp("course"), [*LINES, *strange])
    async with playing(path) as made:
        await made.pass_time(5)
        made.storage.list(PODS)
