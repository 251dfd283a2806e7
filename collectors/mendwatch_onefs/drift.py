"""What an answer has that we do not understand: skipped, counted by field, never an exception and never a 0.

OneFS adds words to its enumerations, sends numbers as text and changes types with a release. A collector asks for its
values here instead of in `decoding` where it matters that somebody notices. A field that is absent or null is no drift.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import UTC, datetime
from typing import Any, TypeVar

from mendwatch_onefs import decoding

T = TypeVar("T")
_NEVER = datetime.min.replace(tzinfo=UTC)


class Drift:
    """The counts of one reading. `field` is the resource and the field, such as `quota/quotas: usage.physical`."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def odd(self, field: str) -> None:
        """Count one thing that was not understood and is skipped."""
        self.counts[field] = self.counts.get(field, 0) + 1

    def number(self, field: str, value: Any) -> float | None:  # noqa: ANN401 - foreign data
        """Give a finite number, or None."""
        return self._told(field, value, decoding.number)

    def quantity(self, field: str, value: Any) -> float | None:  # noqa: ANN401 - foreign data
        """Give a number that is not negative, or None."""
        return self._told(field, value, decoding.quantity)

    def whole(self, field: str, value: Any) -> int | None:  # noqa: ANN401 - foreign data
        """Give a whole number that is not negative, or None."""
        return self._told(field, value, decoding.whole)

    def flag(self, field: str, value: Any) -> bool | None:  # noqa: ANN401 - foreign data
        """Give a truth, or None."""
        return self._told(field, value, decoding.flag)

    def word(self, field: str, value: Any, known: Container[str]) -> str | None:  # noqa: ANN401 - foreign data
        """Give a word in lower case, known or not; one that is not known is counted and still given, a structure only counted."""
        if value is None:
            return None
        found = None if isinstance(value, dict | list) else decoding.text(value)
        word = None if found is None else found.strip().lower()
        if word not in known:
            self.odd(field)
        return word

    def moment(self, field: str, value: Any) -> datetime | None:  # noqa: ANN401 - foreign data
        """Give an epoch time as UTC, or None; 0 is OneFS' word for never."""
        if value is None or decoding.number(value) == 0:
            return None
        found = decoding.moment(value, _NEVER)
        if found is _NEVER:
            self.odd(field)
            return None
        return found

    def _told(self, field: str, value: Any, read: Callable[[Any], T | None]) -> T | None:  # noqa: ANN401 - foreign data
        if value is None:
            return None
        result = read(value)
        if result is None:
            self.odd(field)
        return result
