"""Columns of numbers as bytes that compress well, and back to the very same numbers. Pure.

A poll's numbers differ little from the last one's. What is written is the difference of their bits, with the first bytes of all
numbers side by side: where nothing changed there are zeros. Each piece of the work keeps the interpreter for less than a
millisecond: this runs in a thread beside the loop.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Generator, Iterator, Sequence
from enum import IntEnum
from typing import cast

#: Numbers of one piece: 32 KiB.
PIECE = 4096
_WIDTH = 8
#: Before each piece: whether it is what it was at the last poll, and then nothing follows.
_SAME, _OTHER = b"\0", b"\1"
#: Up to here, every whole number is a double.
_EXACT = 2**53


class Code(IntEnum):
    """How a column is written."""

    DOUBLES = 0
    WHOLE = 1  # doubles, and before them which of the numbers are whole ones of Python's
    TEXT = 2  # JSON: what no double can hold
    MOMENTS = 3  # 64-bit integers


def code_of(values: Sequence[float]) -> Generator[bytes, None, Code]:
    """Tell how numbers can be written; an empty piece is a chance to rest."""
    kinds: set[type] = set()
    for start in range(0, len(values), PIECE):
        kinds.update(map(type, values[start : start + PIECE]))
        yield b""
    if kinds <= {float}:
        return Code.DOUBLES
    whole = kinds <= {float, int} and all(abs(value) <= _EXACT for value in values if type(value) is int)
    return Code.WHOLE if whole else Code.TEXT


def written(values: Sequence[float], code: Code, before: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give pieces of (what is written, the raw bytes): the latter together are `before` for the next poll's.

    `before` is as long as the numbers are, or empty where there is nothing to compare with.
    """
    if code is Code.TEXT:
        yield json.dumps(list(values)).encode(), b""
        return
    if code is Code.WHOLE:
        yield _marks(values), b""
    kind = "q" if code is Code.MOMENTS else "d"
    for start in range(0, len(values), PIECE):
        raw = array(kind, values[start : start + PIECE]).tobytes()
        old = before[start * _WIDTH : start * _WIDTH + len(raw)]
        yield (_SAME if raw == old else _OTHER + _mixed(_differing(raw, old))), raw


def read(data: bytes, count: int, code: Code, before: bytes) -> tuple[list[float], bytes]:
    """Give the numbers and their raw bytes.

    Raises:
        ValueError: these are not so many numbers.
    """
    if code is Code.TEXT:
        return json.loads(data), b""
    marks = -(-count // _WIDTH) if code is Code.WHOLE else 0
    raw = b"".join(_parted(data, marks, count, before))
    numbers: array[float] = array("d") if code is not Code.MOMENTS else cast("array[float]", array("q"))
    numbers.frombytes(raw)
    if len(numbers) != count:
        message = f"{len(numbers)} numbers instead of {count}"
        raise ValueError(message)
    values = numbers.tolist()
    return (_whole(values, data[:marks]) if marks else values), raw


def _parted(data: bytes, at: int, count: int, before: bytes) -> Iterator[bytes]:
    for start in range(0, count, PIECE):
        size = min(PIECE, count - start) * _WIDTH
        old = before[start * _WIDTH : start * _WIDTH + size]
        if data[at : at + 1] == _SAME:
            yield old
            at += 1
        else:
            yield _differing(_unmixed(data[at + 1 : at + 1 + size]), old)
            at += 1 + size


def _differing(raw: bytes, before: bytes) -> bytes:
    """Give the bits that differ; applied twice, it gives what was before."""
    if not before:
        return raw
    return (int.from_bytes(raw, "little") ^ int.from_bytes(before, "little")).to_bytes(len(raw), "little")


def _mixed(raw: bytes) -> bytes:
    return b"".join([raw[at::_WIDTH] for at in range(_WIDTH)])


def _unmixed(mixed: bytes) -> bytes:
    size, raw = len(mixed) // _WIDTH, bytearray(len(mixed))
    for at in range(_WIDTH):
        raw[at::_WIDTH] = mixed[at * size : (at + 1) * size]
    return bytes(raw)


def _marks(values: Sequence[float]) -> bytes:
    """Give a bit for each number: whether it is a whole one."""
    bits = "".join("1" if type(value) is int else "0" for value in reversed(values))
    return int(bits or "0", 2).to_bytes(-(-len(values) // _WIDTH), "little")


def _whole(values: list[float], marks: bytes) -> list[float]:
    bits = reversed(format(int.from_bytes(marks, "little"), f"0{len(values)}b"))
    return [int(value) if bit == "1" else value for bit, value in zip(bits, values, strict=True)]
