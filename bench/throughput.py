"""Empty jobs a second through the whole platform: a durable row, a fresh isolated process and a log for each."""

from __future__ import annotations

import time

from tests.servers import wait_until
from tests.system.platform import Platform


def measure_throughput(platform: Platform, *, jobs: int) -> float:
    """Submit `jobs` empty jobs as fast as one client can; return jobs a second from first submit to last end."""
    began = time.monotonic()
    submitted = [platform.command("true", labels={"bench": "empty"}) for _ in range(jobs)]
    wait_until(lambda: platform.job(submitted[-1])["state"] == "succeeded", within_s=300)
    wait_until(lambda: not platform.has_unfinished(), within_s=300)
    rate = jobs / (time.monotonic() - began)
    print(f"empty jobs: {rate:.1f} a second ({jobs} jobs, 2 slots)")
    return round(rate, 1)
