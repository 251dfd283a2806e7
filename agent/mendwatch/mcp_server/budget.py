"""The hard limit of an answer's size: whatever is asked, a model's context is not flooded.

A client shows its model the structured answer or the text, not both, so each is held below the limit by itself. What is
left out is said (`truncated`), never silently dropped.
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

#: Characters of JSON: at three to four characters a token, at most some 5,000 tokens.
LIMIT = 16_000

S = TypeVar("S", bound=BaseModel)


def fit(shape: S, *fields: str) -> S:
    """Give the shape with items taken off the end of `fields`, the first field first, until it is small enough."""
    size = _size(shape)
    for field in fields:
        if size <= LIMIT:
            return shape
        shape = _shorten(shape, field)
        size = _size(shape)
    return shape


def cut(text: str) -> str:
    """Give text that is small enough."""
    return text if len(text) <= LIMIT else text[: LIMIT - 16].rstrip() + "\n… (truncated)"


def _shorten(shape: S, field: str) -> S:
    """Keep the most items with which the shape fits; none where even that is too much."""
    items = getattr(shape, field)
    low, high = 0, len(items)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _size(_keep(shape, field, middle)) <= LIMIT else (low, middle - 1)
    return _keep(shape, field, low)


def _keep(shape: S, field: str, count: int) -> S:
    items = getattr(shape, field)
    kept = dict(list(items.items())[:count]) if isinstance(items, dict) else items[:count]
    update: dict[str, object] = {field: kept, "truncated": True}
    if "shown" in type(shape).model_fields:
        update["shown"] = count
    return shape.model_copy(update=update)


def _size(shape: BaseModel) -> int:
    return len(shape.model_dump_json())
