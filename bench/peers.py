"""`make bench-peers`: installs what Trainshed is compared with, each into an environment of its own.

They live in `.trainshed/bench/peers-NAME`, never in `.venv`, and see TensorFlow and Keras of `.venv` behind their own
packages, so that all arms train with the same ones.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

FOLDER = Path(".trainshed/bench")
PEERS: dict[str, list[str]] = {
    "rq": ["rq==3.0.0"],
    "ray": ["ray[default]==2.60.0"],
    "mlflow": ["mlflow==3.17.2"],
    # Its server does not start with a newer FastAPI, although its requirements allow one.
    "prefect": ["prefect==3.8.8", "fastapi==0.139.0"],
}


def interpreter(peer: str) -> Path | None:
    """Return the interpreter that has the peer; None when it is not installed."""
    python = (FOLDER / f"peers-{peer}" / "bin" / "python").absolute()
    return python if (python.parents[1] / "complete").exists() else None


def main() -> int:
    for peer, requirements in PEERS.items():
        if interpreter(peer) is None:
            _install(peer, requirements)
        print(f"{peer}: {', '.join(requirements)}")
    return 0


def _install(peer: str, requirements: list[str]) -> None:
    folder = FOLDER / f"peers-{peer}"
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    python = folder / "bin" / "python"
    pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, *requirements], check=True)
    packages = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    )
    Path(packages.stdout.strip(), "tensorflow.pth").write_text(sysconfig.get_path("purelib") + "\n")
    (folder / "complete").touch()


if __name__ == "__main__":
    sys.exit(main())
