"""Alerts and decisions as rows, written ready for the database: thousands of them come at once, and each costs microseconds.

What the column types do (`store.columns`), done by hand on the way in; on the way out they do it themselves.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring_ascii
from typing import Any

from sqlalchemy import RowMapping

from mendwatch.model.alerts import Alert, AlertState
from mendwatch.model.journal import Decision, DecisionKind
from mendwatch.store.columns import microseconds

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN_ALERT = ("fingerprint", "rule", "target", "key", "labels", "last_seen", "annotations")
_CLOCKS = ("active_since", "fired_at", "cleared_since", "resolved_at", "flapping_since")
_DECIDED = ("at", "rule", "fingerprint", "target", "word", "reason", "before", "key", "seq")
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


class Writer:
    """Writes the rows of one batch; the same mapping in an alert and in its decision is written out once."""

    def __init__(self) -> None:
        self._texts: dict[int, tuple[Mapping[str, Any], str]] = {}

    def alert(self, alert: Alert) -> dict[str, Any]:
        """Give the columns of an alert. Raises ValueError for a time without a zone."""
        return {
            "fingerprint": written(alert.fingerprint),
            "rule": written(alert.rule),
            "target": written(alert.target),
            "key": self._json(alert.key),
            "labels": self._json(alert.labels),
            "state": alert.state.value,
            "last_seen": microseconds(alert.last_seen),
            "annotations": self._json(alert.annotations),
            "values": self._json(alert.values),
            "active_since": _clock(alert.active_since),
            "fired_at": _clock(alert.fired_at),
            "cleared_since": _clock(alert.cleared_since),
            "resolved_at": _clock(alert.resolved_at),
            "changes": _moments(alert.changes),
            "flapping_since": _clock(alert.flapping_since),
        }

    def decision(self, decision: Decision) -> dict[str, Any]:
        """Give the columns of a decision. Raises ValueError for a time without a zone."""
        return {
            "at": microseconds(decision.at),
            "rule": written(decision.rule),
            "fingerprint": written(decision.fingerprint),
            "target": written(decision.target),
            "kind": decision.kind.value,
            "word": decision.word,
            "reason": written(decision.reason),
            "before": decision.before,
            "key": self._json(decision.key),
            "values": self._json(decision.values),
        }

    def _json(self, mapping: Mapping[str, Any]) -> str:
        found = self._texts.get(id(mapping))
        if found is None:  # kept with its text, so that nothing else can have its id meanwhile
            found = self._texts[id(mapping)] = (mapping, _object(mapping))
        return found[1]


def written(text: str) -> str:
    """Give text as AnyText writes it."""
    return encode_basestring_ascii(text)[1:-1]


def kept(alerts: Iterable[Alert]) -> dict[str, Alert]:
    """Give the last word on each fingerprint, by which an alert is kept."""
    return {alert.fingerprint: alert for alert in alerts}


def worth_keeping(alert: Alert) -> bool:
    """Tell whether an alert is more than nothing: it is active, or it ended so lately that it may be flapping."""
    return alert.state is not AlertState.INACTIVE or bool(alert.changes)


def alert_of(row: RowMapping) -> Alert:
    """Give the alert of a row."""
    return Alert(
        **{name: row[name] for name in (*_PLAIN_ALERT, *_CLOCKS)},
        state=AlertState(row["state"]),
        values=_numbers(row["values"]),
        changes=tuple(_EPOCH + timedelta(microseconds=count) for count in row["changes"] or ()),
    )


def decision_of(row: RowMapping) -> Decision:
    """Give the decision of a row."""
    return Decision(**{name: row[name] for name in _DECIDED}, kind=DecisionKind(row["kind"]), values=_numbers(row["values"]))


def _moments(moments: Iterable[datetime]) -> str | None:
    listed = ",".join([str(microseconds(moment)) for moment in moments])
    return f"[{listed}]" if listed else None


def _clock(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds(moment)


def _object(mapping: Mapping[str, Any]) -> str:
    """Write a mapping of texts or of numbers; a NaN or an infinity is written as its word, for JSON has no sign for it.

    By hand, because a JSON encoder takes longer to begin than to write so little.
    """
    return "{" + ",".join([f"{encode_basestring_ascii(name)}:{_scalar(value)}" for name, value in mapping.items()]) + "}"


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'"{value}"'
    return _encode(value)


def _numbers(values: Mapping[str, float | str]) -> dict[str, float]:
    return {name: float(value) for name, value in values.items()}
