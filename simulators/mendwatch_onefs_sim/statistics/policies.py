"""How often the cluster samples a key by itself, and for how long it keeps the samples, in memory and on disk."""

from __future__ import annotations

from dataclasses import dataclass

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Keeping:
    """One history of a key: a value every `interval` seconds, kept for `retention` seconds; on disk if `persistent`."""

    interval: int
    persistent: bool
    retention: int

    def as_json(self) -> dict[str, object]:
        """Give the entry in the answer to `statistics/keys`."""
        return {"interval": self.interval, "persistent": self.persistent, "retention": self.retention}


@dataclass(frozen=True, slots=True)
class Policy:
    """Every history of a key, the finest first, and for how many seconds a current value may be as old."""

    histories: tuple[Keeping, ...] = ()
    cache: int | None = None

    @property
    def interval(self) -> int:
        """Seconds between two samples; 0 samples when somebody asks."""
        return self.histories[0].interval if self.histories else 0


def _memory(interval: int, retention: int) -> Keeping:
    return Keeping(interval, persistent=False, retention=retention)


def _disk(interval: int, days: int) -> Keeping:
    return Keeping(interval, persistent=True, retention=days * _DAY)


ON_DEMAND = Policy()
EVERY_5 = Policy((_memory(5, 4_200), _disk(120, 14)), 7)
EVERY_10 = Policy((_memory(10, 360),), 10)
UPTIME = Policy((_memory(10, 100),), 10)
HEAT = Policy((_memory(10, 1_000),), 10)
EVERY_300 = Policy((_memory(300, 87_000), _disk(_DAY, 365)), 7)
PROTOCOL = Policy((_memory(5, 1_200), _disk(120, 14)), 5)
CLIENTS = Policy((_memory(5, 1_200), _disk(120, 2)), 5)
CLIENT_IO = Policy((_memory(5, 600),), 5)
SYSTEM_SPACE = Policy((_memory(5, 900),), 7)
CACHE_CLIENTS = Policy((_memory(10, 600), _disk(600, 7)), 5)
WORKERS = Policy((_memory(10, 3_600), _disk(60, 7)), 5)
