"""What can go wrong with a store, as one tree.

    StoreError
    ├── BlobMissing         nothing is stored under this digest
    ├── BlobCorrupt         what is stored under this digest has another one
    ├── StoreFull           no space is left
    └── StoreUnavailable    the store does not answer, or refuses

All are `TrainshedError`s, so the API answers them like any other. On the wire they carry the codes of their kind:
`internal` for a broken promise, `unavailable` for what may pass.
"""

from __future__ import annotations

from trainshed.errors import Internal, TrainshedError, Unavailable


class StoreError(TrainshedError):
    code = Internal.code
    title = "The artifact store failed"
    remedy = "The server's log has the details."


class BlobMissing(StoreError):
    title = "The bytes are not in the store"
    remedy = "Check that every process uses the same TRAINSHED_STORE_URL, and restore the store from its backup."


class BlobCorrupt(StoreError):
    title = "The bytes in the store are damaged"
    remedy = "Check the disk or bucket, and restore the blob from its backup."


class StoreFull(StoreError):
    code = Unavailable.code
    status = 503
    title = "No space is left"
    remedy = "Free space on the disk of the store, or move the store to a larger one."


class StoreUnavailable(StoreError):
    code = Unavailable.code
    status = 503
    title = "The artifact store does not answer"
    remedy = "Check TRAINSHED_STORE_URL, its credentials and the network between this machine and the store."
