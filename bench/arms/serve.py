"""The loop that all arms share."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any


def serve(run: Callable[[int], list[dict[str, Any]]]) -> None:
    """Answer each number on stdin with the outputs of as many jobs, on the descriptor that ANSWERS names.

    Not on stdout: peers print there.
    """
    with os.fdopen(int(os.environ["ANSWERS"]), "w", buffering=1) as answers:
        answers.write('"ready"\n')
        for line in sys.stdin:
            answers.write(json.dumps(run(int(line))) + "\n")
