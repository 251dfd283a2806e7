"""One ICMP socket that a whole sweep shares, for one family. Linux only; it keeps no account of who was asked.

An unprivileged (datagram) socket is tried first: the kernel gives it its own replies alone. A raw one gets every echo reply
of the machine, so it has a filter on the type, and identifier and token are compared here.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from struct import Struct, pack
from typing import Protocol

from mendwatch_icmp import linux, packets
from mendwatch_icmp.linux import STAMPS
from mendwatch_icmp.losses import Loss, from_queue

#: Room for the replies of a sweep that nobody reads for a while, and for requests that wait for a neighbour's address.
BUFFER = 8 << 20
#: Replies that are read at once before the event loop has its turn.
BATCH = 2048
#: A reply with the longest IP header; the control messages of a stamp and of dropped packets, or of an error.
_PACKET, _CONTROL, _ERRORS = packets.SIZE + 60, 128, 512
_TIMESPEC = Struct("qq")
_COUNT = Struct("=I")

Address = tuple[str, int] | tuple[str, int, int, int]
#: Takes the address that answered, the sequence and the kernel's stamp in nanoseconds of the time of day (0: none).
OnReply = Callable[[str, int, int], None]
#: Takes the address that was asked, the sequence, and what is wrong.
OnError = Callable[[str, int, Loss], None]


class Wire(Protocol):
    """What a sweep needs of a socket."""

    #: How many packets this machine dropped because the buffer was full.
    dropped: int

    def request(self, sequence: int) -> bytes:
        """Make the packet of one round."""
        ...

    @property
    def send(self) -> Callable[[bytes, Address], object]:
        """Send a packet to an address; raises OSError."""
        ...

    def receive(self, on_reply: OnReply, on_error: OnError) -> None:
        """Take what has come, without waiting."""
        ...

    def fileno(self) -> int:
        """Give the descriptor to wait on."""
        ...

    def close(self) -> None:
        """Let go of the socket."""
        ...


class SocketWire:
    """A socket of the kernel. Implements Wire."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.type == socket.SOCK_RAW
        self._v6 = sock.family == socket.AF_INET6
        self._dialect = packets.V6 if self._v6 else packets.V4
        self._token = secrets.token_bytes(packets.TOKEN_BYTES)
        self._identifier = secrets.randbelow(1 << 16)
        self.dropped = 0
        _prepare(sock)
        if not self._raw:
            sock.bind(("", 0))
            self._identifier = sock.getsockname()[1]  # the kernel chose it and writes it into every request
        self.send = sock.sendto

    @property
    def kind(self) -> str:
        """`raw` or `datagram`."""
        return "raw" if self._raw else "datagram"

    def request(self, sequence: int) -> bytes:
        """Make the packet of one round."""
        checksum = self._raw and not self._v6
        return packets.request(self._dialect, self._identifier, sequence, self._token, checksum=checksum)

    def receive(self, on_reply: OnReply, on_error: OnError) -> None:
        """Take errors and then replies, at most a batch; the rest makes the descriptor ready again."""
        self._receive_errors(on_error)
        try:
            self._receive_replies(on_reply)
        except BlockingIOError:
            pass
        except OSError:  # somebody's error, told on our next call; its record is in the queue of errors
            self._receive_errors(on_error)

    def fileno(self) -> int:
        """Give the descriptor to wait on."""
        return self._sock.fileno()

    def close(self) -> None:
        """Let go of the socket."""
        self._sock.close()

    def _receive_replies(self, on_reply: OnReply) -> None:
        """Read until there is nothing, which raises BlockingIOError. What is looked up once is not looked up per packet."""
        recvmsg, answered, behind_ip = self._sock.recvmsg, packets.answered, self._raw and not self._v6
        dialect, identifier, token, v6 = self._dialect, self._identifier, self._token, self._v6
        for _ in range(BATCH):
            packet, control, _, source = recvmsg(_PACKET, _CONTROL)
            start = packets.past_ip(packet) if behind_ip else 0
            sequence = answered(packet, start, dialect, identifier, token)
            if sequence != packets.FOREIGN:
                on_reply(key(source) if v6 else source[0], sequence, self._stamp(control))

    def _receive_errors(self, on_error: OnError) -> None:
        with suppress(OSError):  # the usual one: there is none
            for _ in range(BATCH):
                packet, control, _, asked = self._sock.recvmsg(_PACKET, _ERRORS, socket.MSG_ERRQUEUE)
                sequence = packets.quoted(packet, self._dialect, self._identifier, self._token)
                if sequence != packets.FOREIGN and asked:
                    on_error(key(asked), sequence, _reason(control))

    def _stamp(self, control: list[tuple[int, int, bytes]]) -> int:
        stamp = 0
        for _, kind, data in control:
            if kind in STAMPS and len(data) >= _TIMESPEC.size:
                seconds, nanoseconds = _TIMESPEC.unpack_from(data)
                stamp = seconds * 1_000_000_000 + nanoseconds
            elif kind == linux.SO_RXQ_OVFL and len(data) >= _COUNT.size:
                self.dropped = max(self.dropped, _COUNT.unpack_from(data)[0])
        return stamp


