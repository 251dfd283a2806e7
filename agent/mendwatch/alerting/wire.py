"""The wire format of protocol buffers, as far as reading goes: a message is a row of numbered fields.

Nothing here knows any message.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_CONTINUES = 0x80


class Field(NamedTuple):
    """One field: where its content lies, and of a varint its value."""

    number: int
    start: int
    end: int
    value: int


def fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Give the fields of the message that lies there, in order."""
    at = start
    while at < end:
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        value, size = 0, 0
        if wire == _VARINT:
            value, at = _varint(data, at)
        elif wire == _BYTES:
            size, at = _varint(data, at)
        else:
            size = {_FIXED64: 8, _FIXED32: 4}[wire]
        yield Field(number, at, at + size, value)
        at += size


def text(data: bytes, part: Field) -> str:
    """Give the content of a text field."""
    return data[part.start : part.end].decode("utf-8", "replace")


def signed(value: int) -> int:
    """Give the number that a varint stands for where its field is an int64."""
    return value - (1 << 64) if value >> 63 else value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = data[at]
    if value < _CONTINUES:  # by far the most
        return value, at + 1
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < _CONTINUES:
            return value, at
        shift += 7
