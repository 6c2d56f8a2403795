"""docker-compose.yml and the Dockerfile, as far as they can be held to their rules without an engine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.requirements import requirements

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ONE_SHOTS = {"secrets", "migrate"}
SECRET_FILES = {"own-secrets", "database-secrets", "broker-secrets"}


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_hardened(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True
    assert not service.keys() & {"privileged", "cap_add", "devices", "pid", "ipc"}
    user = service["user"].partition(":")[0]
    assert user.isdecimal()
    assert user != "0"


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_has_limits_of_memory_and_processes(name: str) -> None:
    assert SERVICES[name]["mem_limit"]
    assert SERVICES[name]["pids_limit"] > 0


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONE_SHOTS))
def test_each_service_that_stays_says_how_it_is(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", SERVICES)
def test_no_environment_holds_a_secret(name: str) -> None:
    environment = SERVICES[name].get("environment", {})
    told = [key for key in environment if re.search("PASSWORD|SECRET|TOKEN|KEY|DATABASE_URL|BROKER_URL", key)]
    assert set(told) <= {"POSTGRES_PASSWORD_FILE", "TRAINSHED_SECRETS_DIR"}


def test_a_volume_of_secrets_is_mounted_read_only_by_those_who_need_it() -> None:
    mounted = {volume: set[str]() for volume in SECRET_FILES}
    for name, service in SERVICES.items():
        for volume in map(str, service.get("volumes", [])):
            for secret in SECRET_FILES:
                if secret in volume:
                    mounted[secret].add(name)
                    assert name == "secrets" or volume.endswith(":ro") or "'read_only': True" in volume
    assert mounted == {
        "own-secrets": {"secrets", "migrate", "api", "reconciler", "worker"},
        "database-secrets": {"secrets", "db"},
        "broker-secrets": {"secrets", "broker"},
    }


def test_only_the_api_publishes_a_port_and_by_default_to_this_machine_alone() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"api"}
    assert SERVICES["api"]["ports"] == ["${TRAINSHED_BIND:-127.0.0.1}:${TRAINSHED_PORT:-8321}:8321"]
    assert COMPOSE["networks"]["backend"]["internal"] is True
    assert SERVICES["db"]["networks"] == SERVICES["broker"]["networks"] == ["backend"]


@pytest.mark.parametrize("name", ["api", "reconciler", "worker"])
def test_nothing_starts_before_the_schema_is_there(name: str) -> None:
    assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_a_worker_is_given_longer_to_stop_than_it_drains() -> None:
    assert SERVICES["worker"]["stop_grace_period"] == "${TRAINSHED_WORKER_GRACE:-30s}"


def test_every_variable_has_a_default_and_is_documented() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    used = set(re.findall(r"\$\{([A-Z_]+)", lines))
    with_default = set(re.findall(r"\$\{([A-Z_]+):-", lines))
    documented = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE))
    assert used == with_default == documented


def test_all_images_come_from_one_base() -> None:
    stages = re.findall(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, re.MULTILINE)
    names = {name for _, name in stages}
    assert {"api", "worker", "worker-gpu"} <= names
    assert {base for base, _ in stages} - names == {"python:3.11-slim-bookworm"}


@pytest.mark.parametrize("target", ["api", "worker", "worker-gpu"])
def test_each_image_runs_as_a_user_without_rights_and_is_labelled(target: str) -> None:
    stage = DOCKERFILE.split(f" AS {target}\n")[1].split("\nFROM ")[0]
    assert "\nUSER 10001:10001\n" in stage
    assert "org.opencontainers.image.version" in stage
    assert stage.index("COPY --from=code") < stage.index("USER")


def test_code_comes_after_packages_so_that_it_reinstalls_nothing() -> None:
    for target in ("api", "worker", "worker-gpu"):
        assert f"FROM {target}-packages AS {target}\n" in DOCKERFILE
    packages = DOCKERFILE.split("AS api-packages\n")[1].split("AS page-libraries")[0]
    assert "COPY" not in packages


def test_the_builder_is_sent_what_the_images_copy_and_no_more() -> None:
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = set(re.findall(r"^COPY (\w+) \w+$", DOCKERFILE, re.MULTILINE)) | {"pyproject.toml", "constraints.txt"}
    assert sent == copied


def test_the_api_image_installs_no_tensorflow_and_the_workers_do() -> None:
    assert not [line for line in requirements(PROJECT, "api") if "tensorflow" in line or "keras" in line]
    assert [line for line in requirements(PROJECT, "worker") if line.startswith("tensorflow-cpu>=")]
    gpu = [line for line in requirements(PROJECT, "worker-gpu") if line.startswith("tensorflow")]
    assert [line.partition(">=")[0] for line in gpu] == ["tensorflow[and-cuda]"]


def test_an_image_gets_all_that_its_extra_asks_for() -> None:
    assert set(requirements(PROJECT, "worker")) >= {*requirements(PROJECT, "api"), "keras>=3.15.1"}
