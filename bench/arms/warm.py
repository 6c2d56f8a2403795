"""All jobs one after the other in one process: no isolation, nothing durable.

`python -m bench.arms.warm DATA SLOTS`.
"""

from __future__ import annotations

import sys

from bench.arms.serve import serve
from bench.arms.train import train


def main() -> None:
    data = sys.argv[1]
    train(data)
    serve(lambda jobs: [train(data) for _ in range(jobs)])


if __name__ == "__main__":
    main()
