"""An alert: a rule's state for one subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlertState(StrEnum):
    """Prometheus' states, and no_data, which is never the same as resolved."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Record:
    """What one subject looked like at one moment: the typed values that conditions are evaluated over.

    `labels` include the target's label. A field that was not measured is absent from `values`.
    """

    schema: str
    target: str
    labels: Mapping[str, str]
    values: Mapping[str, float]
    time: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """The state of one rule for one subject, with the clocks that must survive a restart.

    `fingerprint` identifies (rule, key labels) for ever. `active_since` is when `when` first held without a break;
    `fired_at` when the state became firing; `cleared_since` when it stopped to hold while firing;
    `last_seen` the time of the last record. `annotations` are rendered, and their text is untrusted.
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


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of an alert's state, with its reason in words."""

    before: AlertState
    alert: Alert
    at: datetime
    reason: str
