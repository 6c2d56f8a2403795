"""`trainshed admin` as a real process: on a database of its own, and in the data folder of `trainshed up`."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from db import blobs, reports, retention
from db.blobs import GRACE_S
from db.engine import Database
from db.reports import MadeFile
from db.retention import Policy, Rule
from standalone.folder import DataFolder
from storage import FolderStore
from storage.blobs import key_of
from tests.factories import claim, end, make_project, submit
from trainshed.cli import admin

TRAINSHED = Path(sys.executable).parent / "trainshed"


class Installation:
    """A database and a store that an operator looks after."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.folder = folder
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(folder), **environ}

    def run(self, *arguments: str, code: int, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [TRAINSHED, "admin", *arguments]
        done = subprocess.run(
            command, env=self.environ, cwd=cwd or self.folder, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    def document(self, *arguments: str, code: int) -> Any:
        return json.loads(self.run(*arguments, "-o", "json", code=code).stdout)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def digest(database: Database, store: FolderStore) -> str:
    """The blob of a finished job; another one is named by nothing."""
    stored = [
        blobs.store_for_keeps(database, lambda content=content: store.put_file(io.BytesIO(content)), store.exists)  # type: ignore[misc]
        for content in (b"weights", b"garbage!")
    ]
    with database.begin() as conn:
        make_project(conn)
        submit(conn)
        won = claim(conn)
        reports.add_artifacts(conn, won.lease, [MadeFile("model", stored[0].digest, 7, "text/plain")])
        end(conn, won)
        conn.execute(text("UPDATE blob SET touched_at = touched_at - :s"), {"s": GRACE_S + 1})
    return stored[0].digest


@pytest.fixture
def installation(database_url: str, store: FolderStore, tmp_path: Path) -> Installation:
    settings = {"TRAINSHED_DATABASE_URL": database_url, "TRAINSHED_STORE_URL": str(store.root)}
    return Installation(tmp_path, settings)


def test_a_sound_installation_is_clean_and_a_damaged_one_is_not(
    installation: Installation, database: Database, store: FolderStore, digest: str
) -> None:
    assert installation.run("check", code=0).stdout == "Nothing was found.\n"
    done = installation.run("check", "--digests", code=0)
    assert "read 1 of 1 blobs" in done.stderr
    path = store.root / key_of(digest)
    path.chmod(0o600)
    path.write_bytes(b"WEIGHTS")
    assert installation.document("check", code=0) == {"findings": []}
    (finding,) = installation.document("check", "--digests", "--quiet", code=1)["findings"]
    assert (finding["code"], finding["subject"]) == ("blob_corrupt", digest)
    assert "→ " in installation.run("check", "--digests", code=1).stdout


def test_garbage_is_counted_and_then_removed(
    installation: Installation, database: Database, store: FolderStore, digest: str
) -> None:
    tried = installation.document("gc", "--dry-run", code=0)
    assert tried == {"blobs": 1, "orphans": 0, "bytes": 8, "dry_run": True}
    assert installation.document("gc", code=0) == tried | {"dry_run": False}
    assert "0 blobs" in installation.run("gc", code=0).stdout
    assert b"".join(store.open(digest)) == b"weights"


def test_what_the_policies_would_remove_is_shown_of_each_project(
    installation: Installation, database: Database, digest: str
) -> None:
    assert "No project has a policy" in installation.run("retention", "--dry-run", code=0).stdout
    with database.begin() as conn:
        retention.set_policy(conn, "prj_test", Policy(jobs=Rule(count=0)))
    (item,) = installation.document("retention", "--dry-run", code=0)["items"]
    assert (item["project"], item["jobs"]["jobs"], item["jobs"]["bytes"]) == ("prj_test", 1, 7)
    assert "prj_test: would remove 1 jobs" in installation.run("retention", "--dry-run", code=0).stdout
    assert "--dry-run" in installation.run("retention", code=2).stderr


def test_without_a_store_the_database_alone_is_checked_and_nothing_is_collected(
    installation: Installation, digest: str
) -> None:
    del installation.environ["TRAINSHED_STORE_URL"]
    assert "TRAINSHED_STORE_URL" in installation.run("check", code=0).stderr
    assert "TRAINSHED_STORE_URL" in installation.run("gc", code=3).stderr


def test_a_database_that_does_not_answer_is_no_clean_one(installation: Installation) -> None:
    installation.environ["TRAINSHED_DATABASE_URL"] = "postgresql://nobody:secret@127.0.0.1:1/none"
    done = installation.run("check", code=3)
    assert done.stderr.startswith("error: ")
    assert "secret" not in done.stderr


# --- local mode ---


@pytest.fixture
def local(tmp_path: Path, sqlite_template: Path) -> Installation:
    """The data folder of a `trainshed up` that has stopped."""
    folder = DataFolder(tmp_path / "project" / ".trainshed")
    folder.open()
    shutil.copy(sqlite_template, folder.path / "trainshed.db")
    folder.close()
    return Installation(tmp_path / "project", {})


def test_the_folder_of_trainshed_up_is_found_from_below_it(local: Installation) -> None:
    below = local.folder / "src" / "deep"
    below.mkdir(parents=True)
    assert local.run("check", code=0, cwd=below).stdout == "Nothing was found.\n"
    assert "0 blobs" in local.run("gc", code=0, cwd=below).stdout


def test_the_folder_may_be_named(local: Installation, tmp_path: Path) -> None:
    data = str(local.folder / ".trainshed")
    assert local.run("check", "--data-dir", data, code=0, cwd=tmp_path).stdout == "Nothing was found.\n"
    local.environ["TRAINSHED_DATA_DIR"] = data
    assert local.run("check", code=0, cwd=tmp_path).stdout == "Nothing was found.\n"


def test_where_there_is_no_folder_it_is_said_and_none_is_made(local: Installation, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "TRAINSHED_DATABASE_URL" in local.run("check", code=3, cwd=empty).stderr
    assert "no data folder" in local.run("check", "--data-dir", str(empty), code=3).stderr
    local.environ["TRAINSHED_DATABASE_URL"] = f"sqlite:///{empty / 'absent.db'}"
    assert "no database" in local.run("check", code=3).stderr
    assert list(empty.iterdir()) == []


def test_database_and_store_are_those_of_trainshed_up(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    folder.open()
    (folder.path / "trainshed.db").touch()
    environ = admin._environment(folder.path, {"TRAINSHED_SECRETS_DIR": "elsewhere"}, tmp_path)
    assert environ == {"TRAINSHED_DATABASE_URL": folder.database_url, "TRAINSHED_STORE_URL": str(folder.store)}
    folder.close()


def test_where_the_server_is_not_installed_it_says_so(local: Installation, tmp_path: Path) -> None:
    """A Python that has the client alone: the checkout is not on its path."""
    code = (
        "import sys, importlib.util\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: None if name == 'reconciler' else find(name, *more)\n"
        "sys.argv = ['trainshed', 'admin', 'check']\n"
        "from trainshed.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=local.environ, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "image" in done.stderr
