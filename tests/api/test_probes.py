"""/healthz, /readyz, /version."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import ApiSettings
from db.engine import Database
from storage import StoreUnavailable
from tests.api.conftest import Api
from trainshed import __version__


def test_they_need_no_key(api: Api) -> None:
    assert api.client.get("/healthz").text == "ok"
    assert api.client.get("/version").json() == {"version": __version__, "api": "v1"}
    ready = api.client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert ready.json()["checks"] == {"database": "ok", "broker": "ok", "store": "ok"}


def test_a_database_of_another_version_is_not_ready(api: Api, database: Database) -> None:
    with database.begin() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = 'other'"))
    ready = api.client.get("/readyz")
    assert ready.status_code == 503
    assert "schema" in ready.json()["checks"]["database"]


def test_a_store_that_fails_degrades_and_no_more(settings: ApiSettings) -> None:
    broken = settings.model_copy(update={"store_url": "s3://bucket/prefix"})
    with TestClient(create_app(broken)) as client:
        client.app.state.parts.store.exists = fail  # type: ignore[attr-defined]
        ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["checks"]["store"].startswith("degraded: ")


def fail(digest: str) -> bool:
    raise StoreUnavailable("gone")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_server_starts_and_says_so_when_its_database_is_away(settings: ApiSettings) -> None:
    away = settings.model_copy(update={"database_url": SecretStr("postgresql://127.0.0.1:1/nothing")})
    with TestClient(create_app(away)) as client:
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "it does not answer")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_broker_that_is_away_degrades_and_no_more(settings: ApiSettings) -> None:
    with TestClient(create_app(settings)) as client:
        client.app.state.parts.publisher.healthy = False  # type: ignore[attr-defined]
        ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["checks"]["broker"].startswith("degraded: ")
