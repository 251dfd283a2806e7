"""Small frozen dataclasses to JSON and back, exactly: also half a surrogate pair in a text that a device wrote.

Only for what stands seldom in a recording: alerts, events, the specs of collectors. Numbers stand in columns.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def dumped(value: object) -> bytes:
    """Give a value as compact JSON."""
    return json.dumps(value, default=_plain, separators=(",", ":")).encode()


def loaded(data: bytes) -> Any:  # noqa: ANN401 - JSON
    """Read JSON."""
    return json.loads(data)


def made(kind: type[T], plain: Any) -> T:  # noqa: ANN401 - JSON
    """Make a dataclass from what `dumped` wrote of one; a field that is not there has its default.

    Raises:
        TypeError, ValueError, KeyError: it is not of that kind.
    """
    hints = get_type_hints(kind)
    return kind(**{name: _thawed(hints[name], value) for name, value in plain.items() if name in hints})


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    message = f"{type(value).__name__} has no place in a recording"
    raise TypeError(message)


def _thawed(hint: Any, value: Any) -> Any:  # noqa: ANN401 - whatever the annotation says
    origin, inner = get_origin(hint), get_args(hint)
    if value is None or hint is Any:
        return value
    if origin in {Union, UnionType}:
        return _thawed(next(one for one in inner if one is not NoneType), value)
    if origin is tuple:
        return tuple(_thawed(inner[0], item) for item in value)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _thawed(inner[1], item) for key, item in value.items()}
    return _single(hint, value)


def _single(hint: Any, value: Any) -> Any:  # noqa: ANN401 - as above
    if hint is datetime:
        return datetime.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return made(hint, value) if is_dataclass(hint) and isinstance(hint, type) else value
