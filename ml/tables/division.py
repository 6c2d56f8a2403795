"""Divides the rows of a table, whatever is to be learned."""

from __future__ import annotations

from ml.data import Parts, divide
from ml.data.split import divide_evenly
from ml.tables.table import AnyTable, QuantityTable, Table
from trainshed.specs import Split


def divide_table(table: AnyTable, split: Split) -> Parts:
    """Divide by classes where there are some. Raises `InvalidData` when a part or a class would come out empty."""
    return divide(table, split) if isinstance(table, Table) else divide_quantities(table, split)


def divide_quantities(table: QuantityTable, split: Split) -> Parts:
    """Divide rows that have a quantity each. Raises `InvalidData` when a part would come out empty."""
    return divide_evenly(len(table.quantities), split, table)
