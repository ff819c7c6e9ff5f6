"""What == does not see of a view is recorded all the same."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from cockpit.model.rollout import PodCell, Rollout, Version
from cockpit.model.view import FleetView
from cockpit.record.delta import difference
from cockpit.record.exact import are_all_compared, shape_of
from tests.tui.fake import fleet


@dataclass(frozen=True)
class Anything:
    held: Any
    name: str = ""


@dataclass(frozen=True)
class Above:
    parts: tuple[Anything, ...]
    note: str = field(default="", compare=False)


def test_kinds_with_fields_that_are_not_compared_are_looked_at_field_by_field() -> None:
    assert are_all_compared(PodCell)
    assert not any(are_all_compared(kind) for kind in (Version, Rollout, FleetView, Anything, Above, str))
    shape = shape_of(Above)
    assert shape
    assert (shape.compared, shape.others) == (("note",), ("parts",))
    assert shape_of(str) is None


def test_a_change_that_is_not_compared_is_recorded() -> None:
    view = fleet()
    first = view.rollouts[0]
    born = replace(first.rollout.versions[0], born="2026-01-01T00:00:00Z")
    rollout = replace(first.rollout, created="2026-01-01T00:00:01Z", versions=(born, *first.rollout.versions[1:]))
    after = replace(view, rollouts=(replace(first, rollout=rollout), *view.rollouts[1:]))
    assert after == view
    text = str(difference(view, after))
    assert "2026-01-01T00:00:00Z" in text
    assert "2026-01-01T00:00:01Z" in text


def test_equal_values_of_other_types_are_told_apart_where_anything_can_be() -> None:
    assert difference(Above((Anything(1),)), Above((Anything(True),)))
    assert difference(Above((Anything(1),)), Above((Anything(1),))) is None
