"""Reads what CEL's checker found out about an expression, and marks its arithmetic for guarding.

A compiled expression serializes to the standard message cel.expr.CheckedExpr. From it come the names an expression
uses, so that a missing value can be told by name, and the places of its double arithmetic: IEEE's x / 0.0 is infinite,
infinite is greater than any limit, and a quota without a limit must not fire. Those calls are renamed in place, to names
of equal length that no source text can spell, and `conditions` gives them implementations that refuse.

This module knows nothing of rules or of the CEL library.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mendwatch.alerting import wire

#: The checker's overloads of double arithmetic: the operator's function, and its guarded name.
GUARDED = {
    "divide_double": (b"_/_", b"$/$"),
    "multiply_double": (b"_*_", b"$*$"),
    "add_double": (b"_+_", b"$+$"),
    "subtract_double": (b"_-_", b"$-$"),
}

# Field numbers of cel/expr/checked.proto and syntax.proto.
_ANY_VALUE = 2
_CHECKED_REFERENCES, _CHECKED_EXPR = 2, 4
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_REFERENCE_NAME, _REFERENCE_OVERLOAD = 1, 3
_EXPR_ID, _EXPR_CALL, _CALL_FUNCTION = 2, 6, 2

#: From the kind of a message to those fields that hold further messages, and their kinds.
_INNER: dict[str, dict[int, str]] = {
    "expr": {5: "select", _EXPR_CALL: "call", 7: "list", 8: "struct", 9: "comprehension"},
    "select": {1: "expr"},
    "call": {1: "expr", 3: "expr"},
    "list": {1: "expr"},
    "struct": {2: "entry"},
    "entry": {3: "expr", 4: "expr"},
    "comprehension": {2: "expr", 4: "expr", 5: "expr", 6: "expr", 7: "expr"},
}


@dataclass(frozen=True, slots=True)
class Reference:
    """What the checker resolved one node to: a variable's full name, or the overloads of a call."""

    node: int
    name: str
    overloads: frozenset[str]


def references(serialized: bytes) -> list[Reference]:
    """Give every resolved node of a serialized expression."""
    start, end = _checked(serialized)
    entries = (part for part in wire.fields(serialized, start, end) if part.number == _CHECKED_REFERENCES)
    return [_reference(serialized, entry) for entry in entries]


def guarded(serialized: bytes, resolved: Iterable[Reference]) -> bytes:
    """Give the same expression with its double arithmetic renamed to the guarded functions; `resolved` are its references."""
    overloads = {reference.node: reference.overloads for reference in resolved if not reference.overloads.isdisjoint(GUARDED)}
    if not overloads:
        return serialized
    patched = bytearray(serialized)
    for node, start, end in _calls(serialized):
        for overload, (plain, safe) in GUARDED.items():
            if overload in overloads.get(node, ()) and serialized[start:end] == plain:
                patched[start:end] = safe
    return bytes(patched)


def _checked(data: bytes) -> tuple[int, int]:
    """Give where the CheckedExpr lies inside the Any that wraps it."""
    return next((part.start, part.end) for part in wire.fields(data, 0, len(data)) if part.number == _ANY_VALUE)


def _reference(data: bytes, entry: wire.Field) -> Reference:
    parts = {part.number: part for part in wire.fields(data, entry.start, entry.end)}
    node, inner = parts.get(_ENTRY_KEY), parts.get(_ENTRY_VALUE)
    texts = (
        [(part.number, wire.text(data, part)) for part in wire.fields(data, inner.start, inner.end)] if inner is not None else []
    )
    name = next((text for number, text in texts if number == _REFERENCE_NAME), "")
    overloads = frozenset(text for number, text in texts if number == _REFERENCE_OVERLOAD)
    return Reference(node.value if node is not None else 0, name, overloads)


def _calls(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Give (node, start, end) of the function name of every call."""
    start, end = _checked(data)
    todo = [("expr", part.start, part.end, 0) for part in wire.fields(data, start, end) if part.number == _CHECKED_EXPR]
    while todo:
        kind, start, end, node = todo.pop()
        parts = list(wire.fields(data, start, end))
        if kind == "expr":
            node = next((part.value for part in parts if part.number == _EXPR_ID), 0)
        for part in parts:
            if kind == "call" and part.number == _CALL_FUNCTION:
                yield node, part.start, part.end
            elif part.number in _INNER[kind]:
                todo.append((_INNER[kind][part.number], part.start, part.end, node))
