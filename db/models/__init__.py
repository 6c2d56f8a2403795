"""The tables, one a file."""

from db.models.api_key import ApiKey
from db.models.artifact import Artifact
from db.models.attempt import Attempt
from db.models.base import Base
from db.models.blob import Blob
from db.models.dependency import Dependency
from db.models.event import Event
from db.models.idempotency_key import IdempotencyKey
from db.models.job import Job
from db.models.log_chunk import LogChunk
from db.models.metric_point import MetricPoint
from db.models.metric_series import MetricSeries
from db.models.project import Project
from db.models.worker import Worker

__all__ = [
    "ApiKey",
    "Artifact",
    "Attempt",
    "Base",
    "Blob",
    "Dependency",
    "Event",
    "IdempotencyKey",
    "Job",
    "LogChunk",
    "MetricPoint",
    "MetricSeries",
    "Project",
    "Worker",
]
