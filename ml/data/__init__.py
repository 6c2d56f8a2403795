"""Sources of examples, one file each, and how examples are divided."""

from ml.data.dataset import Dataset, Images, Labels
from ml.data.findings import findings
from ml.data.load import load_dataset
from ml.data.split import Parts, divide

__all__ = ["Dataset", "Images", "Labels", "Parts", "divide", "findings", "load_dataset"]
