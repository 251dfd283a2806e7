"""Numbers of Linux' socket interface that the Python of today lacks. It must not know what they are used for.

The values are those of asm-generic (x86, arm, riscv, power, s390). Where a machine has others, setting the option fails
or no stamp comes, and whoever reads stamps goes without.
"""

from __future__ import annotations

# include/uapi/asm-generic/socket.h
SO_SNDBUFFORCE = 32
SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS_OLD = 35
SO_RXQ_OVFL = 40
SO_TIMESTAMPNS_NEW = 64

# include/uapi/linux/in.h and in6.h
IP_RECVERR = 11
IPV6_RECVERR = 25

# include/linux/socket.h, include/uapi/linux/icmp.h and icmpv6.h
SOL_RAW = 255
ICMP_FILTER = 1
ICMPV6_FILTER = 1

#: Control messages that carry a `struct timespec` of 64-bit fields: when the kernel received the packet.
STAMPS = frozenset({SO_TIMESTAMPNS_OLD, SO_TIMESTAMPNS_NEW})
