"""Serves any application as a cluster would be served: HTTPS with an authority made for it, at one or many addresses.

It must not know what is served: a simulated cluster and a replayed one look alike from outside.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from mendwatch.clock import SystemClock
from mendwatch_onefs_sim.certificates import Certificates, make_certificates
from mendwatch_onefs_sim.listeners import HOST, Listeners


@dataclass(frozen=True, slots=True)
class Served:
    """Where an application is served, and what verifies it: an authority's file, or the certificate's SHA-256 in hex."""

    url: str
    ca_file: Path
    fingerprint: str


def certificates_in(folder: Path, addresses: Sequence[str] = (HOST,)) -> Certificates:
    """Make certificates below a folder, which is made too."""
    folder.mkdir(parents=True, exist_ok=True)
    return make_certificates(folder, SystemClock().now(), addresses)  # TLS asks the machine what day it is


def tls_of(certificates: Certificates) -> ssl.SSLContext:
    """Give the server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificates.certificate_file, certificates.key_file)
    return context


@asynccontextmanager
async def served(
    application: web.Application, folder: Path, addresses: Sequence[str] = (HOST,), port: int = 0
) -> AsyncIterator[Served]:
    """Serve an application over HTTPS for as long as the context lasts; port 0 takes a free one.

    Raises:
        OSError: the address or the port is taken.
    """
    certificates = certificates_in(folder, addresses)
    async with Listeners(application, tls_of(certificates), addresses, port) as listeners:
        yield Served(listeners.url, certificates.ca_file, certificates.fingerprint)
