"""Ways through foreign JSON whose shape nobody promises: a part that is missing or of another kind is nothing.

It knows shapes only, and no field of OneFS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Object = Mapping[str, Any]


def at(value: Any, *names: str) -> Any:  # noqa: ANN401 - foreign data
    """Give what lies below these names, or None where one of them is missing or its parent is no object."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def objects(value: Any) -> list[Object]:  # noqa: ANN401 - foreign data
    """Give the objects of a list; other entries are left out, and what is no list has none."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
