"""The page of the targets' series, written in pieces that a server can send while others run in between.

It is given what was published at one moment and never looks at the store again: whatever is published between two pieces,
a series stands on the page once, and all series of a poll are of that poll.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import NamedTuple

from mendwatch.metrics import formats, text
from mendwatch.metrics.declarations import Declaration
from mendwatch.metrics.formats import Format
from mendwatch.metrics.forms import Form, Lines
from mendwatch.model.samples import MetricKind

#: So many lines are written at once; some 350 kB and one millisecond, and less than six where their labels are new.
LINES = 4096
#: So many families of sources are looked at before others may run.
_LOOKS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Numbers beside the form that tells where they stand; NaN is absent from `sparse` ones, and a value of others.

    `absent` counts the NaN of a sparse part. `barred` are metrics of the form that another part gives already.
    """

    form: Form
    values: Sequence[float]
    barred: frozenset[str] = frozenset()
    sparse: bool = False
    absent: int = 0

    @property
    def count(self) -> int:
        """How many of the lines have a number."""
        taken = [lines for metric, lines in self.form.lines.items() if metric not in self.barred]
        size = sum(map(len, taken))
        if not self.absent:
            return size
        if size == len(self.values):
            return size - self.absent
        return sum(value == value for lines in taken for value in lines.pick(self.values, 0, len(lines)))  # noqa: PLR0124 - NaN


class _Block(NamedTuple):
    lines: Lines
    part: Part


#: Text, and how many lines it has.
_Piece = tuple[int, bytes]


def pieces(parts: Sequence[Part], declared: Mapping[str, Declaration], form: Format, size: int = LINES) -> Iterator[bytes]:
    """Write all families by name, the parts of each in the order given, in pieces of about `size` lines; some may be empty."""
    by_metric: dict[str, list[_Block]] = {}
    for at, (metric, block) in enumerate(_blocks(parts)):
        by_metric.setdefault(metric, []).append(block)
        if at % _LOOKS == _LOOKS - 1:
            yield b""
    families = (_family(declared[metric], by_metric[metric], form, size) for metric in sorted(by_metric))
    yield from _gathered((piece for family in families for piece in family), size)


def _blocks(parts: Iterable[Part]) -> Iterator[tuple[str, _Block]]:
    for part in parts:
        for metric, lines in part.form.lines.items():
            if metric not in part.barred:
                yield metric, _Block(lines, part)


def _gathered(found: Iterable[_Piece], size: int) -> Iterator[bytes]:
    """Put small pieces together: each turn of the event loop costs more than a small family."""
    waiting: list[bytes] = []
    count = 0
    for lines, written in found:
        waiting.append(written)
        count += lines
        if count >= size:
            yield b"".join(waiting)
            waiting, count = [], 0
    if waiting:
        yield b"".join(waiting)


def _family(declaration: Declaration, blocks: Sequence[_Block], form: Format, size: int) -> Iterator[_Piece]:
    """Write one family; one without a number has no lines at all."""
    counter, begun = declaration.spec.kind is MetricKind.COUNTER, False
    for block in blocks:
        for start in range(0, len(block.lines), size):
            written = _write(block, start, min(start + size, len(block.lines)), counter=counter)
            if written and not begun:
                begun, written = True, formats.header(declaration.spec, form) + written
            yield min(size, len(block.lines) - start), written
    if begun:
        yield 0, b"\n"


def _write(block: _Block, start: int, stop: int, *, counter: bool) -> bytes:
    """Write lines; each begins with a line end."""
    lines, part = block
    values, labels = lines.pick(part.values, start, stop), lines.strip.cut(start, stop)
    if part.absent:
        there = [value == value for value in values]  # noqa: PLR0124 - NaN is the one number that is not itself
        values, labels = list(compress(values, there)), list(compress(labels, there))
    numbers = text.numbers(values)
    written = [lines.head] * (3 * len(numbers))
    written[1::3] = labels
    written[2::3] = numbers
    for at in _absent(numbers, nan=part.sparse or counter, below=counter):
        written[3 * at : 3 * at + 3] = (b"", b"", b"")
    return b"".join(written)


def _absent(numbers: Sequence[bytes], *, nan: bool, below: bool) -> Iterator[int]:
    """Tell which lines are left out: those without a number, `nan` ones where they are none, and what is `below` 0.

    OpenMetrics knows no counter that is NaN or negative, and a reader may refuse the page for one.
    """
    yield from text.places(numbers, b"")
    if nan:
        yield from text.places(numbers, b"NaN")
    if below:
        yield from (at for at, number in enumerate(numbers) if number < b"." and number[:1] == b"-" and number != b"-0.0")
