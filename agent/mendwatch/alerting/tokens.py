"""The words of an expression, each with its place in the text: names, numbers with or without a unit, texts and operators.

The syntax is CEL's, plus numbers with a unit (`90%`, `5GiB`, `1h30m`). Length and number of words are bounded here, before anything
costlier looks at a text that nobody may have written by hand. Nothing here knows what a word means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from mendwatch.errors import ContentError

#: Longer text, or more words, is no condition that a person wrote.
LONGEST, MOST_TOKENS = 4000, 600

_SPACE = re.compile(r"(?:\s|//[^\n]*)+")
_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\d+|\.\d+)(?:[eE][+-]?\d+)?")
_TRIPLE = re.compile(r"""(?:'''|\"\"\")""")
_TEXTS = {
    True: re.compile(r"""'''.*?'''|\"\"\".*?\"\"\"|'[^'\n]*'|"[^"\n]*\"""", re.DOTALL),
    False: re.compile(r"""'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*\"""", re.DOTALL),
}
_PREFIX = re.compile(r"([bBrR]{0,2})(?=['\"])")
_OPERATOR = re.compile(r"&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}]")
_UNIT = re.compile(r"[a-zA-Z][a-zA-Z0-9]*")
#: What begins an operand: after it, a `%` behind a number is the operator and no unit.
_OPERAND = re.compile(r"(?!in\b)[\w\"'.(\[{!]")


class Kind(StrEnum):
    """What a token is."""

    NAME = "name"
    INT = "int"
    FLOAT = "float"
    UNIT = "number with a unit"
    TEXT = "text"
    OPERATOR = "operator"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `start` and `end` are offsets into the whole text."""

    kind: Kind
    text: str
    start: int
    end: int


class Misread(ContentError):
    """An expression is refused at a place: `at` is the offset of the character, `reason` what is wrong with it."""

    default_hint = "See docs/write-a-rule.md for what a condition may say."

    def __init__(self, reason: str, at: int, hint: str = "") -> None:
        super().__init__(reason, hint=hint)
        self.reason = reason
        self.at = at


def tokens(text: str) -> list[Token]:
    """Split an expression; the last token is always an END.

    Raises:
        Misread: it is too long, or a character begins nothing.
    """
    if len(text) > LONGEST:
        raise Misread(f"the expression has {len(text)} characters", 0, f"At most {LONGEST} characters of plain text.")
    found: list[Token] = []
    at = _skip(text, 0)
    while at < len(text):
        if len(found) >= MOST_TOKENS:
            raise Misread("the expression has too many words", at, f"At most {MOST_TOKENS}; make two rules of it.")
        token = _token(text, at)
        found.append(token)
        at = _skip(text, token.end)
    return [*found, Token(Kind.END, "", len(text), len(text))]


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _token(text: str, at: int) -> Token:
    prefix = _PREFIX.match(text, at)
    if prefix is not None:
        return _string(text, at, prefix)
    number = _NUMBER.match(text, at)
    if number is not None:
        return _number(text, at, number.end())
    for kind, shape in ((Kind.NAME, _NAME), (Kind.OPERATOR, _OPERATOR)):
        found = shape.match(text, at)
        if found is not None:
            return Token(kind, found[0], at, found.end())
    raise Misread(f"{text[at]!r} has no meaning here", at, "Texts stand in quotes; and, or and not are written &&, || and !.")


def _string(text: str, at: int, prefix: re.Match[str]) -> Token:
    raw = "r" in prefix[1].lower()
    found = _TEXTS[raw].match(text, prefix.end())
    if found is None or (_TRIPLE.match(text, prefix.end()) and not _TRIPLE.match(found[0])):
        raise Misread("a text has no end", at, "Close it with the quote that began it.")
    return Token(Kind.TEXT, text[at : found.end()], at, found.end())


def _number(text: str, at: int, end: int) -> Token:
    """Read a number; what adheres to it is its unit."""
    plain = text[at:end]
    whole = plain.isdecimal() or plain[:2] in {"0x", "0X"}
    if text.startswith("%", end) and not _OPERAND.match(text, _skip(text, end + 1)):
        return Token(Kind.UNIT, text[at : end + 1], at, end + 1)
    unit = _UNIT.match(text, end)
    if unit is not None and unit[0] not in {"u", "U"}:
        return Token(Kind.UNIT, text[at : unit.end()], at, unit.end())
    end = unit.end() if unit is not None else end
    return Token(Kind.INT if whole else Kind.FLOAT, text[at:end], at, end)
