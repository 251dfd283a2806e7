"""Licences as they stand: what each may be used for, and the last day of those that end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from mendwatch_onefs_sim.answers import not_found

_LICENSED, _EVALUATION, _NONE = "Licensed", "Evaluation", "Unlicensed"
#: Days before its end from which the cluster warns.
WARNING_DAYS = 60


@dataclass(frozen=True, slots=True)
class Licence:
    """The licence of a feature; `kind` is what it is until its last day, None is no last day."""

    name: str
    kind: str = _LICENSED
    last_day: date | None = None

    def days_left(self, today: date) -> int | None:
        """Give the days until the last one; negative since it is over, None for a perpetual licence."""
        return None if self.last_day is None else (self.last_day - today).days

    def status(self, today: date) -> str:
        """Give the cluster's word for it."""
        left = self.days_left(today)
        if left is None or left >= 0:
            return self.kind
        return "Evaluation Expired" if self.kind == _EVALUATION else "Expired"


class Licences:
    """Holds the licence of every feature. `signed` is whether the licence file has a valid signature."""

    def __init__(self, today: date) -> None:
        self.signed = True
        self._licences: dict[str, Licence] = {}
        for one in (
            *(Licence(name) for name in ("ONEFS", "SMARTPOOLS", "SMARTQUOTAS", "SNAPSHOTIQ", "SYNCIQ")),
            Licence("SMARTDEDUPE", _EVALUATION, today + timedelta(days=75)),
            Licence("HDFS", _NONE),
        ):
            self._licences[one.name] = one

    def all(self) -> Iterable[Licence]:
        """Give every licence, by name."""
        return [self._licences[name] for name in sorted(self._licences)]

    def get(self, key: str) -> Licence:
        """Give one licence.

        Raises:
            PapiError: 404.
        """
        if key not in self._licences:
            raise not_found(f"License '{key}' was not found", "id")
        return self._licences[key]

    def put(self, licence: Licence) -> None:
        """Keep a licence in place of the one with its name."""
        self._licences[licence.name] = licence

    def end_on(self, name: str, last_day: date) -> None:
        """Let a licence have a last day, which may be over."""
        self.put(Licence(name, self._licences[name].kind, last_day))


def day_of(epoch: float) -> date:
    """Give the day of a moment in the cluster's time zone, which is UTC."""
    return datetime.fromtimestamp(epoch, UTC).date()
