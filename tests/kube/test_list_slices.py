"""A list that is decoded while it arrives is the list that it would be as a whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.kube import list_slices
from cockpit.kube.decode import Decoder, Page, Undecodable
from cockpit.kube.list_slices import ListSlices, Slice
from cockpit.model.objects import Pod
from tests.scale.objects import Release


def pod(number: int, **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": f"pod-{number}", "namespace": "shop", "labels": labels}, "spec": {"containers": []}}


def sliced(body: bytes, size: int) -> tuple[list[Slice], Page]:
    """All slices of a body that arrives in pieces of one size, and its end."""
    slices = ListSlices(Decoder(Pod))
    found = [each for at in range(0, len(body), size) if (each := slices.feed(body[at : at + size]))]
    last = slices.rest()
    return [*found, last], last.page


def compact(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


# Text that looks like the places where a list is cut, in the values of objects.
TRAPS = st.sampled_from(['},{"metadata":{', '"items":[', "]}", '{"metadata":', "plain", "\\", '"'])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of a few objects."""
    monkeypatch.setattr(list_slices, "SLICE_BYTES", 300)


@given(
    traps=st.lists(TRAPS, max_size=30),
    nested=st.integers(0, 3),
    size=st.integers(1, 400),
    last=st.booleans(),
    spaced=st.booleans(),
)
def test_slices_hold_what_the_whole_holds(traps: list[str], nested: int, size: int, last: bool, spaced: bool) -> None:
    inner = [{"metadata": {"name": "inner"}}] * nested  # as in volumeClaimTemplates
    items = [pod(n, trap=trap) | {"spec": {"containers": [], "templates": inner}} for n, trap in enumerate(traps)]
    metadata = {"resourceVersion": "7", "continue": "next", "note": '"items":[]'}
    parts: list[tuple[str, object]] = [("kind", "PodList"), ("metadata", metadata), ("items", items)]
    document = dict(parts[::-1] if last else parts)
    body = json.dumps(document).encode() if spaced else compact(document)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(list_slices, "SLICE_BYTES", 300)
        slices, end = sliced(body, size)
    whole = Decoder(Pod).page(body)
    assert [obj for each in slices for obj in each.page.objects] == whole.objects
    assert (end.version, end.token) == (whole.version, whole.token) == ("7", "next")


@pytest.mark.usefixtures("small")
def test_every_slice_is_a_list_in_itself() -> None:
    items = [pod(n) for n in range(20)]
    slices, _ = sliced(compact({"metadata": {"resourceVersion": "7"}, "items": items}), 64)
    assert len(slices) > 3
    bodies = [json.loads(each.body) for each in slices]
    assert [item for body in bodies for item in body["items"]] == items
    assert all(body["metadata"] == {"resourceVersion": "7"} for body in bodies)


@pytest.mark.usefixtures("small")
def test_an_object_that_cannot_be_read_is_told_and_skipped() -> None:
    items: list[Any] = [pod(n) for n in range(20)]
    items[3] = {"metadata": {"name": 5, "namespace": "shop"}}
    slices, _ = sliced(compact({"metadata": {}, "items": items}), 64)
    assert sum(len(each.page.objects) for each in slices) == 19
    assert sum(len(each.page.unreadable) for each in slices) == 1


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("body", [b"<html>" * 200, b'{"items":[' + b'{"metadata":{},' * 200, b"[" * 2000])
def test_what_is_no_list_is_refused(body: bytes) -> None:
    with pytest.raises(Undecodable):
        sliced(body, 64)


def test_a_long_list_is_never_held_as_a_whole() -> None:
    text = ",".join(Release(number).pod(0, "1") for number in range(500))
    body = f'{{"metadata":{{"resourceVersion":"7"}},"items":[{text}]}}'.encode()
    slices = ListSlices(Decoder(Pod))
    pieces = [body[at : at + (1 << 16)] for at in range(0, len(body), 1 << 16)]
    longest = max(len(found.body) for piece in pieces if (found := slices.feed(piece)))
    assert longest <= list_slices.SLICE_BYTES + (1 << 17) < len(body) / 6
