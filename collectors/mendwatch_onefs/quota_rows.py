"""From pages of quotas to columns of numbers, page by page, so that ten thousand quotas never hold the loop.

A quota whose accounting is not ready reports numbers that mean nothing, so its usage is absent; so is a limit that is not
set. What is usual costs no call; only what is odd goes through the slow functions of `drift`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from mendwatch_onefs.decoding import flag, name_of, number
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.kept import ABSENT, Key
from mendwatch_onefs.quota_metrics import FIELDS, HARD

#: OneFS' words for what limits apply to, and the field of `usage` that has it.
_MEASURES = {"applogicalsize": "applogical", "fslogicalsize": "fslogical", "physicalsize": "physical"}
_WHERE = "quota/quotas: "
_INFINITE = float("inf")
#: No count of OneFS is larger; a larger whole number may not even fit a float.
_MOST = 2**64


class Persona(msgspec.Struct, gc=False):
    """Whose quota it is: `id` is such as UID:2001 and is always told, the name is not."""

    id: Any = None
    name: Any = None


class Usage(msgspec.Struct, frozen=True, gc=False):
    """What is used, and whether each number can be believed. `logical` is the only logical size of releases before 8.2."""

    applogical: Any = None
    fslogical: Any = None
    physical: Any = None
    logical: Any = None
    inodes: Any = None
    applogical_ready: Any = True
    fslogical_ready: Any = True
    physical_ready: Any = True
    logical_ready: Any = True
    inodes_ready: Any = True


class Thresholds(msgspec.Struct, frozen=True, gc=False):
    """Limits in bytes, and whether they were hit."""

    hard: Any = None
    soft: Any = None
    advisory: Any = None
    hard_exceeded: Any = None
    soft_exceeded: Any = None
    advisory_exceeded: Any = None
    soft_grace: Any = None
    soft_last_exceeded: Any = None


_NO_USAGE = Usage()
_NO_THRESHOLDS = Thresholds()


class Quota(msgspec.Struct, gc=False):
    """One quota, as much of it as is used. `thresholds_include_overhead` is how releases before 8.2 chose the measure."""

    id: Any = None
    path: Any = None
    type: Any = None
    persona: Persona | None = None
    ready: Any = None
    enforced: Any = None
    linked: Any = None
    include_snapshots: Any = None
    thresholds: Thresholds | None = None
    thresholds_on: Any = None
    thresholds_include_overhead: Any = None
    usage: Usage | None = None
    efficiency_ratio: Any = None
    reduction_ratio: Any = None


class QuotaPage(msgspec.Struct):
    """One page of the list."""

    quotas: list[Quota]
    resume: Any = None


def key_of(quota: Quota) -> Key | None:
    """Give path and type, or None for a quota that cannot be named."""
    path, kind = quota.path, quota.type
    return (path, kind) if path and kind and isinstance(path, str) and isinstance(kind, str) else None


def persona_key_of(quota: Quota) -> Key | None:
    """Give path, type and whose it is, or None for a quota that cannot be named."""
    key, persona = key_of(quota), quota.persona
    who = persona and (name_of(persona.id) or name_of(persona.name))
    return (*key, who) if key and who else None


class QuotaRows:
    """The numbers of all quotas of one poll, a column for each field of `quota_metrics`; pages are added as they come.

    A path can have two quotas of one type, with and without snapshots. The labels cannot tell them apart; the one that is
    enforced is shown, and of two such the one without snapshots. Two hard limits are as good as none: neither tells when writes
    stop, and a remediation could not know which one to change.
    """

    def __init__(self, name: Callable[[Quota], Key | None], now: float, drift: Drift) -> None:
        self.columns: list[list[float]] = [[] for _ in FIELDS]
        #: Whether every quota so far could be named, so that one that is not here is not there.
        self.whole = True
        self._name = name
        self._now = now
        self._drift = drift
        self._rows: dict[Key, Quota] = {}
        self._doubles: dict[Key, list[Quota]] = {}

    def add(self, page: Iterable[Quota]) -> None:
        """Take one page."""
        fresh = list(self._fresh(page))
        for column, values in zip(self.columns, numbers_of(fresh, self._now, self._drift), strict=True):
            column.extend(values)

    def settled(self) -> list[Key]:
        """Decide, after the last page, which of several quotas of one name is shown; give the names of the rows."""
        places = {key: row for row, key in enumerate(self._rows) if key in self._doubles} if self._doubles else {}
        for key, row in places.items():
            group = sorted((self._rows[key], *self._doubles[key]), key=_rank)
            shown = [values[0] for values in numbers_of(group[:1], self._now, Drift())]
            limits = [number(values) for values in numbers_of(group, self._now, Drift())[HARD]]
            if sum(limit is not None for limit in limits) > 1:
                shown[HARD] = ABSENT
            for column, value in zip(self.columns, shown, strict=True):
                column[row] = value
        return list(self._rows)

    def _fresh(self, page: Iterable[Quota]) -> Iterator[Quota]:
        rows, name = self._rows, self._name
        for quota in page:
            key = name(quota)
            if key is None:
                self._drift.odd(f"{_WHERE}path, type, persona")
                self.whole = False
            elif key not in rows:
                rows[key] = quota
                yield quota
            elif quota.id is None or quota.id != rows[key].id:  # else two pages have the same one: the list changed meanwhile
                self._doubles.setdefault(key, []).append(quota)


def _rank(quota: Quota) -> tuple[bool, bool]:
    return flag(quota.enforced) is not True, flag(quota.include_snapshots) is True


def numbers_of(quotas: Sequence[Quota], now: float, drift: Drift) -> list[list[float]]:
    """Give the numbers of some quotas, a list for each field of `quota_metrics`, absent where they are not known."""
    usages = [quota.usage or _NO_USAGE for quota in quotas]
    limits = [quota.thresholds or _NO_THRESHOLDS for quota in quotas]
    ready = [quota.ready is True or (quota.ready is not None and flag(quota.ready) is True) for quota in quotas]
    both = list(zip(usages, ready, strict=True))
    amounts = _Amounts(drift)
    return [
        amounts("usage", [_used(quota, usage) if fine else None for quota, (usage, fine) in zip(quotas, both, strict=True)]),
        amounts("usage.physical", [_told(usage, "physical") if fine else None for usage, fine in both]),
        amounts("usage.inodes", [_told(usage, "inodes") if fine else None for usage, fine in both]),
        amounts("efficiency_ratio", [quota.efficiency_ratio if fine else None for quota, fine in zip(quotas, ready, strict=True)]),
        amounts("reduction_ratio", [quota.reduction_ratio if fine else None for quota, fine in zip(quotas, ready, strict=True)]),
        amounts.limits("thresholds.hard", [limit.hard for limit in limits]),
        amounts.limits("thresholds.soft", [limit.soft for limit in limits]),
        amounts.limits("thresholds.advisory", [limit.advisory for limit in limits]),
        [_grace_left(limit, now, drift) if limit.soft_last_exceeded else ABSENT for limit in limits],
        amounts.flags("ready", [quota.ready for quota in quotas]),
        amounts.flags("enforced", [quota.enforced for quota in quotas]),
        amounts.flags("linked", [quota.linked for quota in quotas]),
        amounts.flags("thresholds.hard_exceeded", [limit.hard_exceeded for limit in limits]),
        amounts.flags("thresholds.soft_exceeded", [limit.soft_exceeded for limit in limits]),
        amounts.flags("thresholds.advisory_exceeded", [limit.advisory_exceeded for limit in limits]),
    ]


class _Amounts:
    """Columns of foreign values as numbers; odd ones are counted and absent."""

    def __init__(self, drift: Drift) -> None:
        self._drift = drift

    def __call__(self, field: str, values: Sequence[Any]) -> list[float]:
        """Give numbers that are not negative."""
        return [
            ABSENT
            if value is None
            else float(value)
            if type(value) is int and 0 <= value < _MOST
            else value
            if type(value) is float and 0 <= value < _INFINITE
            else self._odd(field, value)
            for value in values
        ]

    def limits(self, field: str, values: Sequence[Any]) -> list[float]:
        """Give limits; OneFS has no limit of 0: it means none."""
        return [
            ABSENT
            if value is None
            else float(value)
            if type(value) is int and 0 < value < _MOST
            else self._odd(field, value) or ABSENT
            for value in values
        ]

    def flags(self, field: str, values: Sequence[Any]) -> list[float]:
        """Give 1 and 0."""
        return [
            1.0 if value is True else 0.0 if value is False else ABSENT if value is None else self._odd_flag(field, value)
            for value in values
        ]

    def _odd(self, field: str, value: Any) -> float:  # noqa: ANN401 - foreign data
        found = self._drift.quantity(_WHERE + field, value)
        return ABSENT if found is None else found

    def _odd_flag(self, field: str, value: Any) -> float:  # noqa: ANN401 - foreign data
        found = self._drift.flag(_WHERE + field, value)
        return ABSENT if found is None else float(found)


def _used(quota: Quota, usage: Usage) -> object:
    """Give the bytes used in the measure that the limits apply to; None while that is unknown or not ready."""
    measure = quota.thresholds_on
    if measure == "fslogicalsize":  # what nearly every quota has
        return usage.fslogical if usage.fslogical_ready is True else _told(usage, "fslogical")
    if measure is not None:
        field = _MEASURES.get(measure) if isinstance(measure, str) else None
        return _told(usage, field) if field else None
    overhead = flag(quota.thresholds_include_overhead)
    return None if overhead is None else _told(usage, "physical" if overhead else "logical")


def _told(usage: Usage, field: str) -> object:
    """Give one number of the usage unless it is said to be unready."""
    ready = getattr(usage, f"{field}_ready")
    return getattr(usage, field) if ready is True or flag(ready) is True else None


def _grace_left(limit: Thresholds, now: float, drift: Drift) -> float:
    """Give the seconds until the soft limit is enforced; absent unless it is exceeded and both times are known."""
    if flag(limit.soft_exceeded) is not True:
        return ABSENT
    since, grace = drift.moment(f"{_WHERE}thresholds.soft_last_exceeded", limit.soft_last_exceeded), number(limit.soft_grace)
    return ABSENT if since is None or grace is None else max(0.0, since.timestamp() + grace - now)
