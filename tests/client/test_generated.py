"""A client that a public generator makes of docs/openapi.json: what the document says is enough to use the API."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.system.platform import Platform

OPENAPI = Path(__file__).parents[2] / "docs" / "openapi.json"
GENERATOR = Path(sys.executable).parent / "openapi-python-client"
PACKAGE = "generated_trainshed"
# The generator has no name of its own for a zip, and takes the body of an operation in JSON alone.
CONFIG = "content_type_overrides:\n  application/zip: application/octet-stream\n"
NO_YAML = "Unsupported content type application/yaml"


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What the generator said, while its package can be imported."""
    folder = tmp_path_factory.mktemp("generated")
    (folder / "config.yaml").write_text(CONFIG)
    options = ["--meta", "none", "--config", folder / "config.yaml"]
    command = [GENERATOR, "generate", "--path", OPENAPI, "--output-path", folder / PACKAGE, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield done.stdout + done.stderr
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def operation(name: str) -> Any:
    """Return the module of an operation: `jobs.jobs_create`."""
    return importlib.import_module(f"{PACKAGE}.api.{name}")


def package(name: str) -> ModuleType:
    return importlib.import_module(f"{PACKAGE}.{name}")


def test_the_generator_leaves_nothing_out_but_bodies_in_yaml(said: str) -> None:
    warnings = re.findall(r"^WARNING parsing (.*) within .*\n\n(.*)", said, re.MULTILINE)

    assert sorted(warnings) == [("POST /api/v1/jobs", NO_YAML), ("POST /api/v1/jobs/batch", NO_YAML)]


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_generated_client_submits_polls_and_downloads(platform: Platform) -> None:
    platform.start(workers=1)
    models = package("models")
    key = (platform.folder / "admin.key").read_text().strip()
    with package("client").AuthenticatedClient(base_url=f"http://127.0.0.1:{platform.port}", token=key) as client:
        program = 'printf made > "$TRAINSHED_OUTPUT_DIR/made.txt"; echo said'
        spec = models.CommandSpec(kind="command", name="generated", command=["sh", "-c", program])

        job = operation("jobs.jobs_create").sync(client=client, body=spec, idempotency_key="once")
        again = operation("jobs.jobs_create").sync_detailed(client=client, body=spec, idempotency_key="once")
        finished = operation("jobs.jobs_get").sync(job.id, client=client, wait="60s")
        page = operation("jobs.jobs_list").sync(client=client, state=[models.JobState.SUCCEEDED])
        (artifact,) = operation("artifacts.artifacts_list").sync(job.id, client=client).items
        file = operation("artifacts.artifacts_download").sync(job.id, artifact.path, client=client)
        missing = operation("jobs.jobs_get").sync(f"job_{'0' * 26}", client=client)

    assert again.headers["idempotency-replayed"] == "true"
    assert finished.state is models.JobState.SUCCEEDED
    assert [each.id for each in page.items] == [job.id]
    assert (artifact.path, file.payload.read()) == ("made.txt", b"made")
    assert (type(missing), missing.code) == (models.Problem, "not_found")
