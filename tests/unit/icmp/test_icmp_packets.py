"""Packets as bytes: what we ask is well formed, and no bytes that come back make anything raise."""

from __future__ import annotations

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icmplib import ICMPv4Socket

from mendwatch_icmp import certificates, packets
from mendwatch_icmp.losses import Loss, from_queue

TOKEN = b"a token!"
WORD = st.integers(0, 0xFFFF)
DIALECT = st.sampled_from([packets.V4, packets.V6])


def _reply(dialect: packets.Dialect, identifier: int, sequence: int, token: bytes = TOKEN) -> bytes:
    return bytes([dialect.reply]) + packets.request(dialect, identifier, sequence, token, checksum=False)[1:]


@given(DIALECT, WORD, WORD)
def test_the_answer_to_a_request_gives_its_sequence(dialect: packets.Dialect, identifier: int, sequence: int) -> None:
    reply = _reply(dialect, identifier, sequence)
    assert packets.answered(reply, 0, dialect, identifier, TOKEN) == sequence
    header = bytes([0x45]) + bytes(19)
    assert packets.answered(header + reply, packets.past_ip(header + reply), dialect, identifier, TOKEN) == sequence


@given(WORD, WORD)
def test_what_answers_somebody_else_is_foreign(identifier: int, sequence: int) -> None:
    reply = _reply(packets.V4, identifier, sequence)
    assert packets.answered(reply, 0, packets.V4, identifier ^ 1, TOKEN) == packets.FOREIGN
    assert packets.answered(reply, 0, packets.V4, identifier, b"another!") == packets.FOREIGN
    assert packets.answered(reply, 0, packets.V6, identifier, TOKEN) == packets.FOREIGN
    request = packets.request(packets.V4, identifier, sequence, TOKEN, checksum=True)
    assert packets.answered(request, 0, packets.V4, identifier, TOKEN) == packets.FOREIGN


@given(WORD, WORD, st.binary(min_size=8, max_size=8))
def test_a_request_has_a_right_checksum_and_the_size_of_a_ping(identifier: int, sequence: int, token: bytes) -> None:
    packet = packets.request(packets.V4, identifier, sequence, token, checksum=True)
    assert len(packet) == packets.SIZE
    assert packets.checksum_of(packet) == 0


@given(st.binary(max_size=70).filter(lambda data: len(data) % 2 == 0))
def test_our_checksum_is_that_of_icmplib(data: bytes) -> None:
    assert packets.checksum_of(data) == ICMPv4Socket._checksum(None, data)


@given(st.binary(max_size=200), st.integers(0, 80), DIALECT, WORD)
def test_any_bytes_raise_nothing(data: bytes, start: int, dialect: packets.Dialect, identifier: int) -> None:
    for offset in (start, packets.past_ip(data)):
        assert -1 <= packets.answered(data, offset, dialect, identifier, TOKEN) <= 0xFFFF
    assert -1 <= packets.quoted(data, dialect, identifier, TOKEN) <= 0xFFFF
    assert from_queue(data) in Loss
    assert certificates.read(data) is None


@given(DIALECT, WORD, WORD, st.integers(8, 64))
def test_an_error_that_quotes_enough_of_a_request_tells_its_sequence(
    dialect: packets.Dialect, identifier: int, sequence: int, length: int
) -> None:
    quote = packets.request(dialect, identifier, sequence, TOKEN, checksum=True)[:length]
    assert packets.quoted(quote, dialect, identifier, TOKEN) == sequence
    assert packets.quoted(quote, dialect, identifier ^ 1, TOKEN) == packets.FOREIGN
    if length > 8:
        assert packets.quoted(quote, dialect, identifier, b"Another!") == packets.FOREIGN


@pytest.mark.parametrize(
    ("origin", "kind", "code", "reason"),
    [
        (2, 3, 1, Loss.UNREACHABLE),
        (2, 3, 13, Loss.PROHIBITED),
        (2, 11, 0, Loss.EXPIRED),
        (3, 1, 3, Loss.UNREACHABLE),
        (3, 1, 1, Loss.PROHIBITED),
        (3, 3, 0, Loss.EXPIRED),
        (2, 12, 0, Loss.OTHER),
        (1, 0, 0, Loss.OTHER),
    ],
)
def test_the_kernels_record_of_an_error_becomes_a_reason(origin: int, kind: int, code: int, reason: Loss) -> None:
    assert from_queue(pack("=IBBBBII", 113, origin, kind, code, 0, 0, 0)) is reason
