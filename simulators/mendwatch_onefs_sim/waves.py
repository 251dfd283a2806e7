"""Values that live and yet are the same in every run: smooth waves whose phase comes from the seed and a name.

A wave can be integrated exactly, so a counter is a pure function of the elapsed time and always agrees with its rate.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass


def fraction(seed: int, *names: object) -> float:
    """Give a number from 0 to 1 that depends on the seed and the names only."""
    text = ":".join([str(seed), *map(str, names)])
    digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


@dataclass(frozen=True, slots=True)
class Wave:
    """A value that swings by `swing` (0 to 1) of `base` around it, once per `period` seconds."""

    base: float
    swing: float
    period: float
    phase: float

    def at(self, seconds: float) -> float:
        """Give the value at a moment."""
        return self.base * (1 + self.swing * math.sin(self._angle(seconds)))

    def total(self, seconds: float) -> float:
        """Give the integral from 0: what a counter of this rate has counted."""
        wave = math.cos(self.phase) - math.cos(self._angle(seconds))
        return self.base * (seconds + self.swing * self.period / math.tau * wave)

    def _angle(self, seconds: float) -> float:
        return math.tau * seconds / self.period + self.phase


def wave(seed: int, name: str, base: float, *, swing: float = 0.5, period: float = 120.0) -> Wave:
    """Make a wave whose period and phase differ by name, so that no two move together."""
    return Wave(base, swing, period * (0.75 + fraction(seed, name, "period") / 2), math.tau * fraction(seed, name, "phase"))
