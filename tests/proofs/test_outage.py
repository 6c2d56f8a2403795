"""A short freeze of what `python -m tests.proofs.outage` does for five minutes: longer than a lease."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.proofs.outage import outlive


@pytest.mark.timeout(240)
def test_a_database_that_freezes_for_longer_than_a_lease_restarts_no_training() -> None:
    with tempfile.TemporaryDirectory(prefix="trainshed-outage-") as folder:
        Path(folder).chmod(0o755)  # Postgres runs as another user where we are root
        assert outlive(Path(folder), frozen_s=18.0, watched_s=8.0) == []
