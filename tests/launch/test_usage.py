"""What the processes of a job take, all of them."""

from __future__ import annotations

from pathlib import Path

from tests.launch.jobs import launch, python, until
from worker.launch.launcher import Zygote

WORK = """
import os, time
held = bytearray(64 << 20)                     # touched by being made
if os.fork() == 0:
    began = time.process_time()
    while time.process_time() - began < 0.6:   # a child that ends, and is waited for
        pass
    os._exit(0)
os.wait()
if os.fork() == 0:
    os.setsid()
    while True:                                # another one, in a session of its own
        pass
print("ready", flush=True)
time.sleep(60)
"""


def test_living_and_dead_processes_of_a_job_count(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, *python(WORK))
    until(lambda: "ready" in job.log)
    first = job.running.measure()
    assert first is not None
    assert first.cpu_s >= 0.6
    assert first.memory_bytes > 64 << 20

    until(lambda: (now := job.running.measure()) is not None and now.cpu_s > first.cpu_s + 0.2)
    job.running.kill()
    job.finish()


def test_a_job_that_is_gone_takes_nothing(light: Zygote, tmp_path: Path) -> None:
    job = launch(light, tmp_path, "true")
    job.finish()

    assert job.running.measure() is None
