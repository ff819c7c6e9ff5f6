"""Edits of a route's rules as one guarded JSON Patch, with the patch that undoes it.

All lists of a route are atomic, so entries are addressed by place; each write tests that what it means is still there.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cockpit.model.plan import Request
from cockpit.model.refs import Ref
from cockpit.routers.gateway_api.routes import USUAL_WEIGHT, Rule
from cockpit.workloads.edits import Edit, Operation, json_patch, op, pointer

MOST_RULES = 16
Weights = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class RuleEdit:
    """What becomes of the rules: new weights by rule and backend, rules that go, one rule that comes first."""

    weights: Mapping[int, Weights]
    removed: tuple[Rule, ...] = ()
    added: tuple[Any, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.weights or self.removed or self.added)


def edit_of(ref: Ref, every: Sequence[Rule], wish: RuleEdit) -> Edit:
    """The request, and its inverse, which tests what the request left behind; `every` are all rules of the route."""
    rules = {rule.index: rule for rule in every}
    tests, writes, back_tests, back = [], [], [], []
    for index, weights in sorted(wish.weights.items()):
        rule = rules[index]
        later = index - sum(gone.index < index for gone in wish.removed) + len(wish.added)
        if "matches" in rule.raw:
            tests.append(op("test", _rule(index, "matches"), rule.raw["matches"]))
        for place, weight in sorted(weights.items()):
            backend = rule.backends[place]
            tests.append(op("test", _rule(index, "backendRefs", backend.index), backend.raw))
            writes.append(op("add", _rule(index, "backendRefs", backend.index, "weight"), weight))
            back_tests.append(op("test", _rule(later, "backendRefs", backend.index, "name"), backend.service))
            back_tests.append(op("test", _rule(later, "backendRefs", backend.index, "weight"), weight))
            before = USUAL_WEIGHT if backend.written is None else backend.written
            back.append(op("replace", _rule(later, "backendRefs", backend.index, "weight"), before))
    tests += [op("test", _rule(gone.index), gone.raw) for gone in wish.removed]
    writes += [op("remove", _rule(gone.index)) for gone in sorted(wish.removed, key=lambda r: -r.index)]
    writes += [op("add", _rule(0), rule) for rule in reversed(wish.added)]
    back_tests += [op("test", _rule(place), rule) for place, rule in enumerate(wish.added)]
    if wish.removed:
        # That a rule is not there cannot be tested but by all of them.
        back_tests = [op("test", pointer("spec", "rules"), _left(every, wish))]
    back += [op("remove", _rule(0)) for _ in wish.added]
    back += [op("add", _rule(gone.index), gone.raw) for gone in sorted(wish.removed, key=lambda r: r.index)]
    return Edit(_patch(ref, tests, writes), _patch(ref, back_tests, back))


def _left(every: Sequence[Rule], wish: RuleEdit) -> list[Any]:
    """All rules as the request leaves them."""
    found = list(wish.added)
    for rule in every:
        if rule not in wish.removed:
            raw = copy.deepcopy(rule.raw)
            for place, weight in wish.weights.get(rule.index, {}).items():
                raw["backendRefs"][rule.backends[place].index]["weight"] = weight
            found.append(raw)
    return found


def _patch(ref: Ref, tests: list[Operation], writes: list[Operation]) -> Request:
    return json_patch(ref, [*tests, *writes], "the rules and backends that it writes to")


def _rule(index: int, *parts: str | int) -> str:
    return pointer("spec", "rules", index, *parts)
