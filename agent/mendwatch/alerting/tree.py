"""The typed tree of a compiled expression: what it is made of, which types its parts have, and how each part reads as text.

It says what will be evaluated and not what somebody wrote. `quick` makes Python of it, and explaining shows the value of every
part. Nothing here knows rules or the CEL library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

#: What CEL can write as one word.
Literal = str | float | int | bool | bytes | None


class Kind(StrEnum):
    """What a node is."""

    CONSTANT = "constant"
    NAME = "name"  # a field, a label or a derived value of the record
    VARIABLE = "variable"  # the variable of a macro
    CALL = "call"  # a function or an operator
    SELECT = "select"  # a field of a message or a map: `x.word`, and has(x.word) where `member` is false
    LIST = "list"
    MAP = "map"  # keys and values take turns among the children
    MACRO = "macro"  # `word` is all, exists, exists_one, map or filter; children are the range and what follows the variable


@dataclass(frozen=True, slots=True)
class Node:
    """One part of an expression.

    `word` is the name, the function (operators as CEL calls them: `_>_`), the field or the macro; `variable` the macro's own.
    `member` tells that a call's first child stands before its dot. `overload` is what the checker resolved a call to. `type` is
    CEL's word, such as `double` or `list(string)`, empty where the checker named none. `offset` counts characters of the source.
    """

    kind: Kind
    type: str
    offset: int
    word: str = ""
    value: Literal = None
    overload: str = ""
    children: tuple[Node, ...] = ()
    member: bool = False
    variable: str = ""

    def walk(self) -> Iterator[Node]:
        """Give this node and every one below it, in the order of the text."""
        yield self
        for child in self.children:
            yield from child.walk()


_CONDITIONAL, _OR, _AND, _RELATION, _SUM, _PRODUCT, _UNARY, _PRIMARY = range(8)
_INFIX = {
    "_||_": ("||", _OR),
    "_&&_": ("&&", _AND),
    "_<_": ("<", _RELATION),
    "_<=_": ("<=", _RELATION),
    "_>_": (">", _RELATION),
    "_>=_": (">=", _RELATION),
    "_==_": ("==", _RELATION),
    "_!=_": ("!=", _RELATION),
    "@in": ("in", _RELATION),
    "_+_": ("+", _SUM),
    "_-_": ("-", _SUM),
    "_*_": ("*", _PRODUCT),
    "_/_": ("/", _PRODUCT),
    "_%_": ("%", _PRODUCT),
}
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def unparse(node: Node, names: Mapping[str, str] | None = None) -> str:
    """Write a node as CEL. `names` gives other texts for names, such as `rate(usage, 5m)` for the input that stands for it."""
    return _Writer(names or {}).text(node, _CONDITIONAL)


@dataclass(frozen=True, slots=True)
class _Writer:
    names: Mapping[str, str]

    def text(self, node: Node, least: int) -> str:
        """Write a node for a place where what binds less than `least` needs parentheses."""
        written, binds = self._written(node)
        return f"({written})" if binds < least else written

    def _written(self, node: Node) -> tuple[str, int]:
        if node.kind is Kind.CALL:
            return self._call(node)
        if node.kind is Kind.CONSTANT:
            text = _literal(node)
            return text, _UNARY if text.startswith("-") else _PRIMARY
        return self._primary(node), _PRIMARY

    def _primary(self, node: Node) -> str:
        match node.kind:
            case Kind.SELECT:
                inner = f"{self.text(node.children[0], _PRIMARY)}.{node.word}"
                return inner if node.member else f"has({inner})"
            case Kind.LIST:
                return f"[{self._listed(node.children)}]"
            case Kind.MAP:
                texts = [self.text(child, _CONDITIONAL) for child in node.children]
                return "{" + ", ".join(map(": ".join, zip(texts[::2], texts[1::2], strict=True))) + "}"
            case Kind.MACRO:
                inner = f"{node.variable}, {self._listed(node.children[1:])}"
                return f"{self.text(node.children[0], _PRIMARY)}.{node.word}({inner})"
        return self.names.get(node.word, node.word) if node.kind is Kind.NAME else node.word

    def _call(self, node: Node) -> tuple[str, int]:
        children = node.children
        if node.word in _INFIX:
            sign, binds = _INFIX[node.word]
            return f"{self.text(children[0], binds)} {sign} {self.text(children[1], binds + 1)}", binds
        if node.word == "_?_:_":
            parts = (self.text(children[0], _OR), self.text(children[1], _OR), self.text(children[2], _CONDITIONAL))
            return "{} ? {} : {}".format(*parts), _CONDITIONAL
        if node.word in {"!_", "-_"}:
            return f"{node.word[0]}{self.text(children[0], _PRIMARY)}", _UNARY
        if node.word == "_[_]":
            return f"{self.text(children[0], _PRIMARY)}[{self.text(children[1], _CONDITIONAL)}]", _PRIMARY
        if node.member:
            return f"{self.text(children[0], _PRIMARY)}.{node.word}({self._listed(children[1:])})", _PRIMARY
        return f"{node.word}({self._listed(children)})", _PRIMARY

    def _listed(self, nodes: Sequence[Node]) -> str:
        return ", ".join(self.text(node, _CONDITIONAL) for node in nodes)


def _literal(node: Node) -> str:
    value = node.value
    if isinstance(value, str):
        return "'" + "".join(_ESCAPES.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in value) + "'"
    if isinstance(value, bytes):
        return "b'" + "".join(f"\\x{byte:02x}" for byte in value) + "'"
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    text = repr(value).replace("inf", "1e999")
    return f"{text}u" if node.type == "uint" else text
