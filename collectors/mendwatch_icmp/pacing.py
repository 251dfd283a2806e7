"""How many requests may leave now: a token bucket, pure. It keeps a sweep from being a flood."""

from __future__ import annotations

#: Most requests that leave at once, before replies are read.
LARGEST_BURST = 128
#: Seconds worth of the rate that may leave at once.
_WINDOW = 0.005
#: Seconds below which waiting may not move the clock at all, in floating point.
_SHORTEST = 0.0001


class Bucket:
    """Lets `rate` requests pass a second, and a small burst of them at once."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate, self._at = rate, now
        self.burst = max(1, min(LARGEST_BURST, int(rate * _WINDOW)))
        self._tokens = float(self.burst)

    def take(self, now: float, wanted: int) -> int:
        """Give how many of the wanted may leave now."""
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        allowed = min(wanted, int(self._tokens))
        self._tokens -= allowed
        return allowed

    def wait(self, wanted: int) -> float:
        """Give the seconds until half a burst may leave, or what is still wanted if that is less."""
        missing = min(wanted, max(1, self.burst // 2)) - self._tokens
        return max(_SHORTEST, missing / self._rate)
