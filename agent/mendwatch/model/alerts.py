"""An alert: a rule's state for one subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class AlertState(StrEnum):
    """Prometheus' states, resolving (kept firing for a while), and no_data, which is never the same as resolved."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RESOLVING = "resolving"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Record:
    """What one subject looked like at one moment: the typed values that conditions are evaluated over.

    `labels` include the target's label. A field that was not measured is absent from `values`. `time` is the age of the
    oldest value. `polled_at` is when the source was asked; `times` has the moment of each field that the source measured
    by itself, earlier than it was asked. `derived` are the values of windows, joins and peers, by their canonical text.
    """

    schema: str
    target: str
    labels: Mapping[str, str]
    values: Mapping[str, float]
    time: datetime
    polled_at: datetime | None = None
    times: Mapping[str, datetime] = field(default_factory=dict)
    derived: Mapping[str, float] = field(default_factory=dict)

    @property
    def asked(self) -> datetime:
        """When the source was asked for this record: it has nothing newer."""
        return self.polled_at or self.time

    def measured(self, names: Iterable[str]) -> datetime:
        """Give when the oldest of some fields was measured."""
        return min((self.times.get(name, self.asked) for name in names), default=self.asked)


@dataclass(frozen=True, slots=True)
class Alert:
    """The state of one rule for one subject, with the clocks that must survive a restart.

    `fingerprint` identifies (rule, key labels) for ever. `active_since` is when `when` first held without a break;
    `fired_at` when the state became firing; `cleared_since` when it stopped to hold while firing;
    `last_seen` the time of the last record. `annotations` are rendered, and their text is untrusted.
    `changes` are the newest moments at which it began or ceased to be raised, as many as flap detection needs; `flapping_since` is
    when it began to flap, None while it does not.
    """

    fingerprint: str
    rule: str
    target: str
    key: Mapping[str, str]
    labels: Mapping[str, str]
    state: AlertState
    last_seen: datetime
    annotations: Mapping[str, str]
    values: Mapping[str, float]
    active_since: datetime | None = None
    fired_at: datetime | None = None
    cleared_since: datetime | None = None
    resolved_at: datetime | None = None
    changes: tuple[datetime, ...] = ()
    flapping_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of an alert's state, with its reason in words."""

    before: AlertState
    alert: Alert
    at: datetime
    reason: str
