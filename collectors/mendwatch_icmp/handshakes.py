"""TLS handshakes: how long, who vouches, and the certificate even where nobody does.

A chain that cannot be verified is a finding: a second handshake without verification reads the certificate then. Nothing
is ever sent over such a connection.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, replace
from pathlib import Path

from mendwatch.clock import Clock
from mendwatch_icmp import certificates
from mendwatch_icmp.certificates import Certificate
from mendwatch_icmp.connections import Door, Failure, opened


@dataclass(frozen=True, slots=True)
class Contexts:
    """How to shake hands with and without asking who vouches. Names are compared by us, so that both findings are told."""

    verifying: ssl.SSLContext
    trusting: ssl.SSLContext


@dataclass(frozen=True, slots=True)
class Handshake:
    """How a handshake ended; None is what is not known."""

    seconds: float | None = None
    verified: bool | None = None
    certificate: Certificate | None = None
    named: bool | None = None
    failure: Failure | None = None


def contexts(ca_file: Path | None) -> Contexts:
    """Read the authorities.

    Raises:
        OSError: the file cannot be read, or holds no certificate (ssl.SSLError is an OSError).
    """
    verifying = ssl.create_default_context(cafile=ca_file)
    verifying.check_hostname = False
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE  # to read what a certificate says; nothing is sent over it
    return Contexts(verifying, trusting)


async def greet(door: Door, how: Contexts, patience: float, clock: Clock) -> Handshake:
    """Shake hands, if need be once more without verifying."""
    found = await _greet(door, how.verifying, patience, clock)
    if found.verified is not False:
        return found
    again = await _greet(door, how.trusting, patience, clock)
    return replace(again, verified=False)


async def _greet(door: Door, context: ssl.SSLContext, patience: float, clock: Clock) -> Handshake:
    sock, found = await opened(door, patience, clock)
    if sock is None:
        return Handshake(failure=found.failure)
    started = clock.monotonic()
    try:
        der = await _shake(sock, door, context, patience)
    except ssl.SSLCertVerificationError:
        return Handshake(verified=False)
    except TimeoutError:
        return Handshake(failure=Failure.TIMEOUT)
    except (OSError, ValueError):  # ssl.SSLError is one of them; ValueError for a name that no certificate can have
        return Handshake(failure=Failure.HANDSHAKE)
    finally:
        sock.close()
    taken, certificate = clock.monotonic() - started, certificates.read(der)
    named = None if certificate is None else certificate.is_for(door.endpoint.address)
    return Handshake(taken, verified=True, certificate=certificate, named=named)


async def _shake(sock: socket.socket, door: Door, context: ssl.SSLContext, patience: float) -> bytes:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(patience):
        transport, _ = await loop.create_connection(
            asyncio.Protocol,
            sock=sock,
            ssl=context,
            server_hostname=door.endpoint.address.partition("%")[0],
            ssl_handshake_timeout=patience,
        )
    try:
        return transport.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
    finally:
        transport.abort()
