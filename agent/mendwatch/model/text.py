"""Text that devices and people wrote, looked at character by character: what a reader cannot see is removed or shown as such.

Names, paths and messages are in the hands of whoever may write on a device. Every place that shows them asks here what is
visible, so that a person and a model see the same. Pure; it knows no template, no terminal and no protocol.
"""

from __future__ import annotations

import unicodedata

#: Control, format (bidirectional and zero-width), private use, surrogates, line and paragraph separators.
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
#: Invisible letters and marks of other categories: joiners, Hangul fillers, Mongolian selectors, the empty Braille pattern.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_SELECTORS = ((0xFE00, 0xFE0F), (0xE0100, 0xE01EF))


def visible(character: str) -> bool:
    """Tell whether a character is one that a reader can see, or a space."""
    code = ord(character)
    hidden = character in _INVISIBLE or any(low <= code <= high for low, high in _SELECTORS)
    return not hidden and unicodedata.category(character) not in _HIDDEN


def replaced(text: str) -> str:
    """Put U+FFFD in place of each character that is not printable, for logs and pages: a terminal obeys control characters."""
    if text.isascii() and text.isprintable():  # nearly all is, and every poll tells it anew
        return text
    return "".join(character if _printable(character) else "\N{REPLACEMENT CHARACTER}" for character in text)


def escaped(text: str) -> str:
    r"""Write each character that is not printable as `\xNN` or `\uNNNN`, where names must stay apart."""
    return "".join(character if _printable(character) else _escape(character) for character in text)


def count(number: int, noun: str) -> str:
    """Write `1 rule`, `2 rules`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _printable(character: str) -> bool:
    return character.isprintable() and visible(character)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
