"""Where artifacts and datasets lie: blobs named by their SHA-256, in a folder or in a bucket.

    store = open_store("s3://bucket/prefix")
    blob = store.put_file(Path("model.keras"))
    store.fetch_to(blob.digest, Path("copy.keras"))

A blob that can be seen is complete and durable. What is read whole is verified; bytes that do not match are never
handed over as if they did.
"""

from storage.blobs import BlobRef, StoredBlob
from storage.bucket import BucketStore
from storage.errors import BlobCorrupt, BlobMissing, StoreError, StoreFull, StoreUnavailable
from storage.folder import FolderStore
from storage.locate import open_store
from storage.store import Store

__all__ = [
    "BlobCorrupt",
    "BlobMissing",
    "BlobRef",
    "BucketStore",
    "FolderStore",
    "Store",
    "StoreError",
    "StoreFull",
    "StoreUnavailable",
    "StoredBlob",
    "open_store",
]