def key(address: Address) -> str:
    """Name an address as replies from it are named: a link-local one with the number of its link."""
    return f"{address[0]}%{address[3]}" if len(address) == 4 and address[3] else address[0]  # noqa: PLR2004 - IPv6 has four parts


def open_wire(family: socket.AddressFamily) -> SocketWire:
    """Open an unprivileged socket, else a raw one.

    Raises:
        OSError: neither may be opened.
    """
    protocol = socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP
    try:
        return _wire(family, socket.SOCK_DGRAM, protocol)
    except OSError:
        return _wire(family, socket.SOCK_RAW, protocol)


def _wire(family: socket.AddressFamily, kind: socket.SocketKind, protocol: int) -> SocketWire:
    sock = socket.socket(family, kind, protocol)
    try:
        return SocketWire(sock)
    except BaseException:
        sock.close()
        raise


def _prepare(sock: socket.socket) -> None:
    sock.settimeout(0)
    _first_that_works(sock, BUFFER, linux.SO_RCVBUFFORCE, socket.SO_RCVBUF)
    _first_that_works(sock, BUFFER, linux.SO_SNDBUFFORCE, socket.SO_SNDBUF)
    _first_that_works(sock, 1, linux.SO_TIMESTAMPNS_NEW, linux.SO_TIMESTAMPNS_OLD)
    _first_that_works(sock, 1, linux.SO_RXQ_OVFL)
    v6, raw = sock.family == socket.AF_INET6, sock.type == socket.SOCK_RAW
    if v6:
        sock.setsockopt(socket.IPPROTO_IPV6, linux.IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, linux.IP_RECVERR, 1)
    if raw and v6:
        sock.setsockopt(socket.IPPROTO_ICMPV6, linux.ICMPV6_FILTER, _only_v6(packets.V6.reply))
    elif raw:
        sock.setsockopt(linux.SOL_RAW, linux.ICMP_FILTER, pack("=I", ~(1 << packets.V4.reply) & 0xFFFFFFFF))


def _only_v6(kind: int) -> bytes:
    words = [0xFFFFFFFF] * 8
    words[kind >> 5] &= ~(1 << (kind & 31))
    return pack("=8I", *words)


def _first_that_works(sock: socket.socket, value: int, *options: int) -> None:
    """Set what may be set: a smaller buffer or a missing stamp is told by what is measured then."""
    for option in options:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, option, value)
            return


def _reason(control: list[tuple[int, int, bytes]]) -> Loss:
    records = [data for level, kind, data in control if kind in _RECORDS.get(level, ())]
    return from_queue(records[0]) if records else Loss.OTHER


#: Where the kernel puts its record of an error, by level.
_RECORDS = {socket.IPPROTO_IP: (linux.IP_RECVERR,), socket.IPPROTO_IPV6: (linux.IPV6_RECVERR,)}


def told(problem: OSError) -> str:
    """Say in words why a socket could not be opened."""
    return os.strerror(problem.errno) if problem.errno else str(problem)
