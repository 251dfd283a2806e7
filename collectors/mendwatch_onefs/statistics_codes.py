"""What OneFS' error codes of single values mean: still good, worth another try, or not to be had."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from mendwatch_onefs.statistics_answers import Answer

#: Codes of a value that can be used: none, fine, and fine although another node is missing.
GOOD: frozenset[int | None] = frozenset({None, 0, 3})
#: Codes of a value that may be there a moment later.
PASSING = frozenset({4, 5, 6, 7, 8})
_REASONS: Mapping[int, str] = MappingProxyType(
    {
        1: "not_present",
        2: "not_implemented",
        4: "stale",
        5: "connection_timeout",
        6: "timeout",
        7: "no_history",
        8: "system",
        9: "not_configured",
        10: "no_data",
    }
)


def reason(code: int | None) -> str:
    """Give the word for a code that is not good."""
    return _REASONS.get(code or 0, "other")


def all_good(codes: Sequence[int | None]) -> bool:
    """Tell whether every value can be used; nearly always so, and then for nearly nothing."""
    return codes.count(None) == len(codes) or GOOD.issuperset(codes)


def blank(answer: Answer) -> dict[str, int]:
    """Take the values away that OneFS says are none, and count them by reason."""
    counts: dict[str, int] = {}
    if all_good(answer.codes):
        return counts
    for at, code in enumerate(answer.codes):
        if code not in GOOD:
            answer.values[at] = None
            counts[reason(code)] = counts.get(reason(code), 0) + 1
    return counts


def hopeless(answer: Answer) -> dict[str, str]:
    """Give the keys that no node will give, with the reason: each of their values has a code that does not pass."""
    if all_good(answer.codes):
        return {}
    codes: dict[str, set[int | None]] = {}
    for key, code in zip(answer.keys, answer.codes, strict=True):
        codes.setdefault(key, set()).add(code)
    return {key: reason(min(c or 0 for c in found)) for key, found in codes.items() if not found & (GOOD | PASSING)}


def worth_another_try(answer: Answer) -> list[str]:
    """Give the keys that some device may give a moment later; one that gives nothing at all is down and is left alone."""
    if all_good(answer.codes):
        return []
    alive = {devid for devid, code in zip(answer.devids, answer.codes, strict=True) if code in GOOD}
    found = zip(answer.keys, answer.devids, answer.codes, strict=True)
    return list(dict.fromkeys(key for key, devid, code in found if code in PASSING and devid in alive))


def mend(answer: Answer, later: Answer) -> None:
    """Put the values of a later answer where the first one had none."""
    places = {place: at for at, place in enumerate(_places(answer)) if answer.codes[at] not in GOOD}
    for at, place in enumerate(_places(later)):
        where = places.get(place)
        if where is not None and later.codes[at] in GOOD:
            answer.values[where], answer.times[where] = later.values[at], later.times[at]
            answer.codes[where] = later.codes[at]


def _places(answer: Answer) -> Iterable[tuple[str, int | None]]:
    return zip(answer.keys, answer.devids, strict=True)
