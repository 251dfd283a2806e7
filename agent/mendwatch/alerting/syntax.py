"""From the text of an expression to its tree, every node with its place.

CEL's library reads the expression as well, and has the last word on what it means; but its tree (`tree`) comes after its types are
checked, and what this project adds to the language must be found before. The depth is bounded, so that no text can
exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mendwatch.alerting.tokens import Kind, Misread, Token, tokens

#: How high a tree can be; the library itself refuses more than 32 parentheses within each other.
HIGHEST, DEEPEST = 150, 24

#: How strongly the operators with two sides bind.
_BINDING = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
}
_UNARY = 6
_CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One part of an expression: its kind, the word that makes it what it is, and its parts.

    - `number`, `unit`, `text`, `constant` (true, false, null): `word` as written
    - `name`: `word`; with a leading dot where one was written
    - `select`: the field `word` of the one part
    - `call`: the function `word` over the parts; of a `method`, the first part is what it is called on
    - `unary`, `binary`: the operator `word`; `ternary`: condition, then, else
    - `list`; `map` (key, value, key, value, ...); `index` (of the first part, the second); `struct`
    """

    kind: str
    word: str
    start: int
    end: int
    parts: tuple[Node, ...] = ()
    method: bool = False
    height: int = field(default=1)

    def walk(self) -> Iterator[Node]:
        """Give this node and all below it."""
        todo = [self]
        while todo:
            node = todo.pop()
            yield node
            todo.extend(reversed(node.parts))


def parse(text: str) -> Node:
    """Read an expression.

    Raises:
        Misread: it is none, or too long or too deep for one that a person wrote.
    """
    parser = _Parser(tokens(text))
    tree = parser.expression()
    if parser.next.kind is not Kind.END:
        raise parser.surprise()
    return tree


@dataclass(slots=True)
class _Parser:
    words: list[Token]
    at: int = 0
    depth: int = 0

    @property
    def next(self) -> Token:
        return self.words[self.at]

    def surprise(self) -> Misread:
        token = self.next
        what = f"{token.text!r} is not expected" if token.kind is not Kind.END else "something is missing at the end"
        return Misread(f"Syntax error: {what}", token.start)

    def take(self) -> Token:
        token = self.next
        self.at += 1
        return token

    def expect(self, word: str) -> Token:
        if not self.sees(word):
            raise self.surprise()
        return self.take()

    def sees(self, *words: str) -> bool:
        return self.next.kind in {Kind.OPERATOR, Kind.NAME} and self.next.text in words

    def expression(self) -> Node:
        """Read up to where no operator goes on; the weakest is `? :`."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Misread("the expression is nested too deeply", self.next.start, f"At most {DEEPEST} levels.")
        found = self.binary(1)
        if self.sees("?"):
            self.take()
            then = self.binary(1)
            self.expect(":")
            other = self.expression()
            found = _node("ternary", "?", (found, then, other), found.start, other.end)
        self.depth -= 1
        return found

    def binary(self, least: int) -> Node:
        """Read operands joined by operators that bind at least so strongly."""
        left = self.unary()
        while self.next.kind in {Kind.OPERATOR, Kind.NAME} and _BINDING.get(self.next.text, 0) >= least:
            operator = self.take().text
            right = self.binary(_BINDING[operator] + 1)
            left = _node("binary", operator, (left, right), left.start, right.end)
        return left

    def unary(self) -> Node:
        """Read an operand with what stands before it."""
        signs: list[Token] = []
        while self.sees("!", "-"):
            signs.append(self.take())
        if len(signs) > DEEPEST:
            raise Misread("the expression is nested too deeply", signs[0].start, f"At most {DEEPEST} levels.")
        found = self.member()
        for sign in reversed(signs):
            found = _node("unary", sign.text, (found,), sign.start, found.end)
        return found

    def member(self) -> Node:
        """Read an operand with what is taken from it: `.field`, `.method(...)`, `[index]`."""
        found = self.primary()
        while self.sees(".", "["):
            if self.take().text == "[":
                inner = self.expression()
                found = _node("index", "[", (found, inner), found.start, self.expect("]").end)
                continue
            word = self.name()
            if self.sees("("):
                arguments, end = self.several("(")
                found = _node("call", word.text, (found, *arguments), found.start, end, method=True)
            else:
                found = _node("select", word.text, (found,), found.start, word.end)
        return found

    def name(self) -> Token:
        if self.next.kind is not Kind.NAME:
            raise self.surprise()
        return self.take()

    def primary(self) -> Node:
        token = self.next
        if token.kind in {Kind.INT, Kind.FLOAT, Kind.UNIT, Kind.TEXT}:
            self.take()
            kind = {Kind.UNIT: "unit", Kind.TEXT: "text"}.get(token.kind, "number")
            return Node(kind, token.text, token.start, token.end)
        if token.kind is Kind.NAME or self.sees("."):
            return self.named()
        if self.sees("("):
            self.take()
            inner = self.expression()
            return Node(inner.kind, inner.word, token.start, self.expect(")").end, inner.parts, inner.method, inner.height)
        if self.sees("["):
            parts, end = self.several("[")
            return _node("list", "[", parts, token.start, end)
        if self.sees("{"):
            parts, end = self.several("{")
            return _node("map", "{", parts, token.start, end)
        raise self.surprise()

    def named(self) -> Node:
        """Read a name, a call, or a constant."""
        start = self.next.start
        dot = self.take().text if self.sees(".") else ""
        word = self.name()
        if word.text in {"true", "false", "null"}:
            return Node("constant", word.text, start, word.end)
        if self.sees("("):
            parts, end = self.several("(")
            return _node("call", dot + word.text, parts, start, end)
        return Node("name", dot + word.text, start, word.end)

    def several(self, opening: str) -> tuple[tuple[Node, ...], int]:
        """Read what stands between brackets, with commas between; in braces, pairs with a colon between."""
        self.expect(opening)
        closing = _CLOSING[opening]
        parts: list[Node] = []
        while not self.sees(closing):
            parts.append(self.expression())
            if opening == "{":
                self.expect(":")
                parts.append(self.expression())
            if not self.sees(","):
                break
            self.take()
        return tuple(parts), self.expect(closing).end


def _node(kind: str, word: str, parts: tuple[Node, ...], start: int, end: int, *, method: bool = False) -> Node:
    height = 1 + max((part.height for part in parts), default=0)
    if height > HIGHEST:
        raise Misread("the expression is nested too deeply", start, f"At most {HIGHEST} operators in a row; use `in [...]`.")
    return Node(kind, word, start, end, parts, method, height)
