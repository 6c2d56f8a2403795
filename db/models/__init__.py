"""The tables, one a file."""

from db.models.api_key import ApiKey
from db.models.artifact import Artifact
from db.models.attempt import Attempt
from db.models.base import Base
from db.models.blob import Blob
from db.models.checkpoint import Checkpoint
from db.models.dataset import Dataset
from db.models.dataset_use import DatasetUse
from db.models.dataset_version import DatasetVersion
from db.models.dependency import Dependency
from db.models.event import Event
from db.models.idempotency_key import IdempotencyKey
from db.models.job import Job
from db.models.log_chunk import LogChunk
from db.models.metric_block import MetricBlock
from db.models.metric_point import MetricPoint
from db.models.metric_series import MetricSeries
from db.models.pool_counter import PoolCounter
from db.models.project import Project
from db.models.retention_policy import RetentionPolicy
from db.models.upload import Upload
from db.models.upload_part import UploadPart
from db.models.worker import Worker

__all__ = [
    "ApiKey",
    "Artifact",
    "Attempt",
    "Base",
    "Blob",
    "Checkpoint",
    "Dataset",
    "DatasetUse",
    "DatasetVersion",
    "Dependency",
    "Event",
    "IdempotencyKey",
    "Job",
    "LogChunk",
    "MetricBlock",
    "MetricPoint",
    "MetricSeries",
    "PoolCounter",
    "Project",
    "RetentionPolicy",
    "Upload",
    "UploadPart",
    "Worker",
]
