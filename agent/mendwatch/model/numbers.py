"""Many floats side by side as an array: eight bytes each, where a list keeps an object of four times that for every one.

Objects that stay until the next poll also lie scattered among those that only decoding needs, and each of them is memory that a
poll has to wait for. An array of doubles is one piece of memory, copied and compared as such.
"""

from __future__ import annotations

import math
import re
import sys
from array import array
from collections.abc import Iterable, Sequence
from struct import error as PackError  # noqa: N812 - it is a type
from struct import pack
from typing import Any

#: Where the byte with the sign and the first bits of the exponent stands in a double.
_FIRST = 7 if sys.byteorder == "little" else 0
_WIDTH = 8
#: That byte of infinity, NaN, and what is beyond 2^1008, of either sign.
_HUGE = re.compile(rb"[\x7f\xff]")


def unfinite(values: array[float], expected: list[int]) -> list[int]:
    """Give the places of an array of doubles at which no finite number stands; for next to nothing where they are `expected`."""
    firsts = memoryview(values).cast("B")[_FIRST::_WIDTH].tobytes()
    if firsts.count(b"\x7f") + firsts.count(b"\xff") == len(expected) and _lack(values, expected):
        return expected  # where so many bytes are huge and these are among them, it is these
    return [at.start() for at in _HUGE.finditer(firsts) if not math.isfinite(values[at.start()])]


def _lack(values: array[float], places: list[int]) -> bool:
    """Tell whether there is no finite number at any of the places, which are in order."""
    return not places or (places[-1] < len(values) and not any(map(math.isfinite, map(values.__getitem__, places))))


def packed(values: list[Any], blanks: Sequence[int] = ()) -> tuple[array[float], Sequence[int]]:
    """Give the values as an array with NaN where one is no float, and where that is; `blanks` is where None is expected.

    The list is filled on the way.
    """
    for at in blanks:
        if at >= len(values) or values[at] is not None:
            break
        values[at] = math.nan
    else:
        try:
            return array("d", pack(f"{len(values)}d", *values)), blanks  # a third of what array() itself takes
        except (PackError, TypeError):
            pass  # there are others
    blanks = [at for at, value in enumerate(values) if type(value) is not float or value != value]  # noqa: PLR0124 - NaN, as filled above
    for at in blanks:
        values[at] = math.nan
    return array("d", values), blanks


def taken(values: array[float], runs: Iterable[tuple[int, int]]) -> array[float]:
    """Give the values of some runs (start, stop), one run after the other."""
    found = array("d")
    for start, stop in runs:
        found += values[start:stop]
    return found
