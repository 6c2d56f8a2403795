"""PUT /api/v1/jobs/{id}/artifacts/{path}: adds a file to a job, and never replaces what the job made."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path
from urllib.parse import quote

import pytest

from api.settings import ApiSettings
from db import blobs, reports
from db.engine import Database
from db.reports import MadeFile
from storage import open_store
from tests.api.conftest import Api, assert_problem
from tests.factories import claim
from trainshed.ids import new_id


@pytest.fixture
def job_id(api: Api) -> str:
    return api.submit()


def make(database: Database, settings: ApiSettings, path: str, content: bytes) -> None:
    """Let the job itself make a file."""
    blob = open_store(settings.store_url).put_file(io.BytesIO(content))
    with database.begin() as conn:
        assert blobs.touch(conn, blob.digest, blob.size)
        reports.add_artifacts(conn, claim(conn).lease, [MadeFile(path, blob.digest, blob.size, "text/plain")])


def digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


@pytest.mark.parametrize("content", [b"", b"notes", bytes(range(256)) * 10_000])
def test_a_file_that_was_added_is_listed_and_can_be_fetched(api: Api, job_id: str, content: bytes) -> None:
    path = 'deep/er/ä "quoted" #?.csv'
    url = f"/jobs/{job_id}/artifacts/{quote(path)}"
    answer = api.request("PUT", url, content=content, headers={"Content-Digest": digest(content)})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/v1{url}"
    artifact = answer.json()
    assert (artifact["path"], artifact["attempt"], artifact["size"]) == (path, 0, len(content))
    assert (artifact["sha256"], artifact["media_type"]) == (hashlib.sha256(content).hexdigest(), "text/csv")
    assert api.get(f"/jobs/{job_id}/artifacts").json()["items"] == [artifact]
    assert api.get(url).content == content


def test_a_body_of_unknown_length_is_taken_too(api: Api, job_id: str) -> None:
    pieces = [b"x" * 70_000] * 40
    answer = api.request("PUT", f"/jobs/{job_id}/artifacts/file", content=iter(pieces))
    assert (answer.status_code, answer.json()["size"]) == (201, 2_800_000)


def test_the_same_bytes_again_change_nothing_and_others_replace_what_was_uploaded(api: Api, job_id: str) -> None:
    url = f"/jobs/{job_id}/artifacts/file"
    first = api.request("PUT", url, content=b"one")
    again = api.request("PUT", url, content=b"one")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    other = api.request("PUT", url, content=b"two")
    assert (other.status_code, other.json()["size"]) == (200, 3)
    assert api.get(url).content == b"two"
    assert len(api.get(f"/jobs/{job_id}/artifacts").json()["items"]) == 1


def test_what_the_job_made_is_never_replaced(api: Api, database: Database, settings: ApiSettings, job_id: str) -> None:
    make(database, settings, "model", b"made")
    url = f"/jobs/{job_id}/artifacts/model"
    assert_problem(api.request("PUT", url, content=b"other"), 409, "already_exists")
    assert api.get(url).content == b"made"
    same = api.request("PUT", url, content=b"made")
    assert (same.status_code, same.json()["attempt"]) == (200, 1)


def test_what_the_job_makes_replaces_what_was_uploaded(
    api: Api, database: Database, settings: ApiSettings, job_id: str
) -> None:
    url = f"/jobs/{job_id}/artifacts/model"
    api.request("PUT", url, content=b"uploaded")
    make(database, settings, "model", b"made")
    assert api.get(url).content == b"made"
    assert_problem(api.request("PUT", url, content=b"again"), 409, "already_exists")


def test_bytes_that_are_not_those_that_were_announced_are_refused_and_leave_nothing(api: Api, job_id: str) -> None:
    url = f"/jobs/{job_id}/artifacts/file"
    answer = api.request("PUT", url, content=b"these", headers={"Content-Digest": digest(b"those")})
    assert_problem(answer, 422, "digest_mismatch")
    assert api.get(f"/jobs/{job_id}/artifacts").json()["items"] == []


@pytest.mark.parametrize(("there", "added"), [("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/b"), ("%_/b", "%_")])
def test_a_path_is_either_a_file_or_a_folder(api: Api, job_id: str, there: str, added: str) -> None:
    assert api.request("PUT", f"/jobs/{job_id}/artifacts/{quote(there)}", content=b"1").status_code == 201
    assert_problem(api.request("PUT", f"/jobs/{job_id}/artifacts/{quote(added)}", content=b"1"), 409, "conflict")
    for beside in ("ab", "a.b", "%x"):
        assert api.request("PUT", f"/jobs/{job_id}/artifacts/{quote(beside)}", content=b"1").status_code == 201


def test_a_job_has_only_so_many_files(api: Api, job_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.artifacts.MOST", 2)
    for path in ("a", "b"):
        assert api.request("PUT", f"/jobs/{job_id}/artifacts/{path}", content=b"1").status_code == 201
    assert_problem(api.request("PUT", f"/jobs/{job_id}/artifacts/c", content=b"1"), 409, "conflict")
    assert api.request("PUT", f"/jobs/{job_id}/artifacts/a", content=b"2").status_code == 200


BAD_PATHS = ["/", "/a", "a/", "a//b", "%2e", "%2e%2e/a", "a/%2e%2e", "a%5Cb", "a%00", "a%01b", "%E2%80%AE", "x" * 1025]


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("path", [*BAD_PATHS, "/".join("a" * 34)])
def test_a_path_that_a_file_may_not_have_is_refused(api: Api, job_id: str, path: str) -> None:
    assert_problem(api.request("PUT", f"/jobs/{job_id}/artifacts/{path}", content=b"1"), 422, "request_invalid")


def test_there_must_be_such_a_job_in_the_project(api: Api, job_id: str) -> None:
    url = f"/jobs/{job_id}/artifacts/file"
    assert_problem(api.request("PUT", url, content=b"1", as_="other"), 404, "not_found")
    assert_problem(api.request("PUT", f"/jobs/{new_id('job')}/artifacts/file", content=b"1"), 404, "not_found")
    assert_problem(api.request("PUT", url, content=b"1", as_="viewer"), 403, "forbidden")


def test_an_upload_leaves_no_temporary_file(
    api: Api, job_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    assert api.request("PUT", f"/jobs/{job_id}/artifacts/file", content=b"x" * 3_000_000).status_code == 201
    assert list(folder.iterdir()) == []
