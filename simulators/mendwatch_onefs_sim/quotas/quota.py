"""One quota at one moment, and how much of it is used.

It must not know requests: usage is a pure function of time, so that a test can ask for any moment.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field, replace

#: Which count of bytes the thresholds of a quota are about.
FS_LOGICAL = "fslogicalsize"
APP_LOGICAL = "applogicalsize"
PHYSICAL = "physicalsize"

DIRECTORY = "directory"
TYPES = (DIRECTORY, "user", "group", "default-directory", "default-user", "default-group")


@dataclass(frozen=True, slots=True)
class Usage:
    """Used bytes over time: from `start` at second `since`, `rate` bytes per second, until second `until`."""

    start: float
    rate: float = 0.0
    since: float = 0.0
    until: float | None = None

    def at(self, now: float) -> int:
        """Give the used bytes at a moment (elapsed seconds of the simulator)."""
        end = now if self.until is None else min(now, self.until)
        return max(0, round(self.start + self.rate * max(0.0, end - self.since)))


@dataclass(frozen=True, slots=True)
class Limits:
    """The thresholds in bytes, None where there is none; `soft_grace` is in seconds."""

    hard: int | None = None
    soft: int | None = None
    advisory: int | None = None
    soft_grace: int | None = None


@dataclass(frozen=True, slots=True)
class Exceeded:
    """When each threshold was first found exceeded, in epoch seconds; None while it is not."""

    hard: int | None = None
    soft: int | None = None
    advisory: int | None = None


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota. `persona` is (type, name, id) for a user's or a group's; `usage` counts what the thresholds are about."""

    id: str
    path: str
    limits: Limits
    usage: Usage
    type: str = DIRECTORY
    thresholds_on: str = FS_LOGICAL
    enforced: bool = True
    container: bool = False
    include_snapshots: bool = False
    linked: bool = False
    ready: bool = True
    description: str = ""
    labels: str = ""
    persona: tuple[str, str, str] | None = None
    exceeded: Exceeded = field(default_factory=Exceeded)

    def settled(self, now: float, epoch: int) -> Quota:
        """Give the quota with its exceeded thresholds brought up to the moment."""
        used = self.usage.at(now)
        exceeded = Exceeded(
            _since(self.exceeded.hard, self.limits.hard, used, epoch),
            _since(self.exceeded.soft, self.limits.soft, used, epoch),
            _since(self.exceeded.advisory, self.limits.advisory, used, epoch),
        )
        return self if exceeded == self.exceeded else replace(self, exceeded=exceeded)

    @property
    def over(self) -> bool:
        """Whether any threshold is exceeded."""
        return self.exceeded != Exceeded()


def quota_id(number: int, seed: int) -> str:
    """Give an id as OneFS makes them: 32 characters that mean nothing, growing with the number."""
    digest = hashlib.blake2b(f"{seed}:{number}".encode(), digest_size=20).digest()
    return base64.urlsafe_b64encode(number.to_bytes(4, "big") + digest).decode()


def _since(before: int | None, limit: int | None, used: int, epoch: int) -> int | None:
    if limit is None or used < limit:
        return None
    return epoch if before is None else before
