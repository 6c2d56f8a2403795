"""What `import trainshed` gives and costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import trainshed
from trainshed.client.client import Client


def test_the_public_names_are_there() -> None:
    assert trainshed.__all__ == ["Client", "__version__"]
    assert trainshed.Client is Client
    with pytest.raises(AttributeError, match="nonsense"):
        _ = trainshed.nonsense


def test_servers_and_jobs_do_not_load_the_http_client() -> None:
    code = "import sys, trainshed.states, trainshed.errors; print('httpx2' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
