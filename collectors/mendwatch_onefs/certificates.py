"""When certificates end: those that the cluster keeps, and the one that it shows to who connects.

The list says what is installed, the handshake what is in use, and a renewal that was imported and never made the default shows
only there. From certificate/server, certificate/authority and the TLS session.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from cryptography import x509

from mendwatch.errors import Unsupported
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.series import Finding, all_found, samples
from mendwatch_onefs.session import OneFSSession
from mendwatch_onefs.stored_certificates import entries, stored

#: Lists of certificates: what is in it, the lowest version that there is, and the resource.
STORES = (("server", 4, "certificate/server"), ("authority", 7, "certificate/authority"))
STORED = stored("certificate", "certificate/server, certificate/authority")


def _shown(name: str, words: str, field: str) -> MetricSpec:
    return MetricSpec(f"powerscale_api_certificate_{name}", f"{words} (TLS handshake: {field}).", unit="seconds")


API_EXPIRY = _shown("expiry_timestamp_seconds", "When the certificate ends that the API shows", "notAfter")
API_START = _shown("start_timestamp_seconds", "When the certificate begins that the API shows", "notBefore")
API_REMAINING = _shown("remaining_seconds", "Seconds until it ends; negative if it has ended", "notAfter")
METRICS = (*STORED.metrics, API_EXPIRY, API_START, API_REMAINING)

SCHEMAS = (
    STORED.schema("One certificate that the cluster keeps, of a server or of an authority."),
    RecordSchema(
        "api_certificate",
        (),
        {"expiry_timestamp_seconds": API_EXPIRY.name, "remaining_seconds": API_REMAINING.name},
        help="The certificate that the API shows to who connects.",
    ),
)


class CertificatesCollector:
    """Reads both lists, and the certificate of the connection."""

    spec = CollectorSpec(
        "certificates",
        interval=3600.0,
        timeout=60.0,
        metrics=METRICS,
        schemas=SCHEMAS,
        privileges=("ISI_PRIV_CERTIFICATE",),
    )

    async def collect(self, session: OneFSSession, now: datetime) -> Reading:
        """Fetch both lists, and look at the connection that they came over; a release that lacks a list gives the other."""
        stores = [(store, await entries(session, version, path)) for store, version, path in STORES]
        known = [(store, found) for store, found in stores if found is not None]
        shown = session.peer_certificate()
        if not known and shown is None:
            raise Unsupported("this release has no list of certificates, and the connection shows none")
        return reading_of(known, shown, now, whole=len(known) == len(stores))


def reading_of(stores: Sequence[tuple[str, Sequence[Any]]], shown: bytes | None, now: datetime, *, whole: bool = True) -> Reading:
    """Turn the lists and the certificate of the handshake (DER) into samples; `whole` is whether these are all lists."""
    drift = Drift()
    found = (STORED.findings(f"certificate/{store}", store, one, now, drift) for store, listed in stores for one in listed)
    kept = tuple(chain.from_iterable(found))
    findings = (*kept, *_of_handshake(shown, now, drift))
    complete = all_found(SCHEMAS[:1], kept) if whole and not drift.counts else frozenset[str]()
    return Reading(samples(findings, now, "certificate", drift), complete=complete, drift=drift.counts)


def _of_handshake(shown: bytes | None, now: datetime, drift: Drift) -> Iterator[Finding]:
    if shown is None:
        return
    try:
        certificate = x509.load_der_x509_certificate(shown)
        starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except ValueError:
        drift.odd("TLS handshake: certificate")
        return
    yield API_EXPIRY, (), ends.timestamp()
    yield API_START, (), starts.timestamp()
    yield API_REMAINING, (), (ends - now).total_seconds()
