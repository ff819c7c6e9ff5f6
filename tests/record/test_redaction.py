"""No planted secret is in a record, whatever the objects are that a cluster sends, and wherever it is in them."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.probe_target import ProbeTarget
from cockpit.model.refs import (
    ANALYSISRUNS,
    APISIXROUTES,
    ARGO_ROLLOUTS,
    DEPLOYMENTS,
    INGRESSES,
    PODS,
    VIRTUALSERVICES,
    Resource,
)
from cockpit.record.blocks import WINDOW, Header, Part, unpack
from cockpit.record.reader import Record
from cockpit.record.recorder import Recorder
from cockpit.record.writer import Writer
from cockpit.session.clock import ManualClock
from tests.record.recording import HEADER, Memory
from tests.tui.fake import START, fleet

SECRET = "hunter2-S3cr3t"
# Objects of one example, and objects made by chance; `make fuzz` looks at more of both.
OBJECTS = 4
MANY = 50_000 if os.environ.get("HYPOTHESIS_PROFILE") == "fuzz" else 10_000

words = st.sampled_from(["a", "web", "x-y", "config", "Value", "über"])
harmless = st.none() | st.booleans() | st.integers(0, 9) | words
secrets = st.builds("{}{}{}".format, st.sampled_from(["", "a=", "\n", "Bearer "]), st.just(SECRET), words)
planted = st.recursive(
    secrets | harmless,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
notes = st.dictionaries(
    st.sampled_from(
        [
            "kubectl.kubernetes.io/last-applied-configuration",
            "nginx.ingress.kubernetes.io/configuration-snippet",
            "vault.hashicorp.com/token",
            "note",
            "rollouts.kruise.io/original-spec-configuration",
        ]
    ),
    st.builds('{{"env": "{}"}}'.format, secrets),
    max_size=3,
)
header_lists = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["Authorization", "X-Api-Key", "x-any"]), "value": secrets}),
    max_size=2,
)
header_maps = st.dictionaries(st.sampled_from(["authorization", "x-token", "x-any"]), secrets, max_size=2)
containers = st.fixed_dictionaries(
    {"name": words},
    optional={
        "env": st.lists(st.fixed_dictionaries({"name": words, "value": secrets}), max_size=2),
        "args": st.lists(secrets, max_size=2),
        "command": st.lists(secrets, max_size=2),
        "livenessProbe": st.fixed_dictionaries({"httpGet": st.fixed_dictionaries({"httpHeaders": header_lists})}),
        "image": words,
    },
)
pod_specs = st.fixed_dictionaries({"containers": st.lists(containers, min_size=1, max_size=2)})
routes = st.fixed_dictionaries(
    {
        "headers": st.fixed_dictionaries({"request": st.fixed_dictionaries({"set": header_maps, "add": header_maps})}),
        "filters": st.lists(
            st.fixed_dictionaries({"requestHeaderModifier": st.fixed_dictionaries({"set": header_lists})})
        ),
    }
)


@st.composite
def objects(draw: st.DrawFn) -> tuple[Resource, dict[str, Any]]:
    """An object with secrets in every place where people put them."""
    kind = draw(st.sampled_from([PODS, DEPLOYMENTS, INGRESSES, VIRTUALSERVICES]))
    body: dict[str, Any] = {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {
            "name": draw(words),
            "namespace": "shop",
            "annotations": draw(notes),
            "managedFields": [{"manager": SECRET}],
        },
        "data": draw(planted),
        "stringData": draw(planted),
        "spec": draw(pod_specs) if kind is PODS else {"template": {"spec": draw(pod_specs)}, "http": [draw(routes)]},
    }
    return kind, body


def record_of(found: list[tuple[Resource, dict[str, Any]]], header: Header = HEADER) -> Memory:
    sink, clock = Memory(), ManualClock(START)
    with Recorder(Writer(sink, header), clock, threaded=False) as recorder:
        recorder.view(fleet())
        tap = recorder.tap("prod-eu")
        for number, (kind, body) in enumerate(found):
            if number % 2:
                bare = {name: value for name, value in body.items() if name not in ("apiVersion", "kind")}
                tap.page(kind, json.dumps({"items": [bare]}).encode(), first=True, last=True)
            else:
                tap.lines(kind, [json.dumps({"type": "MODIFIED", "object": body}).encode()])
    return sink


def text_of(sink: Memory) -> str:
    """Everything that is in the blocks, before compression."""
    raws: dict[Part, bytes] = dict.fromkeys(Part, b"")
    for block in sink.blocks:
        before = b"" if block.whole else raws[block.part][-WINDOW:]
        raws[block.part] += unpack(block, before)
    return b"".join(raws.values()).decode(errors="replace")


@given(st.lists(objects(), min_size=OBJECTS, max_size=OBJECTS))
@hypothesis.settings(suppress_health_check=list(hypothesis.HealthCheck), deadline=None)
def test_no_planted_secret_is_in_the_record(found: list[tuple[Resource, dict[str, Any]]]) -> None:
    text = text_of(record_of(found))
    place = text.find(SECRET)
    assert place < 0, text[place - 100 : place + 20]


def by_chance(rng: random.Random, number: int) -> tuple[Resource, dict[str, Any]]:
    """An object with a secret in most places where people put them, and in nests of every shape."""

    def nest(depth: int) -> Any:
        match rng.randrange(4) if depth else 0:
            case 1:
                return [nest(depth - 1) for _ in range(rng.randrange(3))]
            case 2 | 3:
                # The name of a variable is shown, and is no place for a secret.
                keys = [rng.choice(["a", "x", "value", "env"]) for _ in range(rng.randrange(3))]
                return {key: nest(depth - 1) for key in keys}
        return rng.choice([f"{SECRET}-{number}", f"Bearer {SECRET}", {"token": SECRET}, f"\\u0041{SECRET}"])

    hidden = {field: nest(4) for field in ("env", "args", "command") if rng.random() < 0.8}
    headers = [{"name": rng.choice(["Authorization", "x-y"]), "value": f"{SECRET} {number}"}]
    container = {"name": "app", **hidden, "livenessProbe": {"httpGet": {"httpHeaders": headers}}}
    template = {"metadata": {"annotations": {f"team/{number}": str(nest(2))}}, "spec": {"containers": [container]}}
    metadata = {"name": f"web-{number % 50}", "namespace": "shop", "annotations": {"note": json.dumps(nest(3))}}
    spec: dict[str, Any] = {"template": template, "initContainers": [container], "more": {"args": nest(5)}}
    fields = {"data": nest(3), "stringData": nest(2), "binaryData": nest(1)}
    return rng.choice([PODS, DEPLOYMENTS]), {"metadata": metadata, "spec": spec, **fields}


@pytest.mark.simulation
def test_no_secret_of_many_objects_is_in_the_record() -> None:
    rng = random.Random(11)
    text = text_of(record_of([by_chance(rng, number) for number in range(MANY)]))
    place = text.find(SECRET)
    assert place < 0, text[place - 100 : place + 20]


def test_a_full_record_holds_them_and_says_so() -> None:
    body = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"containers": [{"env": [{"value": SECRET}]}]}}
    sink = record_of([(PODS, body)], Header("0.1.0", START, redacted=False))
    assert SECRET in text_of(sink)
    assert not Record(sink.data).header.redacted


def test_request_headers_and_parameters_of_a_probe_are_not_recorded() -> None:
    view = fleet()
    target = ProbeTarget(
        "10.0.0.9", 80, "web", f"/?token={SECRET}", headers=(("Authorization", SECRET), ("x-beta", "always")),
        proxy=f"http://ann:{SECRET}@proxy",
    )  # fmt: skip
    first = view.rollouts[0]
    rollout = replace(first.rollout, probe_target=target, api_target=target, incomplete_target=target)
    hot = replace(first, rollout=rollout, probe=replace(first.probe, probe_target=target))
    sink, clock = Memory(), ManualClock(START)
    with Recorder(Writer(sink, HEADER), clock, threaded=False) as recorder:
        recorder.view(replace(view, rollouts=(hot, *view.rollouts[1:])))
    text = text_of(sink)
    assert SECRET not in text
    assert "always" in text


def test_what_steers_a_release_stays() -> None:
    steering = {"nginx.ingress.kubernetes.io/canary-weight": "30", "deployment.kubernetes.io/revision": "4"}
    body = {"metadata": {"name": "web", "namespace": "shop", "annotations": {**steering, "note": SECRET}}}
    text = text_of(record_of([(INGRESSES, body)]))
    assert all(f"{name}" in text for name in steering)
    assert "(hidden)" in text


def test_headers_of_a_metric_and_settings_of_a_plugin_are_not_recorded() -> None:
    credentials = {"oauth2": {"clientId": "cockpit", "clientSecret": SECRET}}
    web = {"headers": [{"key": "Authorization", "value": SECRET}], "authentication": credentials}
    run = {"metadata": {"name": "run", "namespace": "shop"}, "spec": {"metrics": [{"provider": {"web": web}}]}}
    plugin = {"name": "key-auth", "enable": True, "config": {"key": SECRET}}
    route = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"http": [{"plugins": [plugin]}]}}
    split = {"trafficRouting": {"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "web-route"}}}}
    rollout = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"strategy": {"canary": split}}}
    text = text_of(record_of([(ANALYSISRUNS, run), (APISIXROUTES, route), (ARGO_ROLLOUTS, rollout)]))
    assert SECRET not in text
    assert all(word in text for word in ("Authorization", "clientId", "key-auth", "web-route"))
