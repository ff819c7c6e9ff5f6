"""Edits of a route's rules as one guarded JSON Patch, with the patch that undoes it.

New weights are written one by one, after a test that the whole rule is as it was read. If rules are added or
removed, indices move, so the whole list is tested and replaced: it is atomic to the API anyway.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from cockpit.model.refs import Ref
from cockpit.model.values import dataclass
from cockpit.planning.edits import Edit, Operation, json_patch, op, pointer
from cockpit.routers.gateway_api.routes import USUAL_WEIGHT, RouteRule

MOST_RULES = 16
RULES = pointer("spec", "rules")
Weights = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class RuleEdit:
    """Changes of the rules: new weights by rule and backend, removed rules, rules added at the front."""

    weights: Mapping[int, Weights]
    removed: tuple[RouteRule, ...] = ()
    added: tuple[Any, ...] = ()


def edit_of(ref: Ref, every: Sequence[RouteRule], wish: RuleEdit) -> Edit:
    """The request and its inverse; `every` are all rules of the route."""
    if wish.removed or wish.added:
        return whole_edit(ref, every, _left(every, wish))
    tests, writes, back_tests, back = [], [], [], []
    rules = {rule.index: rule for rule in every}
    for index, weights in sorted(wish.weights.items()):
        rule = rules[index]
        # The whole rule, because a backend added meanwhile would take its part of the sum.
        tests.append(op("test", f"{RULES}/{index}", rule.raw))
        for place, weight in sorted(weights.items()):
            backend = rule.backends[place]
            where = f"{RULES}/{index}/backendRefs/{backend.index}"
            writes.append(op("add", f"{where}/weight", weight))
            back_tests += [op("test", f"{where}/name", backend.service), op("test", f"{where}/weight", weight)]
            before = USUAL_WEIGHT if backend.written is None else backend.written
            back.append(op("replace", f"{where}/weight", before))
    guard = "the rules that it changes"
    return Edit(json_patch(ref, [*tests, *writes], guard), json_patch(ref, [*back_tests, *back], guard))


def whole_edit(ref: Ref, every: Sequence[RouteRule], after: list[Any], extra: Sequence[Operation] = ()) -> Edit:
    """Replace all rules, with the `extra` operations in the same request."""
    before, guard = [rule.raw for rule in every], "all rules as they were read"
    swap = [op("test", RULES, before), *(o for o in extra if o["op"] == "test"), op("replace", RULES, after)]
    back = json_patch(ref, [op("test", RULES, after), op("replace", RULES, before)], "all rules as this act left them")
    return Edit(json_patch(ref, [*swap, *(o for o in extra if o["op"] != "test")], guard), back)


def _left(every: Sequence[RouteRule], wish: RuleEdit) -> list[Any]:
    """All rules as the request leaves them."""
    found = list(wish.added)
    for rule in every:
        if rule not in wish.removed:
            raw = copy.deepcopy(rule.raw)
            for place, weight in wish.weights.get(rule.index, {}).items():
                raw["backendRefs"][rule.backends[place].index]["weight"] = weight
            found.append(raw)
    return found
