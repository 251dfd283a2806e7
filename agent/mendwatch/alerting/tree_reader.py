"""Reads the typed tree of an expression from what CEL's checker serialized, the standard message cel.expr.CheckedExpr.

The macros of CEL (`all`, `exists`, `map`, ...), which the library takes apart into loops, are put together again.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from mendwatch.alerting import wire
from mendwatch.alerting.tree import Kind, Literal, Node

#: What stands before the name of every field and label of a record.
PREFIX = "record."

# Field numbers of cel/expr/checked.proto and syntax.proto.
_ANY_VALUE = 2
_REFERENCES, _TYPES, _EXPR, _SOURCE = 2, 3, 4, 5
_POSITIONS = 4
_KEY, _VALUE = 1, 2
_OVERLOAD = 3
_EXPR_ID = 2
_LIST_TYPE, _MAP_TYPE, _PRIMITIVE, _NULL_TYPE = 6, 7, 3, 2
_PRIMITIVES = {1: "bool", 2: "int", 3: "uint", 4: "double", 5: "string", 6: "bytes"}


def read(serialized: bytes) -> Node:
    """Give the tree of a serialized expression that was checked."""
    part = next(part for part in wire.fields(serialized, 0, len(serialized)) if part.number == _ANY_VALUE)
    reader = _Reader(serialized)
    expression: wire.Field | None = None
    for found in wire.fields(serialized, part.start, part.end):
        if found.number == _EXPR:
            expression = found
        reader.note(found)
    if expression is None:
        raise ValueError(serialized)
    return reader.node(expression)


class _Reader:
    """Reads nodes out of one message, with what the checker noted of each by its number."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._overloads: dict[int, str] = {}
        self._types: dict[int, str] = {}
        self._offsets: dict[int, int] = {}

    def note(self, part: wire.Field) -> None:
        """Take one field of the CheckedExpr, in which types and references stand before the expression."""
        if part.number == _SOURCE:
            for entry in self._each(part, _POSITIONS):
                found = self._parts(entry)
                self._offsets[_number(found, _KEY)] = _number(found, _VALUE)
        elif part.number in {_REFERENCES, _TYPES}:
            found = self._parts(part)
            if part.number == _TYPES:
                self._types[_number(found, _KEY)] = self._type(found.get(_VALUE))
            elif _VALUE in found:
                overload = self._parts(found[_VALUE]).get(_OVERLOAD)
                self._overloads[_number(found, _KEY)] = wire.text(self._data, overload) if overload is not None else ""

    def node(self, part: wire.Field) -> Node:
        """Give the node of one Expr."""
        number, content = 0, None
        for found in wire.fields(self._data, part.start, part.end):
            if found.number == _EXPR_ID:
                number = found.value
            else:
                content = found
        if content is None:
            raise ValueError(number)
        place = _Place(number, self._types.get(number, ""), self._offsets.get(number, 0))
        return _READERS[content.number](self, content, place)

    def constant(self, part: wire.Field, place: _Place) -> Node:
        """Give a literal."""
        found = next(wire.fields(self._data, part.start, part.end))
        return Node(Kind.CONSTANT, place.type or _CONSTANT_TYPES[found.number], place.offset, value=self._literal(found))

    def name(self, part: wire.Field, place: _Place) -> Node:
        """Give a name of the record, or a macro's variable."""
        word = self._word(part, 1)
        kind = Kind.NAME if word.startswith(PREFIX) else Kind.VARIABLE
        return Node(kind, place.type, place.offset, word.removeprefix(PREFIX))

    def select(self, part: wire.Field, place: _Place) -> Node:
        """Give `x.field` or has(x.field)."""
        tested = any(found.value for found in self._each(part, 3))
        children = tuple(self.node(found) for found in self._each(part, 1))
        return Node(Kind.SELECT, place.type, place.offset, self._word(part, 2), children=children, member=not tested)

    def call(self, part: wire.Field, place: _Place) -> Node:
        """Give a call."""
        target = [self.node(found) for found in self._each(part, 1)]
        children = (*target, *(self.node(found) for found in self._each(part, 3)))
        overload = self._overloads.get(place.number, "")
        word = self._word(part, 2)
        return Node(Kind.CALL, place.type, place.offset, word, overload=overload, children=children, member=bool(target))

    def list(self, part: wire.Field, place: _Place) -> Node:
        """Give a list."""
        return Node(Kind.LIST, place.type, place.offset, children=tuple(self.node(found) for found in self._each(part, 1)))

    def map(self, part: wire.Field, place: _Place) -> Node:
        """Give a map."""
        entries = [self._parts(entry) for entry in self._each(part, 2)]
        children = tuple(self.node(entry[at]) for entry in entries for at in (3, 4))
        return Node(Kind.MAP, place.type, place.offset, children=children)

    def macro(self, part: wire.Field, place: _Place) -> Node:
        """Put a macro together again from the loop that the library made of it."""
        loop = self._parts(part)
        start, step = self.node(loop[4]), self.node(loop[6])
        word, told = _macro(start, step, self._word(part, 1))
        children = (self.node(loop[2]), *told)
        return Node(Kind.MACRO, place.type, place.offset, word, children=children, variable=self._word(part, 1))

    def _literal(self, found: wire.Field) -> Literal:
        return _LITERALS[found.number](found.value, self._data[found.start : found.end])

    def _type(self, part: wire.Field | None) -> str:
        found = next(wire.fields(self._data, part.start, part.end), None) if part is not None else None
        if found is None:
            return ""
        if found.number == _PRIMITIVE:
            return _PRIMITIVES.get(found.value, "")
        if found.number in {_LIST_TYPE, _MAP_TYPE}:
            inner = ", ".join(self._type(one) for one in wire.fields(self._data, found.start, found.end))
            return f"{'list' if found.number == _LIST_TYPE else 'map'}({inner})"
        return "null" if found.number == _NULL_TYPE else ""

    def _each(self, part: wire.Field, number: int) -> Iterator[wire.Field]:
        return (found for found in wire.fields(self._data, part.start, part.end) if found.number == number)

    def _parts(self, part: wire.Field) -> dict[int, wire.Field]:
        return {found.number: found for found in wire.fields(self._data, part.start, part.end)}

    def _word(self, part: wire.Field, number: int) -> str:
        return next((wire.text(self._data, found) for found in self._each(part, number)), "")


