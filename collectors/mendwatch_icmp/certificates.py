"""What a certificate says: until when it is valid, and for which names. Pure; no bytes make it raise."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import ExtensionOID


@dataclass(frozen=True, slots=True)
class Certificate:
    """The end of its validity in epoch seconds, and the names and addresses that it is for."""

    not_after: float
    names: frozenset[str]
    addresses: frozenset[str]

    def is_for(self, host: str) -> bool:
        """Tell whether it vouches for a name or an address, by its alternative names alone (RFC 9525)."""
        try:
            return str(ipaddress.ip_address(host.partition("%")[0])) in self.addresses
        except ValueError:
            return any(_matches(pattern, host.rstrip(".").lower()) for pattern in self.names)


def read(der: bytes) -> Certificate | None:
    """Read a certificate; None for what is none."""
    try:
        found = x509.load_der_x509_certificate(der)
        not_after = found.not_valid_after_utc.timestamp()
    except (x509.InvalidVersion, ValueError, TypeError, OverflowError):
        return None
    names, addresses = _alternatives(found)
    return Certificate(not_after, names, addresses)


def _alternatives(found: x509.Certificate) -> tuple[frozenset[str], frozenset[str]]:
    try:
        extension = found.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, x509.UnsupportedGeneralNameType, ValueError):
        return frozenset(), frozenset()
    if not isinstance(extension, x509.SubjectAlternativeName):
        return frozenset(), frozenset()
    names = frozenset(name.lower() for name in extension.get_values_for_type(x509.DNSName))
    return names, frozenset(map(str, extension.get_values_for_type(x509.IPAddress)))


def _matches(pattern: str, host: str) -> bool:
    """Compare, where `*` may stand for the whole first label and for nothing else."""
    if not pattern.startswith("*."):
        return pattern == host
    first, _, rest = host.partition(".")
    return bool(first) and "." in pattern[2:] and rest == pattern[2:]
