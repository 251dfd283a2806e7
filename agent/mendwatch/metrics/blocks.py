"""The series of one family from one source: a list of line beginnings and a list of numbers, side by side.

A poll mostly gives the same series as the one before, so line beginnings are built once and kept; then a poll costs
one comparison and one list of floats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from mendwatch.metrics import text
from mendwatch.metrics.declarations import Declaration
from mendwatch.model.targets import Target

Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """`order` gives, for each line, the position of its sample in what was published; lines are sorted by labels."""

    target: Target
    published: Sequence[Labels]
    order: Sequence[int]
    prefixes: Sequence[bytes]
    values: Sequence[float]

    def render(self) -> bytes:
        """Write the lines; each begins with a line end."""
        parts = [b""] * (2 * len(self.prefixes))
        parts[0::2] = self.prefixes
        parts[1::2] = text.numbers(self.values)
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Samples of one metric that were not taken, how many, and why: a word for the counter and one for the person."""

    metric: str
    reason: str
    count: int
    detail: str


def build(
    declaration: Declaration, target: Target, published: list[Labels], values: list[float], before: Block | None
) -> tuple[Block | None, list[Refusal]]:
    """Make the block of what one source published for one metric, and tell what could not be taken.

    `before` is the same source's last block: where its series are the same, its line beginnings are used again.
    """
    if before is not None and before.target == target and before.published == published:
        numbers = _floats(values)
        if numbers is not None:
            return Block(target, before.published, before.order, before.prefixes, [numbers[i] for i in before.order]), []
    return _build_anew(declaration, target, published, values)


def _build_anew(
    declaration: Declaration, target: Target, published: list[Labels], values: list[float]
) -> tuple[Block | None, list[Refusal]]:
    clash = declaration.clash(target)
    if clash:
        return None, [Refusal(declaration.spec.name, "label_clash", len(values), clash)]
    prefix_of, sound = declaration.writer(target), _all_sound(declaration, published, values)
    taken: dict[bytes, int] = {}
    faults: dict[str, list[str]] = {}
    for index, (labels, value) in enumerate(zip(published, values, strict=True)):
        fault = None if sound else _fault_of(declaration, labels, value)
        prefix = b"" if fault else prefix_of(labels)
        if prefix in taken:
            fault = ("duplicate", f"{_line(prefix)} was given more than once; the first is kept")
        if fault:
            faults.setdefault(fault[0], []).append(fault[1])
        else:
            taken[prefix] = index
    refusals = [Refusal(declaration.spec.name, reason, len(found), found[0]) for reason, found in faults.items()]
    return _assemble(target, published, values, taken), refusals


def _assemble(target: Target, published: list[Labels], values: list[float], taken: dict[bytes, int]) -> Block | None:
    if not taken:
        return None
    lines = sorted(taken.items(), key=lambda line: published[line[1]])
    order = [index for _, index in lines]
    # What was refused must be refused again next time, so such an answer is never taken for the same series.
    remembered = published if len(taken) == len(published) else []
    return Block(target, remembered, order, [prefix for prefix, _ in lines], [float(values[index]) for index in order])


def _all_sound(declaration: Declaration, published: list[Labels], values: list[float]) -> bool:
    """Tell in one sweep, which is cheaper than one by one, that no sample has a fault of its own."""
    lengths, kinds = set(map(len, published)), set(map(type, chain.from_iterable(published)))
    return lengths == {len(declaration.spec.labels)} and kinds <= {str} and _floats(values) is not None


def _fault_of(declaration: Declaration, labels: Labels, value: float) -> tuple[str, str] | None:
    if len(labels) != len(declaration.spec.labels):
        return "labels", f"{len(labels)} label values for the labels {list(declaration.spec.labels)}"
    if not all(isinstance(label, str) for label in labels):
        return "labels", "a label's value is no text"
    if _floats([value]) is None:
        return "value", f"a value of type {type(value).__name__} is no number that a float can hold"
    return None


def _floats(values: Sequence[float]) -> Sequence[float] | None:
    """Give the values as floats, or None where one of them is none."""
    kinds = set(map(type, values))
    if kinds <= {float}:
        return values
    if not kinds <= {float, int, bool}:
        return None
    try:
        return [float(value) for value in values]
    except OverflowError:
        return None


def _line(prefix: bytes) -> str:
    return prefix.decode().strip()
