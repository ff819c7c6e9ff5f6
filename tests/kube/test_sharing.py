"""Pods share equal parts, and stay what they are."""

from __future__ import annotations

import msgspec
import pytest

from cockpit.kube import sharing
from cockpit.kube.decode import Decoder, Put
from cockpit.kube.sharing import Shared
from cockpit.model.objects import Pod
from tests.scale.objects import PODS_PER_RELEASE, Release


def body(*releases: int) -> bytes:
    pods = (Release(n).pod(index, "1") for n in releases for index in range(PODS_PER_RELEASE))
    return b'{"metadata":{},"items":[' + ",".join(pods).encode() + b"]}"


def test_pods_of_one_version_share_all_but_name_node_and_address() -> None:
    first, *others = Decoder(Pod).page(body(1)).objects
    assert isinstance(first, Pod)
    assert others
    for other in others:
        assert isinstance(other, Pod)
        assert other.metadata.labels is first.metadata.labels
        assert other.metadata.owner_references is first.metadata.owner_references
        assert other.spec.containers is first.spec.containers
        assert other.status.conditions is first.status.conditions
        assert other.metadata.name != first.metadata.name


def test_a_pod_that_shares_is_equal_to_one_that_does_not() -> None:
    items = msgspec.json.decode(body(1, 2, 3))["items"]
    alone = [msgspec.convert(item, Pod) for item in items]
    assert Decoder(Pod).page(body(1, 2, 3)).objects == alone


def test_a_watch_uses_the_parts_of_the_list() -> None:
    decoder = Decoder(Pod)
    (listed, *_) = decoder.page(body(1)).objects
    line = b'{"type":"MODIFIED","object":%s}' % Release(1).pod(0, "2", "False").encode()
    event = decoder.event(line)
    assert isinstance(event, Put)
    assert event.obj.metadata.labels is listed.metadata.labels
    assert event.obj.metadata.resource_version == "2"
    assert isinstance(event.obj, Pod)
    assert not event.obj.ready


def test_what_is_remembered_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST", 50)
    shared = Shared()
    for number in range(200):
        shared.pod(msgspec.json.decode(Release(number).pod(0, "1"), type=Pod))
    assert 0 < len(shared) <= 50
