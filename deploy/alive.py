"""A healthcheck that needs Python alone: `python -m deploy.alive URL` ends with 0 when the answer is a success."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from typing import Final

_WITHIN_S: Final = 2.5


def is_alive(url: str) -> bool:
    """Whether `url` answers with a success in time."""
    try:
        with urllib.request.urlopen(url, timeout=_WITHIN_S):  # noqa: S310 - the address is the caller's own
            return True
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


if __name__ == "__main__":
    sys.exit(not is_alive(sys.argv[1]))
