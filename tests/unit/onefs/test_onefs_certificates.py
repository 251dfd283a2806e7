"""When certificates end: those in the lists, and the one of the handshake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from simulated import Asked, series

from mendwatch.errors import Unsupported
from mendwatch.model.samples import Reading
from mendwatch_onefs.certificates import CertificatesCollector, reading_of
from mendwatch_onefs.decoding import decode
from mendwatch_onefs.stored_certificates import CertificatePage

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
DAY = 86_400


def _certificate(ends: datetime) -> bytes:
    """Make a certificate as a connection gives it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "c")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = builder.not_valid_before(NOW - timedelta(days=1)).not_valid_after(ends).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


def _listed(asked: Asked) -> Reading:
    stores = [("server", "4/certificate/server"), ("authority", "7/certificate/authority")]
    now = asked.cluster._clock.now()
    return reading_of([(store, asked.decoded(path, CertificatePage).certificates) for store, path in stores], None, now)


def test_a_certificate_that_the_cluster_keeps_tells_its_end_and_its_state() -> None:
    asked = Asked()
    now = asked.cluster._clock.now().timestamp()
    ends = asked.cluster.installed.end_at("default", int(now) + 10 * DAY)
    found = series(_listed(asked))
    labels = ("server", "default", ends.id[:12])
    assert found[("powerscale_certificate_expiry_timestamp_seconds", labels)] == ends.not_after
    assert found[("powerscale_certificate_remaining_seconds", labels)] == 10 * DAY
    assert found[("powerscale_certificate_valid", labels)] == 1
    assert ("powerscale_certificate_state", (*labels, "expiring")) in found
    assert {labels[0] for _, labels in found} == {"server", "authority"}


def test_an_expired_certificate_is_not_valid_and_has_less_than_nothing_left() -> None:
    asked = Asked()
    ends = asked.cluster.installed.end_at("default", int(asked.cluster._clock.now().timestamp()) - DAY)
    found = series(_listed(asked))
    labels = ("server", "default", ends.id[:12])
    assert found[("powerscale_certificate_valid", labels)] == 0
    assert found[("powerscale_certificate_remaining_seconds", labels)] == -DAY


def test_the_certificate_of_the_handshake_tells_its_own_end() -> None:
    ends = NOW + timedelta(days=30)
    found = series(reading_of((), _certificate(ends), NOW))
    assert found[("powerscale_api_certificate_expiry_timestamp_seconds", ())] == ends.timestamp()
    assert found[("powerscale_api_certificate_remaining_seconds", ())] == 30 * DAY
    assert found[("powerscale_api_certificate_start_timestamp_seconds", ())] == (NOW - timedelta(days=1)).timestamp()


@pytest.mark.parametrize("shown", [b"", b"\x30\x03\x02\x01\x01", b"no certificate"])
def test_a_handshake_that_shows_no_certificate_is_drift(shown: bytes) -> None:
    reading = reading_of((), shown, NOW)
    assert (series(reading), reading.drift) == ({}, {"TLS handshake: certificate": 1})


@pytest.mark.parametrize(
    "entry",
    [
        {"name": None, "id": None, "not_after": 1_800_000_000, "status": "valid"},
        "certificate",
        {"name": "a", "not_after": "soon", "status": "mouldy"},
    ],
)
def test_what_cannot_be_read_is_counted_and_leaves_the_reading_incomplete(entry: object) -> None:
    reading = reading_of([("server", [entry])], None, NOW)
    assert not [metric for metric, _ in series(reading) if metric != "powerscale_certificate_state"]
    assert reading.drift
    assert reading.complete == frozenset()


class Silent:
    """A session with a release that has no certificate lists; `shown` is what its connection shows."""

    def __init__(self, shown: bytes | None) -> None:
        self.shown = shown

    def pages(self, *_: object) -> Silent:
        return self

    def __aiter__(self) -> Silent:
        return self

    async def __anext__(self) -> object:
        raise Unsupported("no such resource")

    def peer_certificate(self) -> bytes | None:
        return self.shown


async def test_a_release_without_lists_still_tells_of_the_handshake() -> None:
    ends = NOW + timedelta(days=3)
    reading = await CertificatesCollector().collect(Silent(_certificate(ends)), NOW)  # type: ignore[arg-type]
    assert series(reading)[("powerscale_api_certificate_remaining_seconds", ())] == 3 * DAY
    assert reading.complete == frozenset()


async def test_a_release_without_lists_whose_connection_shows_nothing_is_unsupported() -> None:
    with pytest.raises(Unsupported):
        await CertificatesCollector().collect(Silent(None), NOW)  # type: ignore[arg-type]


def test_an_answer_of_the_simulator_is_complete() -> None:
    assert _listed(Asked()).complete == {"certificate"}
    assert decode(b'{"certificates": []}', CertificatePage, "test").certificates == []
