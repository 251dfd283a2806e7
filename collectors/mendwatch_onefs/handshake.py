"""Looks at one address without a login: does it answer, which certificate does it show, would we believe it.

For people who find out why a cluster is not trusted. Nothing is ever asked over a connection whose certificate was only looked at.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import ssl
from dataclasses import dataclass
from datetime import datetime

from aiohttp import Fingerprint
from cryptography import x509

from mendwatch.errors import Unreachable
from mendwatch_onefs.options import OneFSOptions
from mendwatch_onefs.trust import trust


@dataclass(frozen=True, slots=True)
class Shown:
    """The certificate that an address showed; `fault` says why we would not believe it, or is empty."""

    fingerprint: str
    subject: str
    issuer: str
    not_after: datetime
    version: str
    fault: str


async def addresses(host: str, port: int) -> tuple[str, ...]:
    """Give every IP address of a name, once each.

    Raises:
        Unreachable: the name does not resolve.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    except (OSError, UnicodeError) as problem:  # the latter: no name at all, such as `a..b`
        reason = getattr(problem, "strerror", None) or "it is no name"
        raise Unreachable(f"the name {host!r} does not resolve: {reason}", hint="Check the name and the DNS servers.") from problem
    return tuple(dict.fromkeys(entry[4][0] for entry in found if isinstance(entry[4][0], str)))


async def look(address: str, host: str, port: int, options: OneFSOptions) -> Shown:
    """Make one TLS handshake with an address as if it were `host`, and judge what it shows.

    Raises:
        Unreachable: no connection, no TLS, or a certificate that cannot be read.
    """
    der, version = await _shaken(address, host, port, options.timeout, _anything())
    digest = hashlib.sha256(der).hexdigest()
    try:
        certificate = x509.load_der_x509_certificate(der)
        subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
    except ValueError as problem:
        raise Unreachable(f"{address} port {port}: its certificate cannot be read, SHA-256 {digest}") from problem
    return Shown(
        fingerprint=digest,
        subject=subject,
        issuer=issuer,
        not_after=certificate.not_valid_after_utc,
        version=version,
        fault=await _fault(address, host, port, options, digest),
    )


async def _fault(address: str, host: str, port: int, options: OneFSOptions, digest: str) -> str:
    believed = trust(options)
    if isinstance(believed, Fingerprint):
        return "" if digest == options.fingerprint else f"its SHA-256 is {digest}, not the configured one"
    context = ssl.create_default_context() if believed is True else believed
    try:
        await _shaken(address, host, port, options.timeout, context)
    except Unreachable as problem:
        return str(problem)
    return ""


async def _shaken(address: str, host: str, port: int, timeout: float, context: ssl.SSLContext) -> tuple[bytes, str]:  # noqa: ASYNC109 - one handshake
    try:
        async with asyncio.timeout(timeout):
            _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=host)
    except ssl.SSLCertVerificationError as problem:
        raise Unreachable(problem.verify_message or str(problem)) from problem
    except TimeoutError as problem:
        raise Unreachable(f"{address} port {port}: no answer within {timeout:g} s") from problem
    except (OSError, UnicodeError) as problem:
        reason = getattr(problem, "strerror", None) or "the connection was closed in the middle of the TLS handshake"
        raise Unreachable(f"{address} port {port}: {reason}") from problem
    try:
        shown: ssl.SSLObject = writer.get_extra_info("ssl_object")
        return shown.getpeercert(binary_form=True) or b"", shown.version() or ""
    finally:
        writer.close()
        with contextlib.suppress(OSError, TimeoutError, ssl.SSLError):
            async with asyncio.timeout(1):
                await writer.wait_closed()


def _anything() -> ssl.SSLContext:
    """Give a context that shows whatever certificate there is; good for looking only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
