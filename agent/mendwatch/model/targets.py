"""A target: one cluster or device that is watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class Secret:
    """A value that never shows itself: not in repr, not in a log, not in JSON by accident."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Give the value; call it as late as possible and keep the result nowhere."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('…')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name and a password for one tier of access (read or write)."""

    username: str
    password: Secret


@dataclass(frozen=True, slots=True)
class Target:
    """One cluster or device, named in the configuration.

    `labels` are the operator's own and go on every sample of the target. `options` are the provider's:
    what its configuration model validated, as plain values. Credentials are not part of a target, so
    that it can be logged and shown.
    """

    id: str
    provider: str
    address: str
    labels: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def shown_address(self) -> str:
        """The address as it may be shown: without a user name and password that somebody wrote into it."""
        return without_login(self.address)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a target says it is; getting one also proves that its API is reachable."""

    name: str
    product: str
    version: str
    capabilities: frozenset[str] = frozenset()


def without_login(address: str) -> str:
    """Give an address without what stands before the last `@`, but its scheme: a password may hold any character."""
    login, found, rest = address.rpartition("@")
    scheme, separator, _ = login.partition("://") if found else ("", "", "")
    return f"{scheme}{separator}{rest}" if separator else rest
