"""Ranges of bytes (RFC 9110 section 14): what comes is the slice that was asked for, or the whole."""

from __future__ import annotations

import hashlib
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.routes.downloads import find_range
from api.settings import ApiSettings
from db import blobs, reports
from db.engine import Database
from db.reports import MadeFile
from storage import open_store
from tests.api.conftest import Api, assert_problem
from tests.factories import claim
from trainshed.errors import RangeNotSatisfiable

CONTENT = bytes(range(256)) * 4
ETAG = f'"{hashlib.sha256(CONTENT).hexdigest()}"'

numbers = st.one_of(st.integers(0, 20), st.sampled_from([2**63, 10**19 - 1]))


@given(size=st.integers(0, 12), first=numbers, last=numbers)
def test_a_range_from_one_byte_to_another_is_a_slice(size: int, first: int, last: int) -> None:
    content = bytes(range(size))
    expected = content[first : last + 1]
    if last < first:
        assert find_range(f"bytes={first}-{last}", size) is None
    elif not expected:
        with pytest.raises(RangeNotSatisfiable):
            find_range(f"bytes={first}-{last}", size)
    else:
        found = find_range(f"bytes={first}-{last}", size)
        assert found is not None
        assert content[found.start : found.stop] == expected


@given(size=st.integers(1, 12), number=numbers)
def test_open_ends_and_suffixes_are_slices(size: int, number: int) -> None:
    content = bytes(range(size))
    for header, expected in [
        (f"bytes={number}-", content[number:]),
        (f"bytes=-{number}", content[-number:] if number else b""),
    ]:
        if expected:
            found = find_range(header, size)
            assert found is not None
            assert content[found.start : found.stop] == expected
        else:
            with pytest.raises(RangeNotSatisfiable):
                find_range(header, size)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-4",
        "bytes=0-1,3-4",
        "lines=0-1",
        "bytes=0-1 junk",
        "bytes=\u0661-\u0662",
        f"bytes={'9' * 5_000}-",
    ],
)
def test_what_is_no_single_range_asks_for_the_whole(header: str | None) -> None:
    assert find_range(header, 10) is None


def test_the_last_bytes_of_an_empty_content_are_the_whole_of_it() -> None:
    assert find_range("bytes=-5", 0) is None


@pytest.fixture
def path(api: Api, database: Database, settings: ApiSettings) -> str:
    job_id = api.submit()
    blob = open_store(settings.store_url).put_file(io.BytesIO(CONTENT))
    with database.begin() as conn:
        assert blobs.touch(conn, blob.digest, blob.size)
        reports.add_artifacts(conn, claim(conn).lease, [MadeFile("file", blob.digest, blob.size, "text/plain")])
    return f"/jobs/{job_id}/artifacts/file"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(first=st.integers(0, len(CONTENT) - 1), length=st.integers(1, len(CONTENT) * 2))
def test_a_range_of_an_artifact_is_the_slice_of_its_bytes(api: Api, path: str, first: int, length: int) -> None:
    answer = api.get(path, headers={"Range": f"bytes={first}-{first + length - 1}"})
    expected = CONTENT[first : first + length]
    assert (answer.status_code, answer.content) == (206, expected)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(expected) - 1}/{len(CONTENT)}"
    assert answer.headers["content-length"] == str(len(expected))
    assert answer.headers["etag"] == ETAG


def test_a_download_in_two_halves_is_the_whole(api: Api, path: str) -> None:
    first = api.get(path, headers={"Range": "bytes=0-99"})
    rest = api.get(path, headers={"Range": "bytes=100-", "If-Range": first.headers["etag"]})
    assert (rest.status_code, first.content + rest.content) == (206, CONTENT)
    assert api.get(path, headers={"Range": "bytes=-24"}).content == CONTENT[-24:]


@pytest.mark.parametrize("if_range", ['"other"', f"W/{ETAG}", "Sat, 01 Jan 2022 00:00:00 GMT", ""])
def test_a_range_of_something_else_is_not_sent(api: Api, path: str, if_range: str) -> None:
    answer = api.get(path, headers={"Range": "bytes=100-", "If-Range": if_range})
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["accept-ranges"] == "bytes"
    assert "content-range" not in answer.headers


def test_a_range_beyond_the_end_is_refused_with_the_size(api: Api, path: str) -> None:
    answer = api.get(path, headers={"Range": f"bytes={len(CONTENT)}-"})
    assert assert_problem(answer, 416, "range_not_satisfiable")["facts"] == {"size": len(CONTENT)}
    assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


def test_a_client_that_has_the_bytes_is_spared_a_range_of_them_too(api: Api, path: str) -> None:
    answer = api.get(path, headers={"Range": "bytes=0-1", "If-None-Match": ETAG})
    assert (answer.status_code, answer.content) == (304, b"")
