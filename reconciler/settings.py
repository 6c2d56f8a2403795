"""What an operator may say to a reconciler."""

from __future__ import annotations

import os

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class ReconcilerSettings(BaseSettings):
    """Read from `TRAINSHED_...`, or from files of those names in the folder that TRAINSHED_SECRETS_DIR names."""

    model_config = SettingsConfigDict(
        env_prefix="TRAINSHED_", secrets_dir=os.environ.get("TRAINSHED_SECRETS_DIR"), extra="ignore"
    )

    database_url: SecretStr = SecretStr("sqlite:///.trainshed/trainshed.db")
    broker_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
