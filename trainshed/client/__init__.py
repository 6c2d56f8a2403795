"""The Python client of Trainshed. See `Client`."""

from trainshed.client.client import Client
from trainshed.client.events import ProjectEvent
from trainshed.client.job import Job
from trainshed.client.patience import Patience
from trainshed.client.table import MetricTable

__all__ = ["Client", "Job", "MetricTable", "Patience", "ProjectEvent"]
