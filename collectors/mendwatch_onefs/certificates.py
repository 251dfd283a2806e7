"""When certificates end: those that the cluster keeps, and the one that it shows to who connects.

The list says what is installed, the handshake what is in use, and a renewal that was imported and never made the default shows
only there. From certificate/server, certificate/authority and the TLS session.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec
from cryptography import x509

from mendwatch.errors import Unsupported
from mendwatch.model.samples import MetricSpec, Reading, RecordSchema
from mendwatch.provider import CollectorSpec
from mendwatch_onefs.decoding import name_of
from mendwatch_onefs.drift import Drift
from mendwatch_onefs.nested import at
from mendwatch_onefs.series import Finding, samples
from mendwatch_onefs.session import OneFSSession

#: Lists of certificates: what is in it, the lowest version that there is, and the resource.
STORES = (("server", 4, "certificate/server"), ("authority", 7, "certificate/authority"))
_STATES = frozenset({"valid", "invalid", "expired", "expiring"})
#: Characters of an identifier that make a short name.
_SHORT = 12

LABELS = ("store", "name", "id")


def _stored(name: str, words: str, field: str, unit: str = "", labels: tuple[str, ...] = ()) -> MetricSpec:
    help_text = f"{words} (certificate/server, certificate/authority: {field})."
    return MetricSpec(f"powerscale_certificate_{name}", help_text, unit=unit, labels=(*LABELS, *labels))


def _shown(name: str, words: str, field: str) -> MetricSpec:
    return MetricSpec(f"powerscale_api_certificate_{name}", f"{words} (TLS handshake: {field}).", unit="seconds")


EXPIRY = _stored("expiry_timestamp_seconds", "When a certificate ends", "not_after", "seconds")
REMAINING = _stored("remaining_seconds", "Seconds until a certificate ends; negative if it has ended", "not_after", "seconds")
VALID = _stored("valid", "Whether OneFS calls a certificate valid or expiring", "status")
STATE = _stored("state", "Always 1; what OneFS calls a certificate", "status", labels=("state",))
API_EXPIRY = _shown("expiry_timestamp_seconds", "When the certificate ends that the API shows", "notAfter")
API_START = _shown("start_timestamp_seconds", "When the certificate begins that the API shows", "notBefore")
API_REMAINING = _shown("remaining_seconds", "Seconds until it ends; negative if it has ended", "notAfter")
METRICS = (EXPIRY, REMAINING, VALID, STATE, API_EXPIRY, API_START, API_REMAINING)

SCHEMAS = (
    RecordSchema(
        "certificate",
        LABELS,
        {"expiry_timestamp_seconds": EXPIRY.name, "remaining_seconds": REMAINING.name, "valid": VALID.name},
        help="One certificate that the cluster keeps, of a server or of an authority.",
    ),
    RecordSchema(
        "api_certificate",
        (),
        {"expiry_timestamp_seconds": API_EXPIRY.name, "remaining_seconds": API_REMAINING.name},
        help="The certificate that the API shows to who connects.",
    ),
)


class CertificatePage(msgspec.Struct):
    """One page of a list of certificates."""

    certificates: list[Any]
    resume: Any = None


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
        stores = [(store, await _entries(session, version, path)) for store, version, path in STORES]
        known = [(store, entries) for store, entries in stores if entries is not None]
        shown = session.peer_certificate()
        if not known and shown is None:
            raise Unsupported("this release has no list of certificates, and the connection shows none")
        return reading_of(known, shown, now, whole=len(known) == len(stores))


async def _entries(session: OneFSSession, version: int, resource: str) -> list[Any] | None:
    """Give a whole list, or None where this release has no such list."""
    try:
        return [entry async for page in session.pages(version, resource, CertificatePage, {}) for entry in page.certificates]
    except Unsupported:
        return None


def reading_of(stores: Sequence[tuple[str, Sequence[Any]]], shown: bytes | None, now: datetime, *, whole: bool = True) -> Reading:
    """Turn the lists and the certificate of the handshake (DER) into samples; `whole` is whether these are all lists."""
    drift = Drift()
    kept = [finding for store, entries in stores for entry in entries for finding in _kept(store, entry, now, drift)]
    findings = (*kept, *_of_handshake(shown, now, drift))
    complete = frozenset({SCHEMAS[0].name} if whole and not drift.counts else ())
    return Reading(samples(findings, now, "certificate", drift), complete=complete, drift=drift.counts)


def _kept(store: str, entry: Any, now: datetime, drift: Drift) -> Iterator[Finding]:  # noqa: ANN401 - foreign data
    name, identifier = name_of(at(entry, "name")) or "", name_of(at(entry, "id"))
    if not identifier or (not name and at(entry, "name") != ""):
        drift.odd(f"certificate/{store}: name, id")
        return
    labels = (store, name, identifier[:_SHORT])
    ends = drift.moment(f"certificate/{store}: not_after", at(entry, "not_after"))
    state = drift.word(f"certificate/{store}: status", at(entry, "status"), _STATES)
    yield EXPIRY, labels, ends.timestamp() if ends else None
    yield REMAINING, labels, (ends - now).total_seconds() if ends else None
    yield VALID, labels, float(state in {"valid", "expiring"}) if state in _STATES else None
    if state:
        yield STATE, (*labels, state), 1.0


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
