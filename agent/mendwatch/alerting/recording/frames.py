"""The frames of a recording's file: compressed payloads, each with its length and checksum, so that half a frame is seen. Pure."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator

#: How every file begins; the number is the format's.
MAGIC = b"mendwatch readings 1\n"
#: Before every frame: the length of what is compressed, and its checksum.
HEAD = struct.Struct("<II")
#: The fastest: what is written is mostly zeros, and more work would save little.
_LEVEL = 1


def frame(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Compress a payload piece by piece; gives empty bytes while it works, which are chances to rest, and the frame at last."""
    packer, parts, check = zlib.compressobj(_LEVEL), [], 0
    for piece in pieces:
        packed = packer.compress(piece)
        check = zlib.crc32(packed, check)
        parts.append(packed)
        yield b""
    packed = packer.flush()
    body = b"".join([*parts, packed])
    yield HEAD.pack(len(body), zlib.crc32(packed, check)) + body


def payload(head: bytes, body: bytes) -> bytes | None:
    """Give the payload of a frame; None where it is not whole: the end of what a killed agent wrote."""
    if len(head) < HEAD.size:
        return None
    length, check = HEAD.unpack(head)
    if len(body) != length or zlib.crc32(body) != check:
        return None
    try:
        return zlib.decompress(body)
    except zlib.error:
        return None
