"""One `python train.py` for each job, SLOTS at a time. `python -m bench.arms.script DATA SLOTS`."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.arms.serve import serve

SCRIPT = Path(__file__).parent / "train.py"


def main() -> None:
    data, slots = sys.argv[1], int(sys.argv[2])

    def one(_: int) -> dict[str, Any]:
        done = subprocess.run([sys.executable, SCRIPT, data], check=True, capture_output=True)
        output: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return output

    def run(jobs: int) -> list[dict[str, Any]]:
        with ThreadPoolExecutor(slots) as pool:
            return list(pool.map(one, range(jobs)))

    serve(run)


if __name__ == "__main__":
    main()
