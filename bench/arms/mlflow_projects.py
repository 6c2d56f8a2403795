"""MLflow Projects: `mlflow.projects.run` for each job in the environment at hand, tracked in a local file.

`python -m bench.arms.mlflow_projects DATA SLOTS FOLDER`.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mlflow

from bench.arms.serve import serve

SCRIPT = Path(__file__).parent / "train.py"
PROJECT = """name: w
entry_points:
  main:
    parameters:
      data: string
      result: string
    command: "RESULT={{result}} {python} {script} {{data}}"
"""


def main() -> None:
    data, slots, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    project = folder / "project"
    project.mkdir(parents=True)
    (project / "MLproject").write_text(PROJECT.format(python=sys.executable, script=SCRIPT))
    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    mlflow.search_experiments()  # makes the tables

    def one(number: int) -> dict[str, Any]:
        result = folder / f"result-{number}"
        done = mlflow.projects.run(
            str(project),
            parameters={"data": data, "result": str(result)},
            env_manager="local",
            synchronous=False,
        )
        done.wait()
        output: dict[str, Any] = json.loads(result.read_text())
        result.unlink()
        return output

    def run(jobs: int) -> list[dict[str, Any]]:
        with ThreadPoolExecutor(slots) as pool:
            return list(pool.map(one, range(jobs)))

    run(1)
    serve(run)


if __name__ == "__main__":
    main()
