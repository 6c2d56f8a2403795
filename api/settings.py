"""What an operator may say to the API."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from db.settings import DatabaseSettings

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class ApiSettings(DatabaseSettings):
    """Read from `TRAINSHED_...`, or from files of those names in the folder that TRAINSHED_SECRETS_DIR names."""

    broker_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    store_url: str = ".trainshed/store"
    """Where artifacts are kept: a folder, or s3://bucket/prefix."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Field(ge=1, le=65_535)] = 8321
    threads: Annotated[int, Field(ge=1, le=64)] = 16
    """How many requests work at once. Each may hold one database connection."""
    max_body_bytes: Annotated[int, Field(gt=0)] = 1 << 20
    """Longest body of most requests."""
    max_batch_bytes: Annotated[int, Field(gt=0)] = 1 << 24
    """Longest body of a batch of jobs."""
    max_upload_bytes: Annotated[int, Field(gt=0)] = 1 << 36
    """Longest file that is streamed into the store: a dataset, a part of one, an artifact."""
    elastic_pools: Annotated[tuple[str, ...], NoDecode] = ()
    """Pools, separated by commas, to which larger workers may be added: no job is refused as too large for them."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Host names to answer to, separated by commas. Default: this machine's own while it listens there alone."""
    metrics_public: bool | None = None
    """Answer /metrics without a key. Default: only while it listens on this machine alone."""
    requests_per_minute: Annotated[int, Field(ge=0)] = 60_000
    """How many requests one key may send to one process of the API. 0: as many as it likes."""
    wrong_keys_per_minute: Annotated[int, Field(ge=0)] = 120
    """How many requests without a valid key are answered 401 to one address; further ones are 429. 0: all of them."""
    admin_key_file: Path | None = None
    """Keep the key of an administrator in this file (0600). For local mode."""

    @field_validator("elastic_pools", "allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def shows_metrics(self) -> bool:
        """Whether /metrics needs no key."""
        return self.host in _LOOPBACK if self.metrics_public is None else self.metrics_public

    @property
    def hosts(self) -> frozenset[str] | None:
        """Host names to answer to; None: any. A page of another site that resolves to this machine is not answered."""
        if self.allowed_hosts:
            return None if "*" in self.allowed_hosts else frozenset(self.allowed_hosts)
        return frozenset(_LOOPBACK) if self.host in _LOOPBACK else None
