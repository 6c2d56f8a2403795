"""Tables with a label in each row: read, checked, and turned into the numbers that a network takes."""

from ml.tables.encoding import Encoding, encode, fit_encoding
from ml.tables.findings import table_findings
from ml.tables.load import load_quantities, load_table
from ml.tables.preparation import Encoder, Preparation, encoder, fit_preparation
from ml.tables.table import Categories, Column, Numbers, QuantityTable, Table

__all__ = [
    "Categories",
    "Column",
    "Encoder",
    "Encoding",
    "Numbers",
    "Preparation",
    "QuantityTable",
    "Table",
    "encode",
    "encoder",
    "fit_encoding",
    "fit_preparation",
    "load_quantities",
    "load_table",
    "table_findings",
]
