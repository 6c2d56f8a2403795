"""API keys: their form, who holds one, and how they end."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from api.auth.issue import ensure_admin_key, issue_key
from api.auth.keys import _checksum, new_key, read_key
from api.auth.roles import Role
from api.auth.verify import REMEMBERED_S, Verifier
from db import keys as stored
from db.engine import Database
from tests.api.conftest import Api, assert_problem
from tests.factories import PROJECT
from tests.servers import wait_until


def key_id(text_: str) -> str:
    return "key_" + text_.split("_")[1]


def test_a_key_has_256_bits_and_a_checksum_that_finds_each_wrong_character() -> None:
    text_ = new_key()
    prefix, id_, secret, checksum = text_.split("_")
    assert (prefix, len(id_), len(secret), len(checksum)) == ("trs", 12, 43, 6)
    key = read_key(text_)
    assert key is not None
    assert key.id == f"key_{id_}"
    assert key.secret_sha256 == hashlib.sha256(secret.encode()).hexdigest()
    assert secret not in repr(key)
    for place in range(4, len(text_)):
        wrong = text_[:place] + ("a" if text_[place] != "a" else "b") + text_[place + 1 :]
        assert read_key(wrong) is None


@pytest.mark.parametrize(
    "text_",
    ["", "trs", "trs___", "x" * 10_000, new_key() + "\n", new_key()[:-1], "trs_\0"],
    ids=["empty", "prefix", "no parts", "long", "line end", "cut", "nul"],
)
def test_what_has_not_the_form_is_no_key(text_: str) -> None:
    assert read_key(text_) is None


def test_only_the_hash_of_a_secret_is_stored(keys: dict[str, str], database: Database) -> None:
    with database.read() as conn:
        dump = repr(conn.execute(text("SELECT * FROM api_key")).all())
    for key in keys.values():
        assert key.split("_")[2] not in dump
        assert hashlib.sha256(key.split("_")[2].encode()).hexdigest() in dump


def other_secret(key: str) -> str:
    """A key with the identifier of `key`, another secret, and a checksum that fits."""
    body = f"trs_{key.split('_')[1]}_{new_key().split('_')[2]}"
    return f"{body}_{_checksum(body)}"


def test_unknown_and_wrong_keys_are_told_apart_by_nobody(api: Api) -> None:
    wrong = (new_key(), other_secret(api.keys["admin"]), "nonsense")
    answers = [api.get("/jobs", as_=None, headers={"Authorization": f"Bearer {key}"}) for key in wrong]
    problems = [assert_problem(answer, 401, "unauthenticated") for answer in answers]
    assert len({problem["detail"] for problem in problems}) == 1


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic {key}", "{key}", "Token {key}", "Bearer {key} x"])
def test_a_header_of_another_form_carries_no_key(api: Api, header: str) -> None:
    value = header.format(key=api.keys["admin"])
    assert_problem(api.get("/jobs", as_=None, headers={"Authorization": value}), 401, "unauthenticated")


def test_a_key_in_the_query_or_a_cookie_is_no_key(api: Api) -> None:
    key = api.keys["admin"]
    assert api.get(f"/workers?token={key}&access_token={key}", as_=None).status_code == 401
    assert api.get("/workers", as_=None, headers={"Cookie": f"Authorization=Bearer {key}"}).status_code == 401


def test_a_revoked_key_ends_within_a_second(api: Api, database: Database) -> None:
    assert api.get("/jobs", as_="viewer").status_code == 200
    with database.begin() as conn:
        assert stored.revoke_key(conn, key_id(api.keys["viewer"]))
    wait_until(lambda: api.get("/jobs", as_="viewer").status_code == 401, what="the key to end")
    assert REMEMBERED_S <= 1


def test_a_verified_key_is_believed_no_longer_than_its_time(database: Database, keys: dict[str, str]) -> None:
    now = 0.0
    verifier = Verifier(database, now=lambda: now)

    async def verdicts() -> list[bool]:
        nonlocal now
        found = [await verifier.verify(keys["viewer"]) is not None]
        with database.begin() as conn:
            stored.revoke_key(conn, key_id(keys["viewer"]))
        for moment in (0.99, 1.0):
            now = moment
            found.append(await verifier.verify(keys["viewer"]) is not None)
        return found

    assert asyncio.run(verdicts()) == [True, True, False]


def test_an_expired_key_is_none(database: Database, keys: dict[str, str]) -> None:
    with database.begin() as conn:
        fresh = issue_key(conn, PROJECT, "fresh", Role.VIEWER, expires_in_s=60)
        stale = issue_key(conn, PROJECT, "stale", Role.VIEWER, expires_in_s=-1)
    verifier = Verifier(database)
    assert verifier.look_up(fresh) is not None
    assert verifier.look_up(stale) is None


def test_the_use_of_a_key_is_noted_once_a_minute(database: Database, keys: dict[str, str]) -> None:
    def noted() -> float | None:
        query = text("SELECT last_used_at FROM api_key WHERE id = :id")
        with database.read() as conn:
            at: float | None = conn.execute(query, {"id": key_id(keys["viewer"])}).scalar_one()
            return at

    verifier = Verifier(database)
    assert noted() is None
    verifier.look_up(keys["viewer"])
    first = noted()
    assert first is not None
    verifier.look_up(keys["viewer"])
    assert noted() == first
    with database.begin() as conn:
        conn.execute(text("UPDATE api_key SET last_used_at = last_used_at - 61"))
    verifier.look_up(keys["viewer"])
    assert (noted() or 0) >= first


def test_the_admin_key_file_is_private_and_kept_while_its_key_is_valid(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "admin.key"
    before = os.umask(0)
    try:
        ensure_admin_key(database, path)
    finally:
        os.umask(before)
    first = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    principal = Verifier(database).look_up(first.strip())
    assert principal is not None
    assert principal.role is Role.ADMIN

    path.chmod(0o644)
    ensure_admin_key(database, path)
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == (first, 0o600)

    with database.begin() as conn:
        stored.revoke_key(conn, key_id(first))
    ensure_admin_key(database, path)
    assert path.read_text() != first
    assert [entry.name for entry in tmp_path.iterdir() if "admin" in entry.name] == ["admin.key"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_command_makes_a_key_prints_it_once_and_revokes_it(database: Database, database_url: str) -> None:
    def run(*arguments: str) -> str:
        command = [sys.executable, "-P", "-m", "api.auth", *arguments]
        env = {"PATH": os.environ["PATH"], "TRAINSHED_DATABASE_URL": database_url}
        return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.strip()

    key = run("create-key", "--name", "ci", "--role", "operator", "--project", "vision", "--expires-in", "1h")
    verifier = Verifier(database)
    principal = verifier.look_up(key)
    assert principal is not None
    assert principal.role is Role.OPERATOR
    run("revoke-key", key.split("_")[1])
    assert verifier.look_up(key) is None
