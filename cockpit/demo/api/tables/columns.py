"""What a table is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Cells = list[Any]
Printer = Callable[[dict[str, Any], float], Cells]


@dataclass(frozen=True)
class Column:
    """One column; priority 1 shows only with `-o wide`."""

    name: str
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The column as `columnDefinitions` has it."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description or self.name,
            "priority": self.priority,
        }


@dataclass(frozen=True)
class TableForm:
    """The columns of a kind, and its objects' cells at a time (Unix seconds)."""

    columns: tuple[Column, ...]
    cells: Printer


NAME = Column("Name", format="name")
AGE = Column("Age")


def columns(names: Sequence[str], *, integers: Sequence[str] = (), wide: Sequence[str] = ()) -> tuple[Column, ...]:
    """Columns after the name: those in `integers` are numbers, those in `wide` are of low priority."""
    return (
        NAME,
        *(
            Column(name, "integer" if name in integers else "string", priority=1 if name in wide else 0)
            for name in names
        ),
    )
