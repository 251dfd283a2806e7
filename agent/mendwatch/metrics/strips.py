"""The own labels of series as they stand on the page, for many series side by side.

Most metrics of a target have the same series as others (every field of a drive, every limit of a quota), so one strip
serves them all: it knows neither metric nor target. It is written when somebody looks, in the pieces that are looked at,
because a hundred thousand new series are too many to write at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain

from mendwatch.metrics import text

Labels = tuple[str, ...]

_SPECIAL = re.compile(r'[\\"\n]')


class Strip:
    """The labels of series in order, each series once; compared by identity."""

    __slots__ = ("_form", "_made", "labels")

    def __init__(self, names: Sequence[str], labels: Sequence[Labels]) -> None:
        """Take the label names and, for each series, as many texts that UTF-8 can carry."""
        self.labels = labels
        self._form = "".join(f',{name}="%s"' for name in names) + "} "
        self._made: list[bytes] = []

    def __len__(self) -> int:
        """How many series there are."""
        return len(self.labels)

    def cut(self, start: int, stop: int) -> list[bytes]:
        """Give what stands in a line between the shared labels and the number."""
        missing = self.labels[len(self._made) : stop]
        if missing:
            self._made += _write(self._form, missing)
        return self._made[start:stop]


def _write(form: str, labels: Sequence[Labels]) -> list[bytes]:
    if _SPECIAL.search("".join(chain.from_iterable(labels))):
        return [(form % tuple(map(text.escape_label, one))).encode() for one in labels]
    return [(form % one).encode() for one in labels]


class Strips:
    """Finds a strip that was made before for the same label names and series; live as long as one layout is taken in."""

    def __init__(self) -> None:
        self._made: dict[tuple[object, ...], list[Strip]] = {}

    def get(self, names: tuple[str, ...], labels: Sequence[Labels], checked: Callable[[], bool]) -> Strip | None:
        """Give the strip, new where there is none; None where the labels are not sound, which only new ones are asked."""
        key = (names, len(labels), labels[0], labels[-1])
        alike = self._made.setdefault(key, [])
        for strip in alike:
            if strip.labels == labels:
                return strip
        if not checked():
            return None
        alike.append(Strip(names, labels))
        return alike[-1]
