"""Holds what an expression compares, adds and divides against what it is measured in, and finds the numbers to be written anew.

A literal with a unit becomes a double in base units. A whole number next to a double becomes a double: `usage > 90` can mean
nothing else. Bytes against seconds, or a share against bytes, are refused with their place. CEL's library checks the types
afterwards; this only knows as much of types as it needs. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mendwatch.alerting import units
from mendwatch.alerting.rewriting import Edit
from mendwatch.alerting.syntax import Node
from mendwatch.alerting.tokens import Misread
from mendwatch.alerting.units import MOMENT, SHARE, Unit
from mendwatch.alerting.vocabulary import MACROS, Vocabulary
from mendwatch.config.documents import nearest

DOUBLE, INT, OTHER = "double", "int", "other"

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_ARITHMETIC: Mapping[str, Callable[[Unit | None, Unit | None], Unit | None]] = {
    "+": units.add,
    "-": units.subtract,
    "*": units.multiply,
    "/": units.divide,
}
_LITERAL_HINT = "Known: % (a share), B KiB MiB GiB TiB PiB EiB kB MB GB TB PB EB (bytes), ms s m h d w y (a time, such as 1h30m)."
_LITERAL_UNITS = (
    "KiB",
    "MiB",
    "GiB",
    "TiB",
    "PiB",
    "EiB",
    "kB",
    "MB",
    "GB",
    "TB",
    "PB",
    "EB",
    "B",
    "ms",
    "s",
    "m",
    "h",
    "d",
    "w",
    "y",
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is known of a part: whether it is a double, and what it is measured in."""

    type: str = OTHER
    unit: Unit | None = None


_UNKNOWN = Quantity()


