"""Which rules of a route belong together: those that share something, directly or through other rules."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

T = TypeVar("T")


def grouped(marked: Iterable[tuple[T, Iterable[Hashable]]]) -> list[list[T]]:
    """The items in groups that share a mark, in the order of the first of each; each item has at least one mark.

    Union-find: a route can have thousands of rules, and comparing each with each takes seconds.
    """
    leader: dict[Hashable, Hashable] = {}

    def find(mark: Hashable) -> Hashable:
        top = mark
        while leader[top] != top:
            top = leader[top]
        while leader[mark] != top:
            leader[mark], mark = top, leader[mark]
        return top

    items: list[tuple[T, Hashable]] = []
    for item, marks in marked:
        first, *others = marks
        leader.setdefault(first, first)
        for other in others:
            leader.setdefault(other, other)
            leader[find(other)] = find(first)
        items.append((item, first))
    groups: dict[Hashable, list[T]] = {}
    for item, mark in items:
        groups.setdefault(find(mark), []).append(item)
    return list(groups.values())
