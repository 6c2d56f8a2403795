"""The versions that a result depends on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Final

_TENSORFLOW: Final = ("tensorflow", "tensorflow-cpu")  # the same library, by the name it was installed as
_OTHERS: Final = ("keras", "numpy", "scikit-learn")


def versions() -> dict[str, str]:
    """Return the versions of python, tensorflow, keras, numpy and scikit-learn. Imports none of them."""
    return {
        "python": platform.python_version(),
        "tensorflow": _first_installed(_TENSORFLOW),
        **{name: version(name) for name in _OTHERS},
    }


def _first_installed(names: tuple[str, ...]) -> str:
    for name in names:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    raise PackageNotFoundError(names[0])
