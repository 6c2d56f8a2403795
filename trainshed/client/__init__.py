"""The Python client of Trainshed. See `Client`."""

from trainshed.client.client import Client
from trainshed.client.patience import Patience

__all__ = ["Client", "Patience"]
