"""Where the loop was while it did nothing else: its stack every millisecond, kept only where a step was long.

The samples cost time themselves, so figures that are quoted are measured without them.
"""

from __future__ import annotations

import signal
from collections import Counter
from types import FrameType

#: Seconds between two looks, and frames that are told of each.
PERIOD, DEPTH = 0.001, 5
_OURS = ("/mendwatch", "/bench/")


class Sampler:
    """Looks at the main thread's stack by a timer's signal; make it in the main thread."""

    def __init__(self, longer: float) -> None:
        """Keep what steps longer than so many seconds of CPU time did."""
        self._longer = longer
        self._seen: list[str] = []
        self._found: list[tuple[float, dict[str, int]]] = []

    def begin(self) -> None:
        """Look from now on."""
        self._seen, self._found = [], []
        signal.signal(signal.SIGALRM, self._look)
        signal.setitimer(signal.ITIMER_REAL, PERIOD, PERIOD)

    def end(self) -> list[tuple[float, dict[str, int]]]:
        """Look no more; give the long steps, the longest first: seconds, and how often each place was seen."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        return sorted(self._found, key=lambda one: -one[0])

    def step(self, seconds: float) -> None:
        """Say that a step is over, and how long it was."""
        if seconds > self._longer:
            self._found.append((seconds, dict(Counter(self._seen).most_common(5))))
        self._seen = []

    def _look(self, _: int, frame: FrameType | None) -> None:
        places: list[str] = []
        while frame is not None and len(places) < DEPTH:
            code = frame.f_code
            if any(part in code.co_filename for part in _OURS) or not places:
                places.append(f"{code.co_filename.rpartition('/')[2].removesuffix('.py')}.{code.co_name}:{frame.f_lineno}")
            frame = frame.f_back
        self._seen.append(" < ".join(places))
