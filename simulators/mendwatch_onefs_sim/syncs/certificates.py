"""The certificates of SyncIQ, its own and those of its peers: values with an end, that time makes expire."""

from __future__ import annotations

from dataclasses import replace

from mendwatch.errors import UserError
from mendwatch_onefs_sim.installed import Installed

_DAY = 86_400


class SyncCertificates:
    """Holds every certificate of SyncIQ."""

    def __init__(self, start: int) -> None:
        self._kept = [
            Installed("server", "replication", start - 60 * _DAY, start + 305 * _DAY),
            Installed("peer", "dr-cluster", start - 200 * _DAY, start + 530 * _DAY),
        ]

    def all(self, store: str) -> list[Installed]:
        """Give those of one store in the order of their ids."""
        return sorted((one for one in self._kept if one.store == store), key=lambda one: one.id)

    def end_at(self, name: str, epoch: int) -> Installed:
        """Let a certificate end at another time.

        Raises:
            UserError: there is no such certificate.
        """
        for place, one in enumerate(self._kept):
            if one.name == name:
                self._kept[place] = replace(one, not_after=epoch)
                return self._kept[place]
        raise UserError(f"SyncIQ has no certificate {name!r}", hint=f"It has: {', '.join(one.name for one in self._kept)}.")
