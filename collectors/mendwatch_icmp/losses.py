"""Why an echo request was not answered, in few words. Pure.

It must not know sockets: it reads the numbers of ICMP errors and of the operating system.
"""

from __future__ import annotations

from enum import StrEnum
from struct import Struct

#: struct sock_extended_err (include/uapi/linux/errqueue.h): errno, origin, type, code, pad, info, data.
_EXTENDED = Struct("=IBBBBII")
_FROM_ICMP, _FROM_ICMPV6 = 2, 3
_UNREACHABLE, _EXPIRED = 3, 11
_UNREACHABLE_V6, _EXPIRED_V6 = 1, 3
#: Codes of "administratively prohibited": RFC 1812 for IPv4, RFC 4443 for IPv6 (5 and 6 are policies too).
_PROHIBITED, _PROHIBITED_V6 = frozenset({9, 10, 13}), frozenset({1, 5, 6})


class Loss(StrEnum):
    """The reasons; the values are those of the label `reason`."""

    TIMEOUT = "timeout"  # nothing came back in time
    UNREACHABLE = "unreachable"  # a router or this machine says: no way there
    PROHIBITED = "prohibited"  # a firewall says so
    EXPIRED = "hop_limit"  # it went in circles, or too far
    UNSENDABLE = "unsendable"  # this machine has no route, or may not send there
    NOT_SENT = "not_sent"  # this machine had no room for it: no loss, because nothing was asked
    OTHER = "other"


def from_queue(extended: bytes) -> Loss:
    """Read the kernel's record of an error."""
    if len(extended) < _EXTENDED.size:
        return Loss.OTHER
    _, origin, kind, code, _, _, _ = _EXTENDED.unpack_from(extended)
    if origin == _FROM_ICMP:
        return _reason(kind == _UNREACHABLE, kind == _EXPIRED, code in _PROHIBITED)
    if origin == _FROM_ICMPV6:
        return _reason(kind == _UNREACHABLE_V6, kind == _EXPIRED_V6, code in _PROHIBITED_V6)
    return Loss.OTHER


def _reason(unreachable: bool, expired: bool, prohibited: bool) -> Loss:  # noqa: FBT001 - three facts in the order of the names
    if unreachable:
        return Loss.PROHIBITED if prohibited else Loss.UNREACHABLE
    return Loss.EXPIRED if expired else Loss.OTHER
