"""`trainshed tensorboard`: event files come here; TensorBoard opens them where it is installed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.client.documents import JOB_ID, JOB_PATH, NOW
from tests.client.scripted import ScriptedServer, as_json
from tests.client.test_downloads import artifact

NAME = "tensorboard/events.out.tfevents.1.host"
BYTES = b"events"

STAND_IN = "import json, sys\nprint(json.dumps(sys.argv[1:]))\n"


@pytest.fixture
def trained(server: ScriptedServer) -> None:
    item = {
        "path": NAME,
        "size": len(BYTES),
        "sha256": hashlib.sha256(BYTES).hexdigest(),
        "media_type": "application/octet-stream",
        "attempt": 1,
        "created_at": NOW,
    }
    server.on("GET", f"{JOB_PATH}/artifacts", as_json({"items": [item]}))
    server.on("GET", f"{JOB_PATH}/artifacts/{NAME}", artifact(BYTES, of=BYTES))


@pytest.mark.usefixtures("trained")
def test_event_files_are_fetched_below_a_folder_of_their_job(shell: Shell) -> None:
    done = shell.run("tensorboard", JOB_ID, "--download-only", "--to", "runs")

    assert done.stdout == f"runs/{JOB_ID}\n"
    assert (shell.folder / "runs" / JOB_ID / NAME).read_bytes() == BYTES


@pytest.mark.usefixtures("trained")
def test_tensorboard_is_opened_on_the_folders_of_the_jobs_and_on_this_machine_alone(
    shell: Shell, tmp_path: Path
) -> None:
    package = tmp_path / "packages" / "tensorboard"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "main.py").write_text(STAND_IN)

    done = shell.run("tensorboard", JOB_ID, "--port", "0", PYTHONPATH=str(package.parent))

    assert f'"{JOB_ID}:.trainshed/tensorboard/{JOB_ID}"' in done.stdout
    assert '"--host", "127.0.0.1"' in done.stdout


def test_without_tensorboard_the_error_says_how_to_install_it(shell: Shell, server: ScriptedServer) -> None:
    hide = shell.folder / "sitecustomize.py"
    hide.write_text("import sys\nsys.modules['tensorboard'] = None\n")

    done = shell.run("tensorboard", JOB_ID, PYTHONPATH=str(shell.folder))

    assert done.returncode == 1
    assert "python -m pip install tensorboard" in done.stderr
    assert not server.asked


def test_a_job_without_event_files_says_how_to_get_some(shell: Shell, server: ScriptedServer) -> None:
    server.on("GET", f"{JOB_PATH}/artifacts", as_json({"items": []}))

    done = shell.run("tensorboard", JOB_ID, "--download-only")

    assert done.returncode == 102
    assert "export: [tensorboard]" in done.stderr
