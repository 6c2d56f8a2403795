"""What an operator may say to a worker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from db.settings import LoopSettings


class WorkerSettings(LoopSettings):
    """Read from `TRAINSHED_...`, or from files of those names in the folder that TRAINSHED_SECRETS_DIR names."""

    broker_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    store_url: str = ".trainshed/store"
    """Where artifacts are kept: a folder, or s3://bucket/prefix."""
    spool: Path = Path(".trainshed/spool")
    """Folder for running attempts; their logs stay here until the database has them."""
    serves: str = "cpu"
    """The pool whose jobs this worker runs."""
    worker_name: str | None = None
    """A name for people. Default: the host's."""
    slots: Annotated[int, Field(ge=1, le=256)] | None = None
    """How many jobs at once. Default: by cores and memory."""
    cpus: Annotated[float, Field(gt=0)] | None = None
    """Cores to share out among the slots. Default: those this process may use."""
    memory_bytes: Annotated[int, Field(gt=0)] | None = None
    """Memory to share out. Default: the machine's, or the limit of the container."""
    gpus: Annotated[int, Field(ge=0)] = 0
    warm: bool = True
    """Fork training jobs from a process that has TensorFlow imported. False: start each one cold."""
    allow_unisolated: bool = False
    """Run programs of users even where this worker cannot hide its own files and secrets from them."""
    job_network: bool = False
    """Let jobs reach the network."""
    data_roots: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders that jobs may read data from, separated by colons."""
    cache_bytes: Annotated[int, Field(ge=0)] = 20 * 2**30
    """How much of uploaded datasets to keep on disk for further jobs. What a running job reads is kept in any case."""
    remote_control: bool = False
    """Switch on Celery's remote control and events, for Flower."""

    @field_validator("data_roots", mode="before")
    @classmethod
    def _split_paths(cls, value: Any) -> Any:
        return tuple(Path(part) for part in value.split(":") if part) if isinstance(value, str) else value
