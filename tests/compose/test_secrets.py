"""The passwords of a deployment: made once, in files, for those who need them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from api.settings import ApiSettings
from deploy.make_secrets import make_secrets
from worker.settings import WorkerSettings


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("own", "database", "broker"):
        (tmp_path / name).mkdir()
    make_secrets(tmp_path, broker_memory="128mb")
    return tmp_path


def test_the_settings_of_a_service_come_from_the_files(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRAINSHED_DATABASE_URL", raising=False)
    monkeypatch.delenv("TRAINSHED_BROKER_URL", raising=False)
    password = (root / "database" / "password").read_text()
    for settings in (ApiSettings(_secrets_dir=root / "own"), WorkerSettings(_secrets_dir=root / "own")):
        assert settings.database_url.get_secret_value() == f"postgresql://trainshed:{password}@db/trainshed"
        assert settings.broker_url.get_secret_value().startswith("redis://trainshed:")


def test_the_broker_lets_in_its_user_alone_and_never_evicts(root: Path) -> None:
    configuration = (root / "broker" / "valkey.conf").read_text()
    password = (root / "own" / "broker_password").read_text()
    assert "user default off" in configuration
    assert f"user trainshed on >{password} " in configuration
    assert "-@dangerous" in configuration
    assert "maxmemory-policy noeviction" in configuration


def test_a_second_run_changes_nothing(root: Path) -> None:
    before = {path: path.read_text() for path in root.rglob("*") if path.is_file()}
    make_secrets(root, broker_memory="128mb")
    assert {path: path.read_text() for path in root.rglob("*") if path.is_file()} == before


def test_a_volume_that_was_lost_is_filled_again_with_the_same_password(root: Path) -> None:
    password = root / "database" / "password"
    before = password.read_text()
    password.unlink()
    make_secrets(root, broker_memory="128mb")
    assert password.read_text() == before


def test_trainsheds_own_are_for_its_user_alone(root: Path) -> None:
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (root / "own").iterdir()}
    assert modes == {0o400}


def test_two_deployments_share_no_password(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    for name in ("own", "database", "broker"):
        (other / name).mkdir()
    make_secrets(other, broker_memory="128mb")
    assert (other / "database" / "password").read_text() != (root / "database" / "password").read_text()