@dataclass(frozen=True, slots=True)
class _Place:
    number: int
    type: str
    offset: int


_READERS = {
    3: _Reader.constant,
    4: _Reader.name,
    5: _Reader.select,
    6: _Reader.call,
    7: _Reader.list,
    8: _Reader.map,
    9: _Reader.macro,
}
#: From a varint and the bytes of a constant to its value, by the number of its field.
_LITERALS: Mapping[int, Callable[[int, bytes], Literal]] = {
    1: lambda *_: None,
    2: lambda number, _: bool(number),
    3: lambda number, _: wire.signed(number),
    4: lambda number, _: number,
    5: lambda _, raw: _double(raw),
    6: lambda _, raw: raw.decode(),
    7: lambda _, raw: raw,
}
_CONSTANT_TYPES = {1: "null", 2: "bool", 3: "int", 4: "uint", 5: "double", 6: "string", 7: "bytes"}


def _double(raw: bytes) -> float:
    value: float = struct.unpack("<d", raw)[0]
    return value


def _number(parts: Mapping[int, wire.Field], number: int) -> int:
    return parts[number].value if number in parts else 0


def _macro(start: Node, step: Node, variable: str) -> tuple[str, Sequence[Node]]:
    """Tell which macro makes such a loop, and what was written after its variable."""
    if step.word == "_&&_":
        return "all", step.children[1:]
    if step.word == "_||_":
        return "exists", step.children[1:]
    tested = step.children[:1] if step.word == "_?_:_" else ()
    if start.kind is not Kind.LIST:
        return "exists_one", tested
    added = (step.children[1] if tested else step).children[1].children[0]
    plain = added.kind is Kind.VARIABLE and added.word == variable
    return ("filter", tested) if tested and plain else ("map", (*tested, added))
