"""What workers did shows at /metrics."""

from __future__ import annotations

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.servers import wait_until
from tests.system.platform import Platform

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_each_job_counts_once_as_claimed_started_and_ended(platform: Platform) -> None:
    platform.start(workers=1, slots=2)
    for job_id in [*(platform.command("true") for _ in range(5)), platform.command("false")]:
        platform.wait(job_id)
    wait_until(lambda: counted(platform, "attempts") == 6, within_s=20, what="a beat and a fresh page")
    assert counted(platform, "attempts", outcome="succeeded") == 5
    assert counted(platform, "attempts", outcome="user_error") == 1
    assert counted(platform, "claims") == 6
    assert counted(platform, "start_latency_seconds") == 6
    assert counted(platform, "fenced_writes") == 0


def counted(platform: Platform, name: str, **labels: str) -> float:
    page = httpx2.get(f"http://127.0.0.1:{platform.port}/metrics", timeout=10).text
    wanted = {f"trainshed_{name}_total", f"trainshed_{name}_count"}
    samples = (one for family in text_string_to_metric_families(page) for one in family.samples if one.name in wanted)
    return sum(one.value for one in samples if labels.items() <= one.labels.items())
