"""Where the database is."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class DatabaseSettings(BaseSettings):
    """Read from `TRAINSHED_...`, or from files of those names in the folder that TRAINSHED_SECRETS_DIR names."""

    model_config = SettingsConfigDict(
        env_prefix="TRAINSHED_", secrets_dir=os.environ.get("TRAINSHED_SECRETS_DIR"), extra="ignore"
    )

    database_url: SecretStr = SecretStr("sqlite:///.trainshed/trainshed.db")


class LoopSettings(DatabaseSettings):
    """What the processes have in common that answer no request, so that nobody can ask them how they are."""

    pulse_file: Path | None = None
    """Touch this file at least every few seconds, for a healthcheck."""
