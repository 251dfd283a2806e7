"""The items of a recording's payload: a kind, a length, a body. Pure.

What many readings share (a collector on a target, the heads of its series) is an item of its own, written once for each file and
named by its number afterwards. docs/explain.md tells people what a recording holds; nobody but this package reads its bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import IntEnum

from mendwatch.errors import ContentError

#: Before every item: its kind and the length of its body.
HEAD = struct.Struct("<BI")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class RecordingError(ContentError):
    """A recording that cannot be read; what comes before the damage could be."""

    default_hint = "Leave the file out: the others beside it stand for themselves."


class Kind(IntEnum):
    """What an item is."""

    BEGAN = 1
    SOURCE = 2  # a collector on a target: what every reading of it shares
    LABELS = 3  # label values of some series; many items may add to one list
    HEADS = 4  # the series of a column: metrics, each with a list of labels
    READING = 5
    NUMBERS = 6  # one column of the reading that comes next
    TICKS = 7
    RULES = 8
    HEARD = 9
    RECALLED = 10
    ALERTS = 11  # some of the alerts of the beginning that comes next


def item(kind: Kind, body: bytes) -> bytes:
    """Give the bytes of an item."""
    return HEAD.pack(kind, len(body)) + body


def items(payload: bytes) -> Iterator[tuple[Kind, bytes]]:
    """Give the items of a payload.

    Raises:
        RecordingError: it is none.
    """
    at = 0
    while at < len(payload):
        try:
            kind, length = HEAD.unpack_from(payload, at)
            found = Kind(kind)
        except (struct.error, ValueError) as problem:
            raise RecordingError("the recording has an item that nobody knows") from problem
        at += HEAD.size
        if at + length > len(payload):
            raise RecordingError("the recording has half an item")
        yield found, payload[at : at + length]
        at += length


def stamp(moment: datetime) -> int:
    """Give a time as whole microseconds since 1970, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(stamp_: int) -> datetime:
    """Give the time of a stamp."""
    return _EPOCH + stamp_ * _MICROSECOND
