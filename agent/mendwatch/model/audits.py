"""An audit row: who did what to which thing, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One row of the chain. `mac` is HMAC-SHA256(key, previous mac, seq, canonical record) in hex."""

    seq: int
    at: datetime
    actor: str
    what: str
    subject: str
    detail: Mapping[str, object]
    mac: str


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What verifying the chain found: how many rows, the head, and the first fault in words (None: whole)."""

    rows: int
    head_seq: int
    head_mac: str
    fault: str | None
