"""Every store under one contract: a local folder, and obstore's memory in the place of a bucket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import obstore
import pytest
from obstore.store import MemoryStore

from storage import BucketStore, FolderStore, Store
from storage.blobs import key_of


@dataclass(frozen=True)
class StoreUnderTest:
    """A store, and the means to look and to do damage behind its back."""

    store: Store
    overwrite: Callable[[str, bytes], object]
    list_keys: Callable[[], list[str]]
    litter: Callable[[str], object]
    """Puts something under a key that is no blob's."""


@pytest.fixture(params=["folder", "bucket"])
def under_test(request: pytest.FixtureRequest, tmp_path: Path) -> StoreUnderTest:
    return _folder(tmp_path / "store") if request.param == "folder" else _bucket()


@pytest.fixture
def store(under_test: StoreUnderTest) -> Store:
    return under_test.store


def _folder(root: Path) -> StoreUnderTest:
    def overwrite(digest: str, content: bytes) -> None:
        path = root / key_of(digest)
        path.chmod(0o600)
        path.write_bytes(content)

    def list_keys() -> list[str]:
        return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())

    return StoreUnderTest(FolderStore(root), overwrite, list_keys, lambda key: (root / key).write_bytes(b"litter"))


def _bucket() -> StoreUnderTest:
    objects = MemoryStore()

    def overwrite(digest: str, content: bytes) -> None:
        obstore.put(objects, key_of(digest), content)

    def list_keys() -> list[str]:
        return sorted(entry["path"] for page in obstore.list(objects) for entry in page)

    return StoreUnderTest(BucketStore(objects), overwrite, list_keys, lambda key: obstore.put(objects, key, b"litter"))
