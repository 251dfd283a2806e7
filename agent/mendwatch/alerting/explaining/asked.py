"""The matchers of a question: put to ten thousand subjects at once, so that the simple patterns must cost next to nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mendwatch.alerting import matchers
from mendwatch.alerting.matchers import Matcher

_SPECIAL = frozenset("\\.+*?()[]{}^$")
#: Units of a pattern that needs the library, and of everything else.
_HARD, _EASY = 20, 1


def parsed(texts: Sequence[str]) -> list[Matcher]:
    """Read matchers; patterns of plain text, `.*` and `|` are asked without the library, with the same answers.

    Raises:
        ContentError: one is none, or its pattern is not RE2.
    """
    return sorted(map(_eased, map(matchers.parse, texts)), key=cost)


def cost(matcher: Matcher) -> int:
    """Give the units of work of one look."""
    return _HARD if matcher.operator in {"=~", "!~"} and plain(matcher.value) is None else _EASY


def plain(pattern: str) -> Callable[[str], bool] | None:
    """Give the test for a simple pattern; None for one that is not."""
    choices = [choice.split(".*") for choice in pattern.split("|")]
    if any(_SPECIAL & set(part) for parts in choices for part in parts):
        return None
    return lambda text: any(_fits(text, parts) for parts in choices)


def _eased(matcher: Matcher) -> Matcher:
    test = plain(matcher.value) if matcher.operator in {"=~", "!~"} else None
    if test is None:
        return matcher
    return replace(matcher, test=test if matcher.operator == "=~" else lambda text: not test(text))


def _fits(text: str, parts: list[str]) -> bool:
    """Tell whether the parts stand in a text in their order, the first at its beginning and the last at its end."""
    first, *middle = parts
    if not middle:
        return text == first
    *middle, last = middle
    at, end = len(first), len(text) - len(last)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return False
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
