"""Authentication providers as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

#: OneFS' daemons by the type of provider that they serve.
_DAEMONS: Mapping[str, str] = MappingProxyType(
    {"ads": "activedirectory", "ldap": "ldap", "nis": "nis", "krb5": "krb5", "file": "file", "local": "local"}
)


@dataclass(frozen=True, slots=True)
class AuthProvider:
    """One provider; `servers` are those that it is connected to while it serves, None for types that have none."""

    name: str
    type: str
    status: str = "online"
    zone: str = "System"
    servers: tuple[str, ...] | None = None

    @property
    def id(self) -> str:
        """What the cluster names it by."""
        return f"lsa-{_DAEMONS[self.type]}-provider:{self.name}"


class AuthProviders:
    """Holds every provider."""

    def __init__(self) -> None:
        self._providers = {
            one.id: one
            for one in (
                AuthProvider("EXAMPLE.COM", "ads", servers=("dc1.example.com", "dc2.example.com")),
                AuthProvider("ldap-corp", "ldap", servers=("ldap1.example.com",)),
                AuthProvider("System", "file", "active"),
                AuthProvider("System", "local", "active"),
            )
        }

    def all(self) -> list[AuthProvider]:
        """Give every provider, by id."""
        return [self._providers[key] for key in sorted(self._providers)]

    def set(self, name: str, status: str) -> None:
        """Let the providers of a name be in another state."""
        self._providers = {key: replace(one, status=status) if one.name == name else one for key, one in self._providers.items()}
