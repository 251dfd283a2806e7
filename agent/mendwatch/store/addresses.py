"""What the URL of a PostgreSQL database may say beside its place: a socket's folder, and how far TLS is to be trusted.

The names are libpq's. Over a network the server must prove who it is unless somebody says otherwise in the URL.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from sqlalchemy import URL

from mendwatch.errors import StoreError

_MODES = ("disable", "require", "verify-ca", "verify-full")
_KNOWN = frozenset({"host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey"})


def arguments(location: URL) -> dict[str, Any]:
    """Give the driver's arguments for the options of a URL.

    Raises:
        StoreError: an option is unknown, or a certificate cannot be read.
    """
    query = {name: value if isinstance(value, str) else value[-1] for name, value in location.query.items()}
    unknown = sorted(query.keys() - _KNOWN)
    if unknown:
        raise StoreError(f"the `state` URL has an option {unknown[0]!r}", hint=f"Known are: {', '.join(sorted(_KNOWN))}.")
    host = query.get("host", location.host or "")
    found: dict[str, Any] = {"host": query["host"]} if "host" in query else {}
    if "port" in query:
        found["port"] = _port(query["port"])
    mode = query.get("sslmode", "disable" if near(host) else "verify-full")
    if mode not in _MODES:
        raise StoreError(f"the `state` URL has sslmode={mode!a}", hint=f"Known are: {', '.join(_MODES)}.")
    found["ssl"] = False if mode == "disable" else _context(mode, query)
    return found


def near(host: str) -> bool:
    """Whether what is said to a host stays on this machine: a socket, or the loopback."""
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _port(text: str) -> int:
    if not text.isdigit():
        raise StoreError("the `state` URL has a port that is no number", hint="Leave it out, or write port=5432.")
    return int(text)


def _context(mode: str, query: Mapping[str, str]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=query.get("sslrootcert"))
        if "sslcert" in query:
            context.load_cert_chain(query["sslcert"], query.get("sslkey"))
    except OSError as problem:  # ssl.SSLError is one
        hint = "Check `sslrootcert`, `sslcert` and `sslkey` in `state`."
        raise StoreError(f"a certificate for the state database cannot be read: {problem}", hint=hint) from problem
    context.check_hostname = mode == "verify-full"
    if mode == "require":
        context.verify_mode = ssl.CERT_NONE
    return context
