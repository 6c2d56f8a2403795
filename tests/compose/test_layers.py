"""The search of an image's layers finds what is there, however the engine writes it out."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable

import pytest

from tests.compose.layers import found_in, plain

TEXTS = [b"password", b"another"]


def test_a_text_that_goes_over_from_one_chunk_to_the_next_is_found() -> None:
    assert found_in([b"..pass", b"wo", b"rd.."], TEXTS) == {b"password"}


def test_what_is_not_there_is_not_found() -> None:
    assert found_in([b"pass", b"-word", b""], TEXTS) == set()


@pytest.mark.parametrize("packed", [lambda data: data, gzip.compress])
def test_a_layer_is_searched_packed_or_not(packed: Callable[[bytes], bytes]) -> None:
    layer = packed(b"x" * 3_000_000 + b"another" + b"y" * 3_000_000)
    assert found_in(plain(io.BytesIO(layer)), TEXTS) == {b"another"}
