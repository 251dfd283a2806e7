"""One way to write a value down, so that the same value always gives the same bytes.

Hashes and the audit chain stand on this. It is strict where JSON libraries are lax (no NaN, no surprising types) and lax
where they are strict (any Unicode, lone surrogates too: file names of a cluster may hold them). It knows no database.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import PurePath
from typing import TypeAlias, cast

from mendwatch.errors import Refused

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"

#: What stands where a secret would have stood.
WITHHELD = "[withheld]"
_SECRET_NAME = re.compile(r"passw|secret|authorization|cookie|private_?key", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"mw_[0-9a-z]+_[A-Za-z0-9_-]{20,}")


def plain(value: object) -> Json:
    """Give the value as JSON's own types only, a copy that shares nothing with it.

    Raises:
        Refused: it holds a NaN, an infinity, a key that is no text, or a type that JSON has no word for.
    """
    try:
        return _plain(value)
    except RecursionError as problem:
        raise Refused("a value holds itself and cannot be written down", hint="Give plain data.") from problem


def canonical(value: object) -> bytes:
    """Give the bytes of a value: sorted keys, no white space, everything beyond ASCII escaped."""
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def digest(value: object) -> str:
    """Give the SHA-256 of a value's bytes, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def escaped(text: str) -> str:
    r"""Give text in ASCII with JSON's escapes: NUL, which PostgreSQL refuses, and lone surrogates, which SQLite refuses, pass."""
    return json.dumps(text)[1:-1]


def withheld(value: Json) -> Json:
    """Give the value without what looks like a secret: the net below those who must not put one there."""
    if isinstance(value, dict):
        return {key: WITHHELD if _SECRET_NAME.search(key) else withheld(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [withheld(inner) for inner in value]
    return _SECRET_VALUE.sub(WITHHELD, value) if isinstance(value, str) else value


def _plain(value: object) -> Json:
    if isinstance(value, Mapping):
        return {_key(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return _scalar(value.value if isinstance(value, Enum) else value)


def _key(key: object) -> str:
    if isinstance(key, str):
        return str(_plain(key))
    raise Refused(f"a key of type {type(key).__name__} cannot be written down", hint="Use text as keys.")


def _scalar(value: object) -> Json:
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused(f"{value} is no finite number and cannot be written down", hint="Leave out what was not measured.")
    if value is None or isinstance(value, bool | int | float | str):
        return cast("Json", value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, PurePath):
        return str(value)
    raise Refused(f"a value of type {type(value).__name__} cannot be written down", hint="Give text, numbers, lists and mappings.")
