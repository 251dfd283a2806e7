"""The formats in their smallest pieces, which are the same in both: names, labels, help and numbers.

It knows no family and no target. Every function here must hold for any text that a device may send: a value that
breaks one line would break the whole page.
"""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable, Iterator, Sequence

import orjson

_METRIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_LABEL_NAME = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")


def is_metric_name(name: str) -> bool:
    """Tell whether a name may be a metric's; colons are left to recording rules."""
    return _METRIC_NAME.fullmatch(name) is not None


def is_label_name(name: str) -> bool:
    """Tell whether a name may be a label's; two leading underscores are Prometheus' own."""
    return _LABEL_NAME.fullmatch(name) is not None


def clean(text: str) -> str:
    r"""Give text that UTF-8 can carry: a lone surrogate is written out, as `\udc80`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def escape_label(value: str) -> str:
    """Write a label's value as it stands between double quotes."""
    return clean(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def escape_help(text: str) -> str:
    """Write a help text as it stands after `# HELP name`."""
    return clean(text).replace("\\", "\\\\").replace("\n", "\\n")


def labels(pairs: Iterable[tuple[str, str]]) -> str:
    """Write `name="value"` pairs with commas between; the caller adds the braces."""
    return ",".join(f'{name}="{escape_label(value)}"' for name, value in pairs)


def number(value: float) -> bytes:
    """Write one number so that reading it gives the very same one."""
    if math.isfinite(value):
        return repr(value).encode()
    if math.isnan(value):
        return b"NaN"
    return b"+Inf" if value > 0 else b"-Inf"


def numbers(values: Sequence[float]) -> list[bytes]:
    """Write many numbers at once; what is no number at all gives nothing.

    orjson is several times cheaper than repr, but writes NaN and the infinities as `null`; those are written by themselves.
    """
    if isinstance(values, array):
        values = values.tolist()
    elif not set(map(type, values)) <= {float}:
        return [*map(_foreign, values)]
    written = orjson.dumps(values)[1:-1].split(b",") if values else []
    for place in places(written, b"null"):
        written[place] = number(values[place])
    return written


def places(written: Sequence[bytes], what: bytes) -> Iterator[int]:
    """Find where an entry stands, one place after the other; each must be changed before the next is asked for, or stay."""
    at = -1
    for _ in range(written.count(what)):
        at = written.index(what, at + 1)
        yield at


def _foreign(value: object) -> bytes:
    try:
        return number(float(value)) if isinstance(value, int | float) else b""
    except OverflowError:
        return b""
