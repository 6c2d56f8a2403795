"""What the documents tell a reader to type works as written, in order. What is left out is in the table below."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import COMMANDS, ROOT, Block, blocks_of, pages
from tests.docs.session import BIN, follow, make_checkout
from tests.system.up import Up
from trainshed.specs import load_spec

pytestmark = pytest.mark.timeout(180)

LEFT_OUT = {
    "make up": "the session has one running: `trainshed up`, which is what it does, on a port of its own",
    "make demo": "test_the_demo_of_the_readme_runs does it, in a folder of its own",
    "make setup": "was done before any test could run",
    "make check": "is what CI runs beside the tests",
    "make test": "runs this test: it would not end",
    "make examples": "trains for minutes; tests/docs tries the small one in `make demo`",
    "make bench": "measures for minutes",
    "make bench-peers": "installs gigabytes of other systems",
    "make fuzz": "runs for minutes; tests/fuzz does it for a shorter time",
    "make sim": "runs for minutes; tests/sim does it for a shorter time",
    "make mutants": "runs for minutes; tests/mutants does a part of it",
    "make chaos": "runs for minutes; tests/chaos does it for a shorter time",
    "make crashpoints": "runs for minutes; tests/crashpoints does it for the first occasion of each place",
    "make resume-proof": "runs for minutes; tests/proofs does it for a shorter time",
    "make log-proof": "runs for minutes; tests/proofs does it for a shorter time",
    "make outage-proof": "runs for minutes; tests/system/test_outages.py does it for a shorter time",
    "make steady-proof": "runs for minutes, and shows nothing in a shorter time",
    **dict.fromkeys(
        [
            "make compose-test",
            "docker compose up --build -d --scale worker=4",
            "export TRAINSHED_TOKEN=$(docker compose exec -T api python -m api.auth create-key --name me --role admin)",
            "docker compose exec -e TRAINSHED_TOKEN api trainshed worker list",
            "docker compose exec -e TRAINSHED_TOKEN api trainshed worker drain wrk_...",
            "docker compose up -d --no-recreate --scale worker=2",
            "docker compose up -d --no-recreate --scale worker=4",
            "docker compose down",
        ],
        "needs a Docker engine; `make compose-test` does it there",
    ),
}
FOLLOWED = ["README.md", "docs/quickstart.md", "docs/data.md", "docs/rest.md", "docs/programs.md"]
NOT_TYPED = {"text", "mermaid"}
ALL = [block for page in pages() for block in blocks_of(page)]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder like a checkout, in which `trainshed up` runs as `make up` starts it."""
    folder = make_checkout(tmp_path_factory.mktemp("checkout"))
    (folder / ".trainshed").mkdir()
    up = Up(folder / ".trainshed")
    yield folder
    up.stop()


@pytest.mark.parametrize("page", FOLLOWED)
def test_a_reader_can_type_all_commands_of_a_page_as_they_stand(page: str, checkout: Path) -> None:
    if page == "docs/rest.md" and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    typed = [block for block in ALL if block.page == page and block.language in (COMMANDS, "python")]
    assert typed

    done = follow(typed, folder=checkout, left_out=LEFT_OUT)

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_every_other_page_has_no_commands_but_those_that_are_left_out() -> None:
    for block in ALL:
        if block.language == COMMANDS and block.page not in FOLLOWED:
            commands = {line.partition("#")[0].strip() for line in block.code.splitlines()}
            assert commands <= LEFT_OUT.keys(), f"{block.page}:{block.line}"


def test_every_block_is_something_that_is_tried_or_is_not_to_be_typed() -> None:
    for block in ALL:
        assert block.language in {COMMANDS, "python", "yaml", *NOT_TYPED}, f"{block.page}:{block.line}"


@pytest.mark.parametrize("block", [block for block in ALL if block.language == "yaml"], ids=lambda block: block.page)
def test_a_spec_in_a_document_is_valid(block: Block) -> None:
    assert load_spec(block.code).name


def test_make_up_does_what_the_session_does_instead() -> None:
    assert recipe("up") == [f"{BIN}/trainshed", "up"]


def test_the_demo_of_the_readme_runs(tmp_path: Path) -> None:
    folder = make_checkout(tmp_path)

    done = subprocess.run(recipe("demo"), cwd=folder, capture_output=True, text=True, timeout=170, check=False)

    assert done.returncode == 0, done.stderr
    report = json.loads((folder / ".trainshed" / "demo" / "report.json").read_text())
    assert (report["train"]["state"], report["evaluate"]["state"]) == ("succeeded", "succeeded")


def recipe(target: str) -> list[str]:
    """Return the one command that `make target` runs, once everything is installed."""
    (command,) = re.findall(rf"^{target}:.*\n\t@(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return command.replace("$(BIN)", str(BIN)).split()
