"""An alert that another program judged and sent: Alertmanager, Grafana, or what speaks like them. Its texts are untrusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Received:
    """The newest word on one alert (`mark`) that began at one moment (`starts_at`).

    `mark` is the same for the same alert, whichever peer sends it and how often; `fingerprint` is the sender's own name for it,
    empty where it has none. Labels are as they were sent, for a changed path is another path; annotations are made readable.
    `ends_at` of a resolved alert is when it is over, which may be still to come; of a firing one it is how long the sender vouches
    for it, None where it does not say. `received_at` is when the newest word came, by our own clock.
    """

    mark: str
    source: str
    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None
    resolved: bool
    received_at: datetime

    def over(self, now: datetime) -> bool:
        """Tell whether the sender said that it is over by now; silence says no such thing."""
        return self.resolved and (self.ends_at is None or self.ends_at <= now)

    def vouched(self, now: datetime) -> datetime:
        """Give the last moment up to which the sender's word stands, never later than now."""
        return self.received_at if self.ends_at is None else max(self.received_at, min(now, self.ends_at))
