"""A short round of `make fuzz`: schemathesis over the whole API, with a key, on each database."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.campaign import run_campaign
from tests.servers import ValkeyServer

SECONDS = 60
"""More than the round needs. What it asks for is bounded by the number of examples, and begins at the same seed."""
ROUND = ["--phases", "fuzzing", "--max-examples", "3", "--seed", "1", "--continue-on-failure", "--no-shrink"]


@pytest.mark.timeout(240)
def test_no_request_is_answered_with_a_server_error_or_otherwise_than_described(
    database_url: str, valkey: ValkeyServer, tmp_path: Path
) -> None:
    outcome = run_campaign(tmp_path, database_url=database_url, broker_url=valkey.url, options=ROUND, seconds=SECONDS)

    assert not outcome.defects, f"{outcome.defects}\n{outcome.report}"
