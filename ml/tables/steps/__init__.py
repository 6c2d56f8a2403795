"""Steps of tables: what each is fitted to on the train part, and does to any rows ever after."""

from ml.tables.steps.registry import FITS, AnyFitted

__all__ = ["FITS", "AnyFitted"]
