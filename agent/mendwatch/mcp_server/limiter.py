"""How often one token may call tools: a bucket per token, refilled steadily.

Only tool calls count. A listing, and whatever the library does behind a call, costs nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mendwatch.clock import Clock


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `burst` calls at once, then `per_second` on average."""

    burst: int = 30
    per_second: float = 5.0


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


class Limiter:
    """The buckets of all tokens; full ones are forgotten, so that their number is bounded by the calls of the last seconds."""

    def __init__(self, rate: Rate, clock: Clock) -> None:
        self._rate, self._clock = rate, clock
        self._buckets: dict[str, _Bucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def wait(self, who: str) -> int:
        """Count one call and give 0, or give the whole seconds after which there is room again; that call is not counted."""
        now = self._clock.monotonic()
        self._forget_full(now)
        bucket = self._buckets.setdefault(who, _Bucket(self._rate.burst, now))
        bucket.left, bucket.at = self._level(bucket, now), now
        if bucket.left >= 1:
            bucket.left -= 1
            return 0
        return max(1, math.ceil((1 - bucket.left) / self._rate.per_second))

    def _level(self, bucket: _Bucket, now: float) -> float:
        return min(self._rate.burst, bucket.left + (now - bucket.at) * self._rate.per_second)

    def _forget_full(self, now: float) -> None:
        for who in [who for who, bucket in self._buckets.items() if self._level(bucket, now) >= self._rate.burst]:
            del self._buckets[who]
