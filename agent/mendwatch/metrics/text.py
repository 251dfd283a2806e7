"""The text format 0.0.4 in its smallest pieces: names, labels, help and numbers.

It knows no family and no target. Every function here must hold for any text that a device may send: a value that
breaks one line would break the whole page.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

import orjson

#: What the page is served as.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

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
    """Write many numbers at once.

    orjson is several times cheaper than repr, but writes NaN and the infinities as `null`; where one of them
    is among the values, each is written by itself.
    """
    if not values:
        return []
    dumped = orjson.dumps(values)
    if b"null" in dumped:
        return [number(value) for value in values]
    return dumped[1:-1].split(b",")
