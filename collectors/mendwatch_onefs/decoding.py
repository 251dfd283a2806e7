"""From bytes to values, tolerantly: OneFS sends numbers as text, leaves fields out and adds new ones with each release.

A field that cannot be understood is unknown (None), never 0. An answer that is no JSON of the expected
outline is a BadAnswer. Struct fields of foreign data are `Any` on purpose and go through the functions here.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from mendwatch.errors import BadAnswer

T = TypeVar("T")
_DECIMAL = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*", re.ASCII)
#: 2001 to 2200: an epoch time outside is a broken clock or another unit.
EARLIEST, LATEST = 978_307_200, 7_258_118_400


def decode(body: bytes, outline: type[T], what: str) -> T:
    """Decode a JSON answer into a msgspec struct.

    Raises:
        BadAnswer: it is no JSON, or not of this outline; `what` names the request.
    """
    try:
        return msgspec.json.decode(body, type=outline, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
        return _decode_patiently(body, outline, f"{what}: {_fault(body, problem)}")


def _decode_patiently(body: bytes, outline: type[T], fault: str) -> T:
    """Decode what has half a surrogate pair somewhere, as names that are no Unicode do; the fast decoder refuses all of it."""
    try:
        parsed = json.loads(body.decode("utf-8", "surrogatepass"), object_pairs_hook=_object)
        return msgspec.convert(parsed, type=outline, strict=False)
    except (ValueError, RecursionError) as problem:
        raise BadAnswer(fault) from problem


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Give an object with keys that msgspec can compare."""
    return {name.encode("utf-8", "backslashreplace").decode(): value for name, value in pairs}


def _fault(body: bytes, problem: Exception) -> str:
    if not body.strip():
        return "the answer is empty"
    if is_html(body):
        return "the answer is an HTML page, not JSON"
    return f"the answer of {len(body)} bytes cannot be understood: {problem}"


def is_html(body: bytes) -> bool:
    """Tell whether a body is a web page, whatever its headers say."""
    return body.lstrip()[:1] == b"<"


def number(value: Any) -> float | None:  # noqa: ANN401 - foreign data
    """Give a finite number, also from decimal text; None for anything else. A boolean is no number."""
    if type(value) is float:  # the usual case, and the hot one
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def quantity(value: Any) -> float | None:  # noqa: ANN401 - foreign data
    """Give a number that counts something: not negative."""
    result = number(value)
    return result if result is not None and result >= 0 else None


def whole(value: Any) -> int | None:  # noqa: ANN401 - foreign data
    """Give a whole number that is not negative; None for anything else."""
    result = quantity(value)
    return int(result) if result is not None and result.is_integer() else None


def flag(value: Any) -> bool | None:  # noqa: ANN401 - foreign data
    """Give a truth: JSON's own, as text, or 0 and 1; None for anything else."""
    if isinstance(value, bool):
        return value
    words = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
    return words.get(str(value).strip().lower()) if isinstance(value, str | int | float) else None


def text(value: Any) -> str | None:  # noqa: ANN401 - foreign data
    """Give a text that can be a label: numbers as they are written, structures as JSON, None for nothing."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def name_of(value: Any) -> str | None:  # noqa: ANN401 - foreign data
    """Give a name or a whole number as a label; None for nothing and for structures, which name nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return None
    return str(value)


def moment(value: Any, otherwise: datetime) -> datetime:  # noqa: ANN401 - foreign data
    """Give an epoch time as UTC, or `otherwise` when it is missing or absurd."""
    seconds = number(value)
    if seconds is None or not EARLIEST <= seconds <= LATEST:
        return otherwise
    return datetime.fromtimestamp(seconds, UTC)
