"""Alertmanager's label matchers, and the index that finds the rules a record could concern.

A label that a record has not counts as empty, as in Prometheus. Patterns are RE2 and anchored.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mendwatch.alerting.conditions import Patterns
from mendwatch.errors import ContentError

_SHAPE = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"\'{}\\,=!~]*))\s*', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}
_HINT = 'Write one matcher such as cluster=~"prod-.*"; the operators are =, !=, =~ and !~.'

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Matcher:
    """One matcher; `test` is given the label's value, empty where the record has no such label."""

    label: str
    operator: str
    value: str
    test: Callable[[str], bool]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether a record with these labels is meant."""
        return self.test(labels.get(self.label, ""))


def parse(text: str, patterns: Patterns | None = None) -> Matcher:
    """Read one matcher; whoever reads many gives the patterns that were compiled before.

    Raises:
        ContentError: it is none, or its pattern is not RE2.
    """
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise ContentError(f"{text!r} is no matcher", hint=_HINT)
    label, operator, quoted, bare = found.groups()
    value = bare if quoted is None else _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[0]), quoted)
    return Matcher(label, operator, value, _test(operator, value, patterns or Patterns()))


def _test(operator: str, value: str, patterns: Patterns) -> Callable[[str], bool]:
    if operator == "=":
        return value.__eq__
    if operator == "!=":
        return value.__ne__
    matches = patterns.compiled(value)
    return matches if operator == "=~" else lambda text: not matches(text)


class Index(Generic[T]):
    """Finds the entries whose matchers accept a record's labels, in their given order.

    An entry with equality matchers is filed under one of them, so that a thousand rules for a thousand clusters cost one
    look-up and not a thousand comparisons.
    """

    def __init__(self, entries: Iterable[tuple[Sequence[Matcher], T]]) -> None:
        self._always: list[tuple[int, Sequence[Matcher], T]] = []
        self._filed: dict[str, dict[str, list[tuple[int, Sequence[Matcher], T]]]] = {}
        listed = list(entries)
        variety = _variety(matchers for matchers, _ in listed)
        for rank, (matchers, entry) in enumerate(listed):
            equal = [matcher for matcher in matchers if matcher.operator == "=" and matcher.value]
            if not equal:
                self._always.append((rank, matchers, entry))
                continue
            best = max(equal, key=lambda matcher: variety[matcher.label])
            self._filed.setdefault(best.label, {}).setdefault(best.value, []).append((rank, matchers, entry))

    def find(self, labels: Mapping[str, str]) -> list[T]:
        """Give every entry that concerns a record with these labels."""
        candidates = list(self._always)
        for label, by_value in self._filed.items():
            candidates.extend(by_value.get(labels.get(label, ""), ()))
        candidates.sort(key=lambda candidate: candidate[0])
        return [entry for _, matchers, entry in candidates if all(matcher.matches(labels) for matcher in matchers)]


def _variety(all_matchers: Iterable[Sequence[Matcher]]) -> Counter[str]:
    """Count the distinct values that rules ask of each label: the one with the most splits the rules best."""
    pairs = {(matcher.label, matcher.value) for matchers in all_matchers for matcher in matchers if matcher.operator == "="}
    return Counter(label for label, _ in pairs)
