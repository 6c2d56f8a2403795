"""A program of your own as a job: it reports a curve, how far it is and a file, and stops when it is asked to.

    trainshed job run -f -- python examples/own_program.py      (where the worker sees this file)
    python examples/own_program.py                              (outside of Trainshed the reports do nothing)

It takes a second, and ends with a loss near 0.02.
"""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

from trainshed import report

STEPS = 20


def main() -> None:
    loss = 1.0
    for step in range(1, STEPS + 1):
        if report.should_stop():
            print(f"asked to stop at step {step}")  # noqa: T201 - the log of the job
            break
        time.sleep(0.05)
        loss = math.exp(-step / 5)
        report.metric("loss", loss, step=step)
        report.progress(step / STEPS, step=step, steps=STEPS)
    Path("result.json").write_text(json.dumps({"loss": loss}))
    report.artifact("result.json")
    print(f"loss {loss:.4f}")  # noqa: T201 - the log of the job


if __name__ == "__main__":
    main()
