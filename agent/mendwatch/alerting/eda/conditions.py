"""Reads a condition of a rulebook into a tree: comparisons of event attributes, joined by and, or and not.

The words are ansible-rulebook's (docs/conditions of its manual). What it can say beyond that, such as assignments between several
events or selectattr, is told with its column and not guessed at. This module knows the text and nothing of rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mendwatch.errors import ContentError

#: Longer text is no condition that a person wrote; deeper brackets would only exhaust the stack.
LONGEST, DEEPEST = 4000, 30

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+\.\d+|\d+(?![\w.]))
  | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\["[^"\]]*"\]|\['[^'\]]*'\]|\[\d+\])*)
  | (?P<mark><<|==|!=|>=|<=|[-+*/<>()\[\],=])
)""",
    re.VERBOSE,
)
_PART = re.compile(r"""\.?([A-Za-z_]\w*)|\["([^"\]]*)"\]|\['([^'\]]*)'\]|\[(\d+)\]""")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<=", "in", "contains"})
_PATTERNS = frozenset({"match", "search", "regex"})
_CONSTANTS = {"true": True, "True": True, "false": False, "False": False}


class Unreadable(ContentError):
    """A part of a condition that has no counterpart here; `column` is where it stands in the condition's text, from 1."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column


@dataclass(frozen=True, slots=True)
class Name:
    """An attribute, such as `event.alert.labels.cluster`, in its parts."""

    parts: tuple[str, ...]
    column: int


Literal = str | float | bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison. `operator` is one of == != > < >= <= in contains match search regex defined."""

    operator: str
    left: Name
    right: Literal | tuple[Literal, ...] | None
    column: int
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Junction:
    """Several conditions joined by `word`, which is `and` or `or`."""

    word: str
    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """The opposite of a condition."""

    part: Tree


Tree = Comparison | Junction | Negation


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    column: int


def parse(text: str) -> Tree:
    """Read a condition.

    Raises:
        Unreadable: it is none, or it says something that a rule cannot say.
    """
    if len(text) > LONGEST:
        raise Unreadable(f"the condition is longer than {LONGEST} characters", 1)
    reader = _Reader(list(_tokens(text)))
    found = reader.either(0)
    reader.end()
    return found


def _tokens(text: str) -> Iterator[_Token]:
    at, rest = 0, len(text.rstrip())
    while at < rest:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            raise Unreadable(f"{text[at : at + 10].strip()!r} cannot be read", at + 1)
        yield _Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup) + 1)
        at = found.end()
    yield _Token("end", "the end", rest + 1)


class _Reader:
    """Goes through the tokens, from the loosest binding word to the tightest."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def either(self, depth: int) -> Tree:
        """Read conditions joined by `or`."""
        return self._joined("or", depth)

    def end(self) -> None:
        """Refuse what stands behind the condition."""
        if self._next.kind != "end":
            raise self._unexpected()

    def _joined(self, word: str, depth: int) -> Tree:
        read = self._negated if word == "and" else lambda depth: self._joined("and", depth)
        parts = [read(depth)]
        while self._taken(word):
            parts.append(read(depth))
        return parts[0] if len(parts) == 1 else Junction(word, tuple(parts))

    def _negated(self, depth: int) -> Tree:
        if depth > DEEPEST:
            raise Unreadable("the brackets are too deep", self._next.column)
        if self._taken("not"):
            return Negation(self._negated(depth + 1))
        if self._taken("("):
            inner = self.either(depth + 1)
            self._expect(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Tree:
        left = self._name()
        token = self._next
        if self._taken("is"):
            negated = self._taken("not")
            return replace(self._test(left), negated=negated)
        negated = self._taken("not")
        if self._next.text in _COMPARISONS and self._next.kind != "text":
            operator = self._take().text
            right = self._list() if operator == "in" else self._literal()
            return Comparison(operator, left, right, token.column, negated)
        if token.kind in {"end", "mark", "name"} and token.text in {"the end", ")", "and", "or"}:
            return Comparison("==", left, right=True, column=left.column)  # a bare attribute: is it true
        raise self._unexpected()

    def _test(self, left: Name) -> Comparison:
        word = self._take()
        if word.text == "defined":
            return Comparison("defined", left, None, word.column)
        if word.text not in _PATTERNS:
            raise Unreadable(f"`is {word.text}` has no counterpart in a rule", word.column)
        self._expect("(")
        pattern = self._literal()
        ignoring = self._taken(",") and self._options()
        self._expect(")")
        return Comparison(word.text, left, f"(?i){pattern}" if ignoring else str(pattern), word.column)

    def _options(self) -> bool:
        """Read `ignorecase=true`; tells whether case is ignored."""
        option = self._take()
        if option.text != "ignorecase":
            raise Unreadable(f"the option {option.text!r} has no counterpart in a rule", option.column)
        self._expect("=")
        return self._literal() is True

    def _name(self) -> Name:
        token = self._take()
        if token.kind != "name":
            raise Unreadable(f"an attribute such as event.usage is expected, not {token.text!r}", token.column)
        parts = (next(part for part in found.groups() if part is not None) for found in _PART.finditer(token.text))
        return Name(tuple(parts), token.column)

    def _list(self) -> tuple[Literal, ...]:
        self._expect("[")
        found = [self._literal()]
        while self._taken(","):
            found.append(self._literal())
        self._expect("]")
        return tuple(found)

    def _literal(self) -> Literal:
        sign = -1.0 if self._taken("-") else 1.0
        token = self._take()
        if token.kind == "number":
            return sign * float(token.text)
        if token.kind == "text":
            return _ESCAPE.sub(r"\1", token.text[1:-1])
        if token.text in _CONSTANTS:
            return _CONSTANTS[token.text]
        raise Unreadable(f"a number, a text or a truth value is expected, not {token.text!r}", token.column)

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _taken(self, text: str) -> bool:
        if self._next.text == text and self._next.kind in {"name", "mark"}:
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._taken(text):
            raise Unreadable(f"{text!r} is expected, not {self._next.text!r}", self._next.column)

    def _unexpected(self) -> Unreadable:
        return Unreadable(f"{self._next.text!r} has no counterpart in a rule", self._next.column)