@dataclass(slots=True)
class Scale:
    """Goes through one expression. `derived` says of a node that it stands for a derived value, and in which unit that is."""

    vocabulary: Vocabulary
    derived: Mapping[Node, Unit | None]
    text: str
    edits: list[Edit] = field(default_factory=list)

    def weigh(self, node: Node, scope: frozenset[str] = frozenset()) -> Quantity:
        """Give what is known of a node; note the edits that it and its parts need.

        Raises:
            Misread: what is put together does not fit, or a literal's unit is unknown.
        """
        if node in self.derived:
            return Quantity(DOUBLE, self.derived[node])
        handle = {
            "number": self._number,
            "unit": self._literal,
            "unary": self._unary,
            "binary": self._binary,
            "ternary": self._ternary,
            "call": self._call,
        }.get(node.kind)
        if handle is not None:
            return handle(node, scope)
        if node.kind == "name":
            is_field = node.word in self.vocabulary.fields and node.word not in scope
            return Quantity(DOUBLE, self.vocabulary.fields[node.word]) if is_field else _UNKNOWN
        for part in node.parts:
            self.weigh(part, scope)
        return _UNKNOWN

    def _number(self, node: Node, _: frozenset[str]) -> Quantity:
        if node.word.isdecimal():
            return Quantity(INT)
        return Quantity(DOUBLE if set(node.word) <= set("0123456789.eE+-") else OTHER)

    def _literal(self, node: Node, _: frozenset[str]) -> Quantity:
        read = units.literal(node.word)
        if read is None:
            by_lower = {unit.lower(): unit for unit in _LITERAL_UNITS}
            meant = by_lower.get(nearest(node.word.lstrip("0123456789.").lower(), by_lower) or "")
            hint = f"did you mean {meant!r}? " if meant else ""
            raise Misread(f"{node.word[:30]!r} is no number with a unit", node.start, hint + _LITERAL_HINT)
        self.edits.append(Edit(node.start, node.end, repr(read[0])))
        return Quantity(DOUBLE, read[1])

    def _unary(self, node: Node, scope: frozenset[str]) -> Quantity:
        found = self.weigh(node.parts[0], scope)
        return found if node.word == "-" else _UNKNOWN

    def _binary(self, node: Node, scope: frozenset[str]) -> Quantity:
        left, right = node.parts
        one, other = self.weigh(left, scope), self.weigh(right, scope)
        if node.word in _COMPARISONS:
            self._settle(left, right, one, other)
            self._demand(units.fit(one.unit, other.unit), node, one, other)
            return _UNKNOWN
        if node.word == "in":
            self._member(node, one, scope)
            return _UNKNOWN
        if node.word not in _ARITHMETIC:
            return Quantity(INT) if node.word == "%" else _UNKNOWN
        fits = {"+": units.addable, "-": units.subtractable}.get(node.word)
        self._demand(fits is None or fits(one.unit, other.unit), node, one, other)
        return Quantity(self._settle(left, right, one, other), _ARITHMETIC[node.word](one.unit, other.unit))

    def _member(self, node: Node, one: Quantity, scope: frozenset[str]) -> None:
        """Hold a number against each item of the list that it may be in; the list itself was gone through already."""
        item_scale = Scale(self.vocabulary, self.derived, self.text)
        for item in node.parts[1].parts if node.parts[1].kind == "list" else ():
            other = item_scale.weigh(item, scope)
            self._settle(node.parts[0], item, one, other)
            self._demand(units.fit(one.unit, other.unit), node, one, other)

    def _ternary(self, node: Node, scope: frozenset[str]) -> Quantity:
        condition, then, other = node.parts
        self.weigh(condition, scope)
        one, two = self.weigh(then, scope), self.weigh(other, scope)
        self._demand(units.fit(one.unit, two.unit), node, one, two)
        return Quantity(self._settle(then, other, one, two), one.unit or two.unit)

    def _call(self, node: Node, scope: frozenset[str]) -> Quantity:
        if node.method and node.word in MACROS and len(node.parts) > 1 and node.parts[1].kind == "name":
            scope |= {node.parts[1].word}
        found = [self.weigh(part, scope) for part in node.parts]
        if not node.method and node.word in {"double", "int"} and len(found) == 1:
            return Quantity(node.word, found[0].unit)
        return Quantity(INT) if node.word == "size" else _UNKNOWN

    def _settle(self, left: Node, right: Node, one: Quantity, other: Quantity) -> str:
        """Make doubles of whole numbers that stand next to a double; gives the type of both together."""
        if one.type == DOUBLE:
            self._lift(right, other)
        elif other.type == DOUBLE:
            self._lift(left, one)
        elif one.type == other.type:
            return one.type
        return DOUBLE if DOUBLE in {one.type, other.type} else OTHER

    def _lift(self, node: Node, quantity: Quantity) -> None:
        parts = list(node.walk())
        if quantity.type == INT and all(part.kind in {"number", "unary"} or part.word in _ARITHMETIC for part in parts):
            places = (_digits(self.text, part) for part in parts if part.kind == "number")
            self.edits.extend(Edit(end, end, ".0") for end in places)

    def _demand(self, fits: bool, node: Node, one: Quantity, other: Quantity) -> None:  # noqa: FBT001 - an answer
        if fits:
            return
        left, right = (self._shown(part) for part in node.parts[-2:])
        message = f"{left} is measured in {one.unit}, {right} in {other.unit}"
        raise Misread(message, node.parts[-1].start, _hint(one.unit, other.unit, left))

    def _shown(self, node: Node) -> str:
        return " ".join(self.text[node.start : node.end].split())[:60]


def _digits(text: str, node: Node) -> int:
    """Give where the digits of a number end; the node may have parentheses around it."""
    return text.index(node.word, node.start) + len(node.word)


def _hint(one: Unit | None, other: Unit | None, left: str) -> str:
    kinds = {unit.kind for unit in (one, other) if unit is not None}
    if SHARE in kinds:
        return f"A share is of something: write {left} / <the whole> first."
    if MOMENT in kinds:
        return "`now - x` is how long ago the moment x was, and `x - now` how far ahead it is."
    if one is not None and other is not None and one.powers[0] == other.powers[0] and one.powers[1] != other.powers[1]:
        return "One of them is per second: rate(field, 5m) makes a number one, a factor such as 60s takes it away."
    return "Compare what is measured alike; a number without a unit fits anything."
