"""What a certificate is for: names and addresses by its alternative names alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from certificates import write_certificate
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from mendwatch_icmp.certificates import Certificate, read

NAMES = frozenset({"prod.example.com", "*.nodes.example.com", "*", "*.com", "a.*.example.com"})
CERTIFICATE = Certificate(0.0, NAMES, frozenset({"10.0.0.3", "2001:db8::1"}))


@pytest.mark.parametrize(
    "host", ["prod.example.com", "PROD.Example.com.", "node-1.nodes.example.com", "10.0.0.3", "2001:DB8:0::1", "2001:db8::1%eth0"]
)
def test_these_are_meant(host: str) -> None:
    assert CERTIFICATE.is_for(host)


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "x.prod.example.com",
        "nodes.example.com",
        "a.b.nodes.example.com",
        "10.0.0.4",
        "::1",
        "evil.com",
        "localhost",
        "",
    ],
)
def test_these_are_not(host: str) -> None:
    assert not CERTIFICATE.is_for(host)


def test_a_certificate_without_alternative_names_is_for_nobody() -> None:
    assert not Certificate(0.0, frozenset(), frozenset()).is_for("prod.example.com")


@pytest.fixture(scope="module")
def der(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder: Path = tmp_path_factory.mktemp("certificate")
    write_certificate(folder, "node")
    return x509.load_pem_x509_certificate((folder / "node.crt").read_bytes()).public_bytes(Encoding.DER)


def test_a_certificate_tells_its_end_and_its_names(der: bytes) -> None:
    found = read(der)
    assert found is not None
    assert (found.names, found.addresses) == ({"localhost"}, {"127.0.0.1"})
    assert found.not_after == x509.load_der_x509_certificate(der).not_valid_after_utc.timestamp()


@given(at=st.integers(0, 400), value=st.integers(0, 255), cut=st.integers(0, 500))
def test_no_damaged_certificate_raises_anything(der: bytes, at: int, value: int, cut: int) -> None:
    damaged = bytearray(der)
    damaged[at % len(damaged)] = value
    for data in (bytes(damaged), bytes(damaged[:cut])):
        found = read(data)
        assert found is None or isinstance(found.is_for("localhost"), bool)
