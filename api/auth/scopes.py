"""Scopes: what a key may do at most, beside what its role allows."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """One kind of thing, and whether it is read or changed."""

    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    DATASETS_READ = "datasets:read"
    DATASETS_WRITE = "datasets:write"
    WORKERS_READ = "workers:read"
    WORKERS_WRITE = "workers:write"
    TOKENS_WRITE = "tokens:write"
    """Also to list them."""
    RETENTION_READ = "retention:read"
    RETENTION_WRITE = "retention:write"
