"""What `import trainshed` gives and costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

import trainshed
from trainshed.client.client import Client
from trainshed.client.job import Job


def test_the_public_names_are_there() -> None:
    assert trainshed.__all__ == ["Client", "Job", "__version__"]
    assert trainshed.Client is Client
    assert trainshed.Job is Job
    with pytest.raises(AttributeError, match="nonsense"):
        _ = trainshed.nonsense


def test_servers_and_jobs_do_not_load_the_http_client() -> None:
    code = "import sys, trainshed.states, trainshed.errors; print('httpx2' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_client_loads_no_more_than_it_needs_for_a_first_request() -> None:
    """YAML, the classes of specs and arrays come with their first use: each of them takes longer than a submit."""
    late = {"yaml", "trainshed.specs", "numpy", "rich", "asyncio"}
    code = f"import sys, trainshed.client; print({late} & set(sys.modules))"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
