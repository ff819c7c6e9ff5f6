"""What every adapter with an act table says of it; the table is loaded when something of it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cockpit.model.plan import Act
from cockpit.model.rights import Right
from cockpit.planning.act_table import ActTable


class TableAdapter:
    """The part of an `Adapter` that follows from its act table."""

    @property
    def table(self) -> ActTable[Any]:
        """The table. Adapters import it here: most commands plan no act."""
        raise NotImplementedError

    @property
    def writes(self) -> Mapping[Act, tuple[Right, ...]]:
        return self.table.writes_by_act
