"""From an address to a store."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import MemoryStore, from_url

from storage.bucket import BucketStore
from storage.errors import StoreError, StoreUnavailable
from storage.folder import FolderStore
from storage.store import Store

_BUCKETS: Final = frozenset({"s3", "s3a", "gs", "az", "azure", "adl", "abfs", "abfss"})
_ABANDONED_AFTER_S: Final = 86_400.0


def open_store(url: str) -> Store:
    """Return the store at `url`: a path, `file:///path`, `s3://bucket/prefix`, `gs://...`, `az://...` or `memory:///`.

    Credentials of a bucket come from the environment, under the names its provider uses. Raises `StoreError`.
    """
    scheme = urlsplit(url).scheme
    if scheme in ("", "file"):
        return _open_folder(url)
    if scheme == "memory":
        return BucketStore(MemoryStore())
    if scheme in _BUCKETS:
        return _open_bucket(url)
    known = ", ".join(["file", "memory", *sorted(_BUCKETS)])
    raise StoreError(f"no store is known for {scheme}:// (known: {known})", remedy="Correct TRAINSHED_STORE_URL.")


def _open_folder(url: str) -> FolderStore:
    path = unquote(url.removeprefix("file://")) if url.startswith("file://") else url
    store = FolderStore(Path(path).expanduser())
    store.discard_abandoned(before=time.time() - _ABANDONED_AFTER_S)
    return store


def _open_bucket(url: str) -> BucketStore:
    try:
        objects = from_url(
            url,
            client_options={"connect_timeout": timedelta(seconds=5), "timeout": timedelta(seconds=60)},
            retry_config={"max_retries": 5, "retry_timeout": timedelta(seconds=60)},
        )
    except (BaseError, ValueError) as error:
        first_line = str(error).partition("\n")[0]
        raise StoreUnavailable(f"cannot open the store {url}: {first_line}") from error
    return BucketStore(objects)
