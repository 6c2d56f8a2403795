"""schemathesis against the API as a process, with a key, on a real database; and what the API itself counted of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx2

from db.engine import open_database
from tests.api.process import ApiProcess
from tests.fuzz.world import fill

OPENAPI = Path(__file__).parents[2] / "docs" / "openapi.json"
CONFIG = Path(__file__).parent / "schemathesis.toml"
SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
_COUNTED = re.compile(r'^trainshed_api_requests_total\{operation="(\w+)",status="(\d+)"\} (\d+)', re.MULTILINE)
_LEFT_FOR_REPORT_S = 120.0


@dataclass(frozen=True)
class Outcome:
    """How a campaign ended."""

    exit_code: int
    report: str
    answers: Counter[tuple[str, int]]
    """How often each operation gave an answer of each status, as the API counted."""

    @property
    def defects(self) -> list[str]:
        """What is wrong, in words; the report has the rest."""
        found = [] if self.exit_code == 0 else [f"schemathesis ended with {self.exit_code}"]
        found += [f"{name} answered {status}" for name, status in self.answers if status >= 500 or status == 0]
        asked = {name for name, _ in self.answers}
        found += [f"{name} was not asked" for name in sorted(operations() - asked)]
        welcome = {name for name, status in self.answers if status < 400}
        return found + [f"the key did not last: {name} never succeeded" for name in {"whoami", "jobs_list"} - welcome]


def operations() -> set[str]:
    """Return the names of all operations of the API."""
    paths = json.loads(OPENAPI.read_text())["paths"].values()
    return {operation["operationId"] for methods in paths for operation in methods.values()}


def run_campaign(folder: Path, *, database_url: str, broker_url: str, options: list[str], seconds: float) -> Outcome:
    """Fuzz for as long as the options say, at most some `seconds`; the database is migrated and empty."""
    process = ApiProcess(folder, database_url=database_url, broker_url=broker_url, log_level="INFO")
    try:
        database = open_database(database_url)
        token = fill(process.http, database)
        database.close()
        env = {"PATH": os.environ["PATH"], "FUZZ_KEY": process.key, "FUZZ_TOKEN": token, "HOME": str(folder)}
        command = [SCHEMATHESIS, "--config-file", CONFIG, "run", OPENAPI, "--url", f"http://127.0.0.1:{process.port}"]
        command += ["--no-color", "--max-time", str(round(seconds)), "--generation-database", "none", *options]
        limit_s = seconds + _LEFT_FOR_REPORT_S
        done = subprocess.run(
            command, env=env, cwd=folder, capture_output=True, text=True, timeout=limit_s, check=False
        )
        process.http.get("/whoami").raise_for_status()
        counted = httpx2.get(f"http://127.0.0.1:{process.port}/metrics").raise_for_status().text
        answers = Counter({(name, int(status)): int(count) for name, status, count in _COUNTED.findall(counted)})
        answers.pop(("none", 0), None)
        return Outcome(done.returncode, done.stdout + done.stderr, answers)
    finally:
        process.stop()
