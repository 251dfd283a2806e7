"""The certificates that the cluster keeps, as OneFS lists them: values with an end, that time makes expire.

They are not those of the simulator's own TLS, which `certificates` makes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from mendwatch.errors import UserError

_DAY = 86_400
#: OneFS calls a certificate expiring so long before its end.
_EXPIRING = 30 * _DAY


@dataclass(frozen=True, slots=True)
class Installed:
    """One certificate; `store` is server or authority, times are epoch seconds."""

    store: str
    name: str
    not_before: int
    not_after: int

    @property
    def id(self) -> str:
        """What identifies it: its SHA-256."""
        return hashlib.sha256(f"{self.store}:{self.name}:{self.not_after}".encode()).hexdigest()

    def status(self, epoch: int) -> str:
        """Give OneFS' word for it at a moment."""
        if epoch >= self.not_after:
            return "expired"
        if epoch < self.not_before:
            return "invalid"
        return "expiring" if epoch >= self.not_after - _EXPIRING else "valid"

    def as_json(self, epoch: int) -> dict[str, object]:
        """Give it as the lists show it."""
        subject = f"CN={self.name}, O=Example"
        body: dict[str, object] = {
            "description": "",
            "fingerprints": [{"type": "SHA256", "value": self.id}],
            "id": self.id,
            "issuer": "CN=Example CA, O=Example",
            "name": self.name,
            "not_after": self.not_after,
            "not_before": self.not_before,
            "status": self.status(epoch),
            "subject": subject,
        }
        return {**body, "dnsnames": [f"{self.name}.example.com"]} if self.store == "server" else body


class InstalledCertificates:
    """Holds every certificate."""

    def __init__(self, start: int) -> None:
        self._kept = [
            Installed("server", "default", start - 90 * _DAY, start + 275 * _DAY),
            Installed("authority", "example-ca", start - 400 * _DAY, start + 3_250 * _DAY),
        ]
        #: The certificate that the web server shows; it is one of those that are kept.
        self.default = self._kept[0]
        self.monitored, self.warning_days = True, 30

    def all(self, store: str) -> list[Installed]:
        """Give those of one store."""
        return [one for one in self._kept if one.store == store]

    def end_at(self, name: str, epoch: int) -> Installed:
        """Let a certificate end at another time, as if it had always been so.

        Raises:
            UserError: there is no such certificate.
        """
        for place, one in enumerate(self._kept):
            if one.name == name:
                self._kept[place] = replace(one, not_after=epoch)
                if one == self.default:
                    self.default = self._kept[place]
                return self._kept[place]
        raise UserError(f"there is no certificate {name!r}", hint=f"There are: {', '.join(one.name for one in self._kept)}.")

    def remove(self, certificate: Installed) -> None:
        """Forget one."""
        self._kept.remove(certificate)

    def add(self, certificate: Installed) -> None:
        """Install one more."""
        self._kept.append(certificate)
