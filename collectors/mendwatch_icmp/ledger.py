"""Who was asked and who answered in one sweep. Pure: it is told what was sent and what came, with stamps.

A reply counts once, from the address that was asked, within the timeout by the kernel's stamps: an event loop that is late
makes no loss. Times are in nanoseconds here and in seconds in a tally.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mendwatch_icmp.losses import Loss

#: Stands for the stamp of a request whose time cannot be known, because the clock was set meanwhile.
_UNTIMED = 0


class Tally:
    """What one address gave: requests sent, replies, round-trip times in seconds in the order of their arrival, and losses."""

    __slots__ = ("answered", "lost", "times", "wanted")

    def __init__(self) -> None:
        self.wanted = 0
        self.answered = 0
        self.times: list[float] = []
        self.lost: dict[Loss, int] = {}

    def lose(self, reason: Loss) -> None:
        """Count one loss."""
        self.lost[reason] = self.lost.get(reason, 0) + 1


class Ledger:
    """All addresses of one sweep. Every round of it has its own sequence."""

    def __init__(self, hosts: Iterable[str], timeout: float) -> None:
        self._tallies = {host: Tally() for host in hosts}
        self._timeout = int(timeout * 1e9)
        self._waiting: dict[int, dict[str, int]] = {}
        #: Packets that answered nothing we wait for: foreign, duplicate, or from somebody who was not asked.
        self.ignored = 0

    @property
    def tallies(self) -> Mapping[str, Tally]:
        """What each address gave."""
        return self._tallies

    @property
    def waiting(self) -> int:
        """How many requests have no answer yet."""
        return sum(map(len, self._waiting.values()))

    def round(self, sequence: int) -> dict[str, int]:
        """Begin a round; who sends puts the stamp of each request there by the address, and nothing else."""
        return self._waiting.setdefault(sequence, {})

    def answer(self, host: str, sequence: int, stamp: int) -> None:
        """Take a reply that the kernel stamped; `stamp` 0 is none."""
        waiting = self._waiting.get(sequence)
        sent = waiting.pop(host, None) if waiting else None
        if sent is None:
            self.ignored += 1
            return
        tally, took = self._tallies[host], stamp - sent
        tally.wanted += 1
        if sent == _UNTIMED or took <= 0:
            tally.answered += 1
        elif took <= self._timeout:
            tally.answered += 1
            tally.times.append(took / 1e9)
        else:
            tally.lose(Loss.TIMEOUT)

    def fail(self, host: str, sequence: int, reason: Loss) -> None:
        """Take an error that quotes a request."""
        if self._waiting.get(sequence, {}).pop(host, None) is None:
            self.ignored += 1
        else:
            self.refuse(host, reason)

    def refuse(self, host: str, reason: Loss) -> None:
        """Count a request that did not leave this machine or came back as an error."""
        tally = self._tallies[host]
        tally.wanted += reason is not Loss.NOT_SENT
        tally.lose(reason)

    def clock_was_set(self) -> None:
        """Take no times from the requests that are under way: their replies still count."""
        for waiting in self._waiting.values():
            waiting.update(dict.fromkeys(waiting, _UNTIMED))

    def close(self) -> None:
        """Count what is still open as lost."""
        for waiting in self._waiting.values():
            for host in waiting:
                self.refuse(host, Loss.TIMEOUT)
        self._waiting.clear()
