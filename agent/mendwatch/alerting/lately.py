"""Alerts that ended so lately that their next beginning may be flapping. Memory only; bounded by each rule's window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mendwatch.model.alerts import Alert
from mendwatch.model.changing import changed


class Lately:
    """The changes of what ended, by rule and fingerprint."""

    def __init__(self) -> None:
        self._ended: dict[str, dict[str, Alert]] = {}

    def add(self, alert: Alert) -> None:
        """Remember an alert that ended, if it has changes."""
        if alert.changes:
            self._ended.setdefault(alert.rule, {})[alert.fingerprint] = alert

    def changes(self, rule: str, fingerprint: str) -> tuple[datetime, ...]:
        """Give when an alert that ended lately began and ceased to be raised."""
        found = self._ended.get(rule, {}).get(fingerprint)
        return () if found is None else found.changes

    def drop(self, rule: str, fingerprint: str) -> None:
        """Forget an alert: it is active again."""
        self._ended.get(rule, {}).pop(fingerprint, None)

    def passed(self, rule: str, window: timedelta, now: datetime) -> Iterator[Alert]:
        """Take out those of a rule whose last change is a window ago, without their changes: they need not be kept any more.

        They stand in the order in which they ended, which is nearly that of their last changes.
        """
        ended = self._ended.get(rule, {})
        while ended:
            mark, alert = next(iter(ended.items()))
            if now - alert.changes[-1] < window:
                return
            del ended[mark]
            yield changed(alert, changes=())

    def all(self) -> tuple[Alert, ...]:
        """Give all that is remembered."""
        return tuple(alert for found in self._ended.values() for alert in found.values())
