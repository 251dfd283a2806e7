"""Which silence or maintenance window covers an alert at a moment. Pure: what is kept and who made it is told from outside.

A silenced alert lives on as always; nobody is called, and nothing is mended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mendwatch.alerting import maintenance, matchers
from mendwatch.alerting.maintenance import Window
from mendwatch.alerting.matchers import Index, Matcher
from mendwatch.model.alerts import Alert
from mendwatch.model.silences import Silence

#: The label that carries the rule's name, as in Prometheus.
ALERT_NAME = "alertname"


@dataclass(frozen=True, slots=True)
class Mute:
    """One silence or window, ready to be asked. `words` say what it is to people."""

    name: str
    matchers: tuple[Matcher, ...]
    holds: Callable[[datetime], bool]
    words: str


class Silencing:
    """All silences and windows; never changed, only replaced."""

    def __init__(self, mutes: Iterable[Mute] = ()) -> None:
        self._mutes = tuple(mutes)
        self._at: datetime | None = None
        self._active: tuple[Mute, ...] = ()
        self._index: Index[Mute] = Index(())

    def find(self, alert: Alert, now: datetime) -> Mute | None:
        """Give the first that covers an alert now."""
        if not self._mutes or not self.active(now):
            return None
        return next(iter(self._index.find(labels_of(alert))), None)

    def active(self, now: datetime) -> tuple[Mute, ...]:
        """Give all that hold now."""
        if now != self._at:
            active = tuple(mute for mute in self._mutes if mute.holds(now))
            if active != self._active:
                self._active, self._index = active, Index((mute.matchers, mute) for mute in active)
            self._at = now
        return self._active


def labels_of(alert: Alert) -> Mapping[str, str]:
    """Give what matchers are held against: the alert's labels, and its rule's name as `alertname`."""
    return {**alert.labels, ALERT_NAME: alert.rule}


def silencing(silences: Iterable[Silence], windows: Iterable[Window]) -> Silencing:
    """Put silences and windows together.

    Raises:
        ContentError: a matcher cannot be read.
    """
    return Silencing([*map(_of_silence, silences), *map(_of_window, windows)])


def parsed(texts: Sequence[str]) -> tuple[Matcher, ...]:
    """Read matchers. Raises ContentError."""
    return tuple(matchers.parse(text) for text in texts)


def _of_silence(silence: Silence) -> Mute:
    def holds(now: datetime) -> bool:
        return silence.starts_at <= now < silence.ends_at

    return Mute(silence.id, parsed(silence.matchers), holds, f"silence {silence.id} by {silence.author}: {silence.comment}")


def _of_window(window: Window) -> Mute:
    by = f" by {window.author}" if window.author else ""
    words = f"maintenance {window.name}{by}: {window.comment}"
    return Mute(window.name, parsed(window.matchers), lambda now: maintenance.holds(window, now), words)
