"""The certificates of SyncIQ, its own and those of its peers: values with an end, that time makes expire."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from mendwatch.errors import UserError

_DAY = 86_400
#: OneFS calls a certificate expiring so long before its end.
_EXPIRING = 30 * _DAY


@dataclass(frozen=True, slots=True)
class SyncCertificate:
    """One certificate; `store` is server or peer, times are epoch seconds."""

    store: str
    name: str
    not_before: int
    not_after: int

    @property
    def id(self) -> str:
        """What identifies it: its SHA-256."""
        return hashlib.sha256(f"sync:{self.store}:{self.name}".encode()).hexdigest()

    def status(self, epoch: int) -> str:
        """Give OneFS' word for it at a moment."""
        if epoch >= self.not_after:
            return "expired"
        return "expiring" if epoch >= self.not_after - _EXPIRING else "valid"

    def as_json(self, epoch: int) -> dict[str, object]:
        """Give it as the lists show it."""
        body: dict[str, object] = {
            "description": "",
            "fingerprints": [{"type": "SHA256", "value": self.id}],
            "id": self.id,
            "issuer": "CN=Example CA, O=Example",
            "name": self.name,
            "not_after": self.not_after,
            "not_before": self.not_before,
            "status": self.status(epoch),
            "subject": f"CN={self.name}, O=Example",
        }
        return {**body, "dnsnames": [f"{self.name}.example.com"]} if self.store == "server" else body


class SyncCertificates:
    """Holds every certificate of SyncIQ."""

    def __init__(self, start: int) -> None:
        self._kept = [
            SyncCertificate("server", "replication", start - 60 * _DAY, start + 305 * _DAY),
            SyncCertificate("peer", "dr-cluster", start - 200 * _DAY, start + 530 * _DAY),
        ]

    def all(self, store: str) -> list[SyncCertificate]:
        """Give those of one store in the order of their ids."""
        return sorted((one for one in self._kept if one.store == store), key=lambda one: one.id)

    def end_at(self, name: str, epoch: int) -> SyncCertificate:
        """Let a certificate end at another time.

        Raises:
            UserError: there is no such certificate.
        """
        for place, one in enumerate(self._kept):
            if one.name == name:
                self._kept[place] = replace(one, not_after=epoch)
                return self._kept[place]
        raise UserError(f"SyncIQ has no certificate {name!r}", hint=f"It has: {', '.join(one.name for one in self._kept)}.")
