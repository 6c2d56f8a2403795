"""Reads pickles that hold plain data and arrays of bytes, and runs nothing of what a pickle may ask to run.

A pickle is a program that names functions to call. This reader knows four names, and behind each is a stand-in of its
own: nothing of NumPy, and nothing else, is called with what the pickle says. It is Python's own reader written in
Python, because the one in C can be made to allocate gigabytes by a file of ten bytes.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

_LARGEST: Final = 1 << 31
_UINT8: Final = ("u1", "uint8", "|u1")
_DEEPEST: Final = 8


class NotPlainError(Exception):
    """The pickle holds, or asks for, something else than plain data."""


def load_plain(stream: IO[bytes], size: int) -> Any:
    """Return dicts, lists, tuples, texts, bytes, numbers and uint8 arrays. Raises `NotPlainError`.

    `size` is how many bytes the stream has: what would read more is refused.
    """
    try:
        loaded = _Reader(_Counted(stream, size), encoding="bytes").load()
    except NotPlainError:
        raise
    except Exception as error:  # a damaged pickle makes Python's reader raise nearly anything
        raise NotPlainError(f"it is damaged: {type(error).__name__}: {error}") from error
    return _plain(loaded, _DEEPEST)


class _Counted:
    """What `pickle` reads from. A length in the pickle that is beyond its end allocates nothing."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self._stream = stream
        self._left = min(size, _LARGEST)

    def read(self, count: int) -> bytes:
        if not 0 <= count <= self._left:
            raise NotPlainError(f"it asks for {count:,} bytes where {self._left:,} are left")
        self._left -= count
        return self._stream.read(count)

    def readline(self) -> bytes:
        line = self._stream.readline(1 << 16)
        self._left -= len(line)
        return line


class _StandIn:
    """Stands for a function that a pickle may name. It cannot be changed by the pickle."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        raise NotPlainError("it tries to change a function")


class _Dtype(_StandIn):
    """`numpy.dtype`: gives back the name of the type."""

    __slots__ = ()

    def __call__(self, name: object, *_: object) -> _DtypeNamed:
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else name
        if text not in _UINT8:
            raise NotPlainError(f"it holds an array of {str(text)[:40]!r}, and pixels are uint8")
        return _DtypeNamed()


class _DtypeNamed:
    """uint8, whose further state says nothing."""

    __slots__ = ()

    def __setstate__(self, state: object) -> None:
        pass


class _Reconstruct(_StandIn):
    """`numpy.core.multiarray._reconstruct`: an array that gets its content afterwards."""

    __slots__ = ()

    def __call__(self, *_: object) -> _Array:
        return _Array()


class _FromBuffer(_StandIn):
    """`numpy._core.numeric._frombuffer`: an array of protocol 5."""

    __slots__ = ()

    def __call__(self, content: object, dtype: object, shape: object, order: object) -> _Array:
        array = _Array()
        array.__setstate__((1, shape, dtype, order != "C", content))
        return array


class _Encode(_StandIn):
    """`_codecs.encode`: how protocol 2 of Python 3 writes bytes."""

    __slots__ = ()

    def __call__(self, text: object, encoding: object) -> bytes:
        if not isinstance(text, str) or encoding not in ("latin1", b"latin1"):
            raise NotPlainError("it encodes something else than bytes")
        return text.encode("latin1")


@dataclass(slots=True)
class _Array:
    """An array of uint8 to be."""

    content: npt.NDArray[np.uint8] | None = None

    def __setstate__(self, state: object) -> None:
        match state:
            case (_, tuple() as shape, _DtypeNamed(), is_fortran, bytes() | bytearray() as content):
                self.content = _checked(shape, bool(is_fortran), bytes(content))
            case _:
                raise NotPlainError("it holds an array of another kind than uint8")


def _checked(shape: tuple[Any, ...], is_fortran: bool, content: bytes) -> npt.NDArray[np.uint8]:
    sizes_are_sound = len(shape) <= 4 and all(type(size) is int and 0 <= size < _LARGEST for size in shape)
    count = 1
    for size in shape if sizes_are_sound else ():
        count *= size
    if not sizes_are_sound or count != len(content):
        raise NotPlainError(f"it says of {len(content):,} bytes that they are an array of {str(shape)[:80]}")
    return np.frombuffer(content, np.uint8).reshape(shape, order="F" if is_fortran else "C")


_KNOWN: Final[dict[tuple[str, str], _StandIn | type]] = {
    ("numpy", "dtype"): _Dtype(),
    ("numpy", "ndarray"): _Array,
    ("numpy.core.multiarray", "_reconstruct"): _Reconstruct(),
    ("numpy._core.multiarray", "_reconstruct"): _Reconstruct(),
    ("numpy.core.numeric", "_frombuffer"): _FromBuffer(),
    ("numpy._core.numeric", "_frombuffer"): _FromBuffer(),
    ("_codecs", "encode"): _Encode(),
}


class _Reader(pickle._Unpickler):  # noqa: SLF001 - the documented reader is in C
    """Python's reader with the names above, and no others."""

    def find_class(self, module: object, name: object) -> object:
        known = _KNOWN.get((str(module), str(name)))
        if known is None:
            raise NotPlainError(f"it asks for {str(module)[:60]}.{str(name)[:60]}")
        return known

    def persistent_load(self, pid: object) -> object:
        raise NotPlainError("it refers to something outside of it")


def _plain(value: Any, deepest: int) -> Any:
    """Return a value with arrays in the place of what stood for them."""
    if deepest < 0:
        raise NotPlainError("it is nested too deeply")
    match value:
        case _Array(content=np.ndarray() as content):
            return content
        case dict():
            return {_plain(key, deepest - 1): _plain(each, deepest - 1) for key, each in value.items()}
        case list():
            return [each if type(each) in (int, bytes, str) else _plain(each, deepest - 1) for each in value]
        case tuple():
            return tuple(_plain(each, deepest - 1) for each in value)
        case bool() | int() | float() | str() | bytes() | None:
            return value
        case _:
            raise NotPlainError(f"it holds a {type(value).__name__.strip('_')}")
