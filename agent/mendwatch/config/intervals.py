"""The words of Alertmanager's time intervals, as numbers: `22:00`, `monday:friday`, `1:7`, `-1`, `january:march`, `2030`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from mendwatch.config.wording import HintedError

#: First and last of what is meant, both included.
Range = tuple[int, int]

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_LONGEST_MONTH, _LAST_YEAR, _DAY = 31, 9999, 24 * 60


def minute(text: str) -> int:
    """Give the minutes from midnight of a time of day; 24:00 is the end of the day. Raises ValueError."""
    hours, _, minutes = text.partition(":")
    if len(hours) == len(minutes) == 2 and (hours + minutes).isdecimal() and int(minutes) < 60:  # noqa: PLR2004 - HH:MM
        found = int(hours) * 60 + int(minutes)
        if found <= _DAY:
            return found
    raise HintedError(f"{text!r} is no time of day", "Write it like '22:00', in quotes; '24:00' is the end of the day.")


def weekdays(text: str) -> Range:
    """Give weekdays, counted from Monday, 0. Raises ValueError."""
    return _range(text, _WEEKDAYS, 0, "Write 'saturday' or 'monday:friday'.")


def months(text: str) -> Range:
    """Give months, counted from January, 1; by name or number. Raises ValueError."""
    return _range(text, _MONTHS, 1, "Write 'january', 'march:may' or '1:3'.", (1, len(_MONTHS)))


def years(text: str) -> Range:
    """Give years. Raises ValueError."""
    return _range(text, (), 0, "Write '2030' or '2030:2032'.", (1, _LAST_YEAR))


def days(text: str) -> Range:
    """Give days of the month, from 1, or from its end, -1. Raises ValueError."""
    hint = "Write '1', '1:7', or from the month's end '-1' or '-7:-1'."
    first, last = (_number(part, text, hint) for part in _parts(text))
    backward = first < 0 < last  # `-3:5` ends before it begins in every month
    if not all(0 < abs(day) <= _LONGEST_MONTH for day in (first, last)) or backward or (first > last and first * last > 0):
        raise HintedError(f"{text!r} are no days of a month", hint)
    return first, last


def _range(text: str, names: Sequence[str], base: int, hint: str, bounds: Range | None = None) -> Range:
    found = []
    for part in _parts(text):
        if part.lower() in names:
            found.append(names.index(part.lower()) + base)
            continue
        number = _number(part, text, hint) if bounds is not None else None
        if bounds is None or number is None or not bounds[0] <= number <= bounds[1]:
            raise HintedError(f"{text!r} cannot be read", hint)
        found.append(number)
    if found[0] > found[-1]:
        raise HintedError(f"{text!r} ends before it begins", "Write two ranges.")
    return found[0], found[-1]


def _parts(text: str) -> tuple[str, str]:
    first, _, last = text.partition(":")
    return first.strip(), (last or first).strip()


def _number(part: str, text: str, hint: str) -> int:
    if part.removeprefix("-").isdecimal() and part.isascii():
        return int(part)
    raise HintedError(f"{text!r} cannot be read", hint)
