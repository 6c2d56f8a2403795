"""GET /api/v1/jobs/{id}/artifacts: what is listed can be fetched, and what is damaged never looks whole."""

from __future__ import annotations

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

CONTENT = bytes(range(256)) * 5_000  # more than one chunk of the store
NAMES = ("model.keras", 'deep/er/ä "quoted" <b>.csv', "..\\etc", "a;b\\c.txt")


@pytest.fixture
def job_id(api: Api, database: Database, settings: ApiSettings) -> str:
    made = api.submit()
    blob = open_store(settings.store_url).put_file(io.BytesIO(CONTENT))
    with database.begin() as conn:
        lease = claim(conn).lease
        assert blobs.touch(conn, blob.digest, blob.size)
        files = [MadeFile(name, blob.digest, blob.size, "text/html") for name in NAMES]
        reports.add_artifacts(conn, lease, files)
    return made


def blob_file(settings: ApiSettings) -> Path:
    digest = hashlib.sha256(CONTENT).hexdigest()
    return next(path for path in Path(settings.store_url).rglob("*") if path.name == digest[2:])


def test_the_list_names_each_file_with_size_and_sha256(api: Api, job_id: str) -> None:
    items = api.get(f"/jobs/{job_id}/artifacts").json()["items"]
    assert sorted(item["path"] for item in items) == sorted(NAMES)
    assert {item["size"] for item in items} == {len(CONTENT)}
    assert {item["sha256"] for item in items} == {hashlib.sha256(CONTENT).hexdigest()}


@pytest.mark.parametrize("name", NAMES)
def test_a_download_has_the_bytes_and_is_saved_and_never_shown_by_a_browser(api: Api, job_id: str, name: str) -> None:
    answer = api.get(f"/jobs/{job_id}/artifacts/{quote(name)}")
    assert answer.status_code == 200, answer.text
    assert answer.content == CONTENT
    assert answer.headers["etag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="')
    assert disposition.endswith(f"filename*=UTF-8''{quote(name.rpartition('/')[2], safe='')}")


def test_a_client_that_has_the_bytes_is_spared_them(api: Api, job_id: str) -> None:
    etag = f'"{hashlib.sha256(CONTENT).hexdigest()}"'
    answer = api.get(f"/jobs/{job_id}/artifacts/model.keras", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)


@pytest.mark.parametrize("path", ["nope", "../model.keras", "%2e%2e/x", "%00", "model.keras/"])
def test_what_the_job_did_not_make_is_not_found(api: Api, job_id: str, path: str) -> None:
    assert api.get(f"/jobs/{job_id}/artifacts/{path}").status_code == 404


def test_another_project_gets_nothing(api: Api, job_id: str) -> None:
    assert_problem(api.get(f"/jobs/{job_id}/artifacts", as_="other"), 404, "not_found")
    assert_problem(api.get(f"/jobs/{job_id}/artifacts/model.keras", as_="other"), 404, "not_found")


def test_a_blob_that_is_gone_is_an_error_that_names_no_folder(api: Api, job_id: str, settings: ApiSettings) -> None:
    blob_file(settings).unlink()
    answer = api.get(f"/jobs/{job_id}/artifacts/model.keras")
    assert_problem(answer, 500, "internal")
    assert settings.store_url not in answer.text


def test_damaged_bytes_never_arrive_whole(api: Api, job_id: str, settings: ApiSettings) -> None:
    path = blob_file(settings)
    path.chmod(0o600)
    path.write_bytes(CONTENT[:-1] + b"x")
    answer = api.get(f"/jobs/{job_id}/artifacts/model.keras")
    assert len(answer.content) < int(answer.headers["content-length"])


def test_a_small_blob_that_is_damaged_is_an_error(api: Api, job_id: str, settings: ApiSettings) -> None:
    path = blob_file(settings)
    path.chmod(0o600)
    path.write_bytes(b"small")
    assert_problem(api.get(f"/jobs/{job_id}/artifacts/model.keras"), 500, "internal")
