"""What an operator may say to a reconciler."""

from __future__ import annotations

from pydantic import SecretStr

from db.settings import LoopSettings


class ReconcilerSettings(LoopSettings):
    """Read from `TRAINSHED_...`, or from files of those names in the folder that TRAINSHED_SECRETS_DIR names."""

    broker_url: SecretStr = SecretStr("redis://127.0.0.1:6379/0")
    store_url: str | None = None
    """Where artifacts are kept, as the API and the workers are told. None: logs and garbage are left as they are."""
    collect_garbage: bool = True
    """Take blobs away from the store that the database does not name."""
