"""Echo requests and what comes back, as bytes. Pure: no socket, no time, and no bytes make it raise."""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct

#: Type, code, checksum, identifier, sequence (RFC 792 and RFC 4443).
_HEAD = Struct("!BBHHH")
_HEAD_BYTES = 8
#: Bytes of a whole request, as ping sends them.
SIZE = 64
#: Bytes at the start of the payload that tell our requests from those of others with the same identifier.
TOKEN_BYTES = 8
#: What is no answer to us.
FOREIGN = -1


@dataclass(frozen=True, slots=True)
class Dialect:
    """The numbers of one family's echo messages."""

    request: int
    reply: int


V4 = Dialect(request=8, reply=0)
V6 = Dialect(request=128, reply=129)


def request(dialect: Dialect, identifier: int, sequence: int, token: bytes, *, checksum: bool) -> bytes:
    """Make an echo request. The checksum is left to the kernel except on a raw IPv4 socket."""
    payload = token + bytes(SIZE - _HEAD_BYTES - len(token))
    packet = _HEAD.pack(dialect.request, 0, 0, identifier, sequence) + payload
    if not checksum:
        return packet
    return _HEAD.pack(dialect.request, 0, checksum_of(packet), identifier, sequence) + payload


def checksum_of(packet: bytes) -> int:
    """Give the Internet checksum (RFC 1071); that of a packet with a right checksum is 0."""
    even = packet + b"\0" * (len(packet) % 2)
    total: int = sum(Struct(f"!{len(even) // 2}H").unpack(even))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def past_ip(packet: bytes) -> int:
    """Give where the message begins in what a raw IPv4 socket gives: behind the IP header, however long it says it is."""
    return (packet[0] & 15) * 4 if packet else 0


def answered(packet: bytes, start: int, dialect: Dialect, identifier: int, token: bytes) -> int:
    """Give the sequence of the request that this message answers, or FOREIGN."""
    body = start + _HEAD_BYTES
    if len(packet) < body + TOKEN_BYTES:
        return FOREIGN
    kind, code, _, whose, sequence = _HEAD.unpack_from(packet, start)
    if kind != dialect.reply or code or whose != identifier or packet[body : body + TOKEN_BYTES] != token:
        return FOREIGN
    return int(sequence)


def quoted(packet: bytes, dialect: Dialect, identifier: int, token: bytes) -> int:
    """Give the sequence of our request that an error quotes, or FOREIGN. Routers may quote its eight bytes of header alone."""
    if len(packet) < _HEAD_BYTES:
        return FOREIGN
    kind, _, _, whose, sequence = _HEAD.unpack_from(packet)
    said = packet[_HEAD_BYTES : _HEAD_BYTES + TOKEN_BYTES]
    if kind != dialect.request or whose != identifier or not token.startswith(said):
        return FOREIGN
    return int(sequence)
