"""Silences and maintenance windows: times in which alerts are seen and kept, and nobody is called and nothing is mended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Silence:
    """One silence. `matchers` are Alertmanager's, all of which must match an alert's labels (`alertname` is the rule's name).

    It holds from `starts_at` up to `ends_at`. One that is ended early keeps its row, with the earlier end.
    """

    id: str
    matchers: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    author: str
    comment: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewSilence:
    """What a silence is made of."""

    matchers: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    author: str
    comment: str
