"""What the bucket does beyond the contract."""

from __future__ import annotations

import io
from pathlib import Path

import obstore
import pytest
from obstore.store import MemoryStore, S3Store

from storage import BucketStore, StoreError, StoreUnavailable
from tests.servers import free_port


class ChangingFile(io.BytesIO):
    """A file that somebody writes to after it was read once."""

    def seek(self, offset: int, whence: int = 0) -> int:
        self.getbuffer()[0:1] = b"X"
        return super().seek(offset, whence)


@pytest.mark.parametrize("size", [10, 8 << 20], ids=["one request", "multipart"])
def test_a_file_that_changes_while_it_is_sent_is_not_stored(size: int) -> None:
    objects = MemoryStore()

    with pytest.raises(StoreError, match="changed while"):
        BucketStore(objects).put_file(ChangingFile(bytes(size)))

    assert list(obstore.list(objects)) == []


def test_bytes_that_are_there_already_are_not_sent_again() -> None:
    objects = MemoryStore()
    store = BucketStore(objects)
    store.put_file(io.BytesIO(b"same"))
    before = [entry["e_tag"] for page in obstore.list(objects) for entry in page]

    store.put_file(io.BytesIO(b"same"))

    assert [entry["e_tag"] for page in obstore.list(objects) for entry in page] == before


def test_a_bucket_that_does_not_answer_is_unavailable(tmp_path: Path) -> None:
    objects = S3Store(
        "bucket",
        endpoint=f"http://127.0.0.1:{free_port()}",
        skip_signature=True,
        region="none",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    store = BucketStore(objects)

    for action in (
        lambda: store.put_file(io.BytesIO(b"x")),
        lambda: store.open("0" * 64),
        lambda: store.size("0" * 64),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            action()
        assert "\n" not in caught.value.detail
